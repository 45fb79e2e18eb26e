//! Draws the screen, at any size.

use ratatui::{
    Frame,
    layout::{Alignment, Constraint, Layout, Margin, Rect},
    style::{Color, Modifier, Style},
    symbols::border,
    text::{Line, Span},
    widgets::{Block, Borders, Cell, Clear, Paragraph, Row as Drawn},
};
use teeleak_analysis::text::{age, count, number};

use super::{
    facts::ScreenFacts,
    keys::HELP,
    table::{self, PanelColumn, PanelTable},
    view::{Panel, View},
};
use crate::render::text::{Tone, columns};

/// Smallest sizes for the middle layout, and for the one with all panels.
const MIDDLE: (u16, u16) = (60, 20);
const LARGE: (u16, u16) = (120, 36);

/// Columns between two cells.
const GAP: usize = 2;

const ASCII: border::Set<'_> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Draws the whole screen.
pub(super) fn draw(frame: &mut Frame<'_>, facts: &ScreenFacts, view: &mut View) {
    let area = frame.area();
    let parts = [Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)];
    let [head, body, foot] = Layout::vertical(parts).areas(area);
    header(frame, head, facts);
    match (area.width, area.height) {
        (w, h) if w >= LARGE.0 && h >= LARGE.1 => large(frame, body, facts, view),
        (w, h) if w >= MIDDLE.0 && h >= MIDDLE.1 => middle(frame, body, facts, view),
        _ => small(frame, body, facts, view),
    }
    footer(frame, foot, view);
    if view.help {
        help(frame, body, view);
    }
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Head => Style::new().add_modifier(Modifier::BOLD),
        Tone::Bad => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        Tone::Warn => Style::new().fg(Color::Yellow),
        Tone::Good => Style::new().fg(Color::Green),
        Tone::Dim => Style::new().add_modifier(Modifier::DIM),
    }
}

/// Draws the status line, most important first: its end is cut if there is no room.
fn header(frame: &mut Frame<'_>, area: Rect, facts: &ScreenFacts) {
    let alarms = match facts.alarms {
        0 => Span::styled("no alarm", style(Tone::Good)),
        n => Span::styled(count(n, "alarm"), style(Tone::Bad)),
    };
    let census = match facts.census_age() {
        Some(ago) => format!("snapshot {}, {} ago", facts.censuses, age(ago)),
        None => "no snapshot yet".to_owned(),
    };
    let mut spans = vec![Span::styled("teeleak ", style(Tone::Head)), alarms];
    spans.push(format!(" | up {} | {census}", age(facts.up())).into());
    if facts.lost > 0 {
        spans
            .push(Span::styled(format!(" | {} events lost", number(facts.lost)), style(Tone::Bad)));
    }
    if let Some(unseen) = facts.unseen.first() {
        let n = facts.unseen.len();
        spans.push(Span::styled(format!(" | {n} not observed: {unseen}"), style(Tone::Warn)));
    }
    frame.render_widget(Line::from(spans), area);
}

fn footer(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let line = if view.typing {
        Line::from(vec![
            Span::raw(format!("filter: {}_", view.filter)),
            dim("  Enter keeps, Esc clears"),
        ])
    } else {
        let sort = view.panel.sorts()[view.sort(view.panel)];
        let filter = if view.filter.is_empty() { "filter" } else { &view.filter };
        Line::from(format!("?help q:quit s:{sort} /{filter} d:dump"))
    };
    frame.render_widget(line, area);
}

fn dim(text: &str) -> Span<'_> {
    Span::styled(text, style(Tone::Dim))
}

/// One panel, and the names of the others.
fn small(frame: &mut Frame<'_>, area: Rect, facts: &ScreenFacts, view: &mut View) {
    let [tabs, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    names(frame, tabs, view);
    let panel = view.panel;
    rows(frame, body, panel, facts, view);
}

fn names(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let name = |panel: Panel| {
        let chosen = panel == view.panel;
        let style = if chosen {
            style(Tone::Head).add_modifier(Modifier::REVERSED)
        } else {
            style(Tone::Dim)
        };
        [Span::styled(panel.name(), style), Span::raw(" ")]
    };
    frame.render_widget(Line::from_iter(Panel::ALL.into_iter().flat_map(name)), area);
}

/// Pools, the chosen panel and the newest alarms.
fn middle(frame: &mut Frame<'_>, area: Rect, facts: &ScreenFacts, view: &mut View) {
    let pools = u16::try_from(facts.pools.len()).unwrap_or(u16::MAX).clamp(1, 6) + 3;
    let parts = [Constraint::Length(pools), Constraint::Min(5), Constraint::Length(5)];
    let [top, body, bottom] = Layout::vertical(parts).areas(area);
    let chosen = match view.panel {
        Panel::Pools | Panel::Alarms => Panel::Sites,
        other => other,
    };
    boxed(frame, top, Panel::Pools, facts, view);
    boxed(frame, body, chosen, facts, view);
    boxed(frame, bottom, Panel::Alarms, facts, view);
}

/// All panels at once.
fn large(frame: &mut Frame<'_>, area: Rect, facts: &ScreenFacts, view: &mut View) {
    let half = [Constraint::Percentage(50), Constraint::Percentage(50)];
    let parts =
        [Constraint::Percentage(40), Constraint::Percentage(35), Constraint::Percentage(25)];
    let [top, body, bottom] = Layout::vertical(parts).areas(area);
    for (area, panels) in [
        (top, [Panel::Pools, Panel::Sites]),
        (body, [Panel::Tas, Panel::Sessions]),
        (bottom, [Panel::Events, Panel::Alarms]),
    ] {
        let halves: [Rect; 2] = Layout::horizontal(half).areas(area);
        for (half, panel) in halves.into_iter().zip(panels) {
            boxed(frame, half, panel, facts, view);
        }
    }
}

fn boxed(frame: &mut Frame<'_>, area: Rect, panel: Panel, facts: &ScreenFacts, view: &mut View) {
    let set = if view.unicode { border::PLAIN } else { ASCII };
    let tone = if panel == view.panel { Tone::Head } else { Tone::Dim };
    let block = Block::new().borders(Borders::ALL).border_set(set).border_style(style(tone));
    let title = format!(" {} {} ", panel.index() + 1, panel.name());
    let inner = block.inner(area);
    frame.render_widget(block.title(Span::styled(title, style(Tone::Head))), area);
    rows(frame, inner, panel, facts, view);
}

/// Draws the rows of a panel that fit, and the number of those that don't.
fn rows(frame: &mut Frame<'_>, area: Rect, panel: Panel, facts: &ScreenFacts, view: &mut View) {
    let mut table = table::panel_table(panel, facts, view);
    if panel == Panel::Alarms {
        unfold(&mut table, usize::from(area.width));
    }
    let room = usize::from(area.height).saturating_sub(1);
    if table.rows.is_empty() {
        return frame.render_widget(Paragraph::new(dim(empty_message(panel, &table))), area);
    }
    let offset = &mut view.above[panel.index()];
    *offset = (*offset).min(table.rows.len().saturating_sub(room));
    let visible_rows = &table.rows[*offset..];
    let fitted_columns = fit(&table, usize::from(area.width));
    let cell = |row: &table::PanelRow, (at, wide): (usize, usize)| {
        let right = table.columns[at].right;
        let line = Line::from(truncate(&row.cells[at], wide));
        Cell::from(line.alignment(if right { Alignment::Right } else { Alignment::Left }))
    };
    let row_widgets = visible_rows.iter().take(room).map(|row| {
        Drawn::new(fitted_columns.iter().map(|at| cell(row, *at)).collect::<Vec<_>>())
            .style(style(row.tone))
    });
    let heads = fitted_columns.iter().map(|(at, _)| head(&table.columns[*at])).collect::<Vec<_>>();
    let widths = fitted_columns
        .iter()
        .map(|(_, wide)| Constraint::Length(u16::try_from(*wide).unwrap_or(u16::MAX)));
    let widget = ratatui::widgets::Table::new(row_widgets, widths)
        .header(Drawn::new(heads).style(style(Tone::Dim)))
        .column_spacing(u16::try_from(GAP).unwrap_or(1));
    frame.render_widget(widget, area);
    let rows_below = visible_rows.len().saturating_sub(room);
    if *offset + rows_below > 0 {
        draw_hidden_count(frame, area, *offset, rows_below);
    }
}

fn head(column: &PanelColumn) -> Cell<'static> {
    let alignment = if column.right { Alignment::Right } else { Alignment::Left };
    Cell::from(Line::from(column.head).alignment(alignment))
}

fn empty_message(panel: Panel, table: &PanelTable) -> &'static str {
    match panel {
        _ if table.all > 0 => "no row matches; Esc shows all",
        Panel::Alarms => "no message yet",
        Panel::Events => "no event yet",
        Panel::Pools => "no pool observed",
        _ => "shown after the first snapshot",
    }
}

/// Columns that fit, with their widths; if not even the mandatory ones fit, the widest of them is
/// narrowed.
fn fit(table: &PanelTable, room: usize) -> Vec<(usize, usize)> {
    let wide = |at: usize| {
        let cells = table.rows.iter().map(|row| columns(&row.cells[at]));
        cells.chain([columns(table.columns[at].head)]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..table.columns.len()).map(wide).collect();
    let mut column_indices: Vec<usize> = (0..table.columns.len()).collect();
    let needed = |kept: &[usize]| kept.iter().map(|at| widths[*at] + GAP).sum::<usize>();
    while needed(&column_indices) > room + GAP {
        let candidate =
            column_indices.iter().enumerate().max_by_key(|(_, at)| table.columns[**at].goes);
        match candidate {
            Some((n, at)) if table.columns[*at].goes > 0 => column_indices.remove(n),
            _ => break,
        };
    }
    let excess = needed(&column_indices).saturating_sub(room + GAP);
    let long = column_indices.iter().copied().max_by_key(|at| widths[*at]);
    let width = |at| if Some(at) == long { widths[at].saturating_sub(excess) } else { widths[at] };
    column_indices.iter().map(|at| (*at, width(*at))).collect()
}

/// Truncates a text to `room` columns; of a path, the end is kept.
fn truncate(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let dots = ".".repeat(room.min(2));
    let take_fitting = |letters: &mut dyn Iterator<Item = char>| -> Vec<char> {
        let mut remaining = room.saturating_sub(2);
        letters
            .take_while(|letter| {
                let wide = columns(letter.encode_utf8(&mut [0; 4]));
                let is_fitting = wide <= remaining;
                remaining = remaining.saturating_sub(wide);
                is_fitting
            })
            .collect()
    };
    if text.contains('/') {
        let end: String = take_fitting(&mut text.chars().rev()).into_iter().rev().collect();
        return dots + &end;
    }
    take_fitting(&mut text.chars()).into_iter().collect::<String>() + &dots
}

/// Wraps lines that are longer than the panel.
fn unfold(table: &mut PanelTable, wide: usize) {
    let age_width = table.rows.iter().map(|row| columns(&row.cells[0])).max().unwrap_or(0).max(3);
    let room = wide.saturating_sub(age_width + GAP).max(10);
    let rows = std::mem::take(&mut table.rows);
    for row in rows {
        let text = row.cells[1].clone();
        for (n, part) in folded_text(&text, room).into_iter().enumerate() {
            let age_text = if n == 0 { row.cells[0].clone() } else { String::new() };
            table.rows.push(table::PanelRow { cells: vec![age_text, part], ..row.clone() });
        }
    }
}

fn folded_text(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        if lines[last].is_empty() {
            lines[last].push_str(word);
        } else if columns(&lines[last]) + 1 + columns(word) <= room {
            lines[last].push(' ');
            lines[last].push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Draws the number of hidden rows in the corner.
fn draw_hidden_count(frame: &mut Frame<'_>, area: Rect, above: usize, below: usize) {
    let text = if above > 0 { format!(" -{above} +{below}") } else { format!(" +{below}") };
    let width = u16::try_from(text.len()).unwrap_or(u16::MAX).min(area.width);
    let corner = Rect { x: area.right() - width, y: area.y, width, height: 1.min(area.height) };
    frame.render_widget(Paragraph::new(dim(&text)), corner);
}

fn help(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let set = if view.unicode { border::PLAIN } else { ASCII };
    let lines = HELP.iter().map(|(keys, what)| {
        Line::from(vec![Span::styled(format!("{keys:<8} "), style(Tone::Head)), Span::raw(*what)])
    });
    let high = u16::try_from(HELP.len()).unwrap_or(u16::MAX) + 2;
    let margin = Margin {
        horizontal: area.width.saturating_sub(44) / 2,
        vertical: area.height.saturating_sub(high) / 2,
    };
    let area = area.inner(margin);
    frame.render_widget(Clear, area);
    let block = Block::new().borders(Borders::ALL).border_set(set).title(" keys ");
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()).block(block), area);
}
