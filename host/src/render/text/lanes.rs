//! The calls that show a finding: one lane per caller, in order from top to bottom.

use std::io;

use teeleak_analysis::{
    model::{Finding, Time},
    text,
};

use super::{
    finding::label,
    line::{Line, columns},
    page::Page,
};
use crate::render::{
    place,
    steps::{
        Drawn, Stand, {self},
    },
};

/// Calls shown without `-v`.
const CALLS: usize = 10;

/// Maximum number of lanes; more callers are shown as a list.
const LANES: usize = 5;

/// Width of the time column.
const TIME: usize = 13;

/// A call of the drawing.
struct Row {
    at: String,
    lane: usize,
    step: String,
    keys: String,
    result: Option<String>,
    /// What is wrong with the call, if anything.
    wrong: Option<&'static str>,
}

impl Row {
    fn new(one: &Drawn<'_>, first: Option<Time>, parties: &[String]) -> Self {
        let (step, stand) = match one {
            Drawn::Missing(step) => {
                let (step, wrong) = ((*step).to_owned(), Some("missing"));
                let (at, keys) = (String::new(), String::new());
                return Self { at, lane: 0, step, keys, result: None, wrong };
            }
            Drawn::Taken(step, stand) => (step, stand),
        };
        let event = &step.event;
        let party = place::party(event);
        let time = steps::after_ns(first, event.time).map(elapsed);
        Self {
            at: time.unwrap_or_else(|| format!("#{}", event.seq)),
            lane: parties.iter().position(|known| *known == party).unwrap_or(0),
            step: step.step.to_string(),
            keys: step.keys.to_string(),
            result: place::is_failure(event).then(|| format!("-> {}", place::short_result(event))),
            wrong: stand.words(),
        }
    }

    /// Step, keys and result on one line.
    fn flat(&self) -> Vec<String> {
        let pieces = [Some(&self.step), Some(&self.keys), self.result.as_ref()];
        let texts: Vec<_> =
            pieces.into_iter().flatten().filter(|piece| !piece.is_empty()).collect();
        vec![texts.iter().map(|piece| piece.as_str()).collect::<Vec<_>>().join(" ")]
    }

    /// Step, first key and result on a line each.
    fn tall(&self) -> Vec<String> {
        let key = self.keys.split(" of ").next().unwrap_or_default().to_owned();
        let pieces = [Some(self.step.clone()), Some(key), self.result.clone()];
        pieces.into_iter().flatten().filter(|piece| !piece.is_empty()).collect()
    }

    fn append_text(&self, line: Line, what: &str) -> Line {
        if self.wrong.is_some() { line.bad(what) } else { line.text(what) }
    }

    fn mark(&self, line: Line) -> Line {
        match self.wrong {
            None => line,
            Some(wrong) => line.bad(format_args!("  <- {wrong}")),
        }
    }
}

/// Layout of a call in its lane.
type Cell = fn(&Row) -> Vec<String>;

/// Writes the calls of a finding; nothing if it has none.
pub(super) fn write(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    let Some((taken, expected)) = steps::sequence(finding) else { return Ok(()) };
    let calls = steps::arrange(finding, taken, expected);
    let parties = steps::parties(&calls);
    let first = taken[0].event.time;
    let rows: Vec<_> = calls.iter().map(|one| Row::new(one, first, &parties)).collect();
    let indexes = choose(&calls, page);
    let marks = rows.iter().filter_map(|row| row.wrong).map(|wrong| 5 + wrong.len()).max();
    let room = |widths: &[usize]| {
        TIME + 2 + widths.iter().map(|wide| wide + 2).sum::<usize>() + marks.unwrap_or(0)
    };
    let cells: [Cell; 2] = [Row::flat, Row::tall];
    let is_list = parties.len() > LANES || page.is_narrow();
    let has_room = |cell: &Cell| !is_list && page.has_room(room(&widths(&rows, &parties, *cell)));
    let Some(cell) = cells.into_iter().find(has_room) else {
        page.write_line(label("calls", page))?;
        return write_rows(&rows, &indexes, page, |row| vec![list(row, &parties)]);
    };
    let widths = widths(&rows, &parties, cell);
    let mut head = label("calls", page);
    for (party, wide) in parties.iter().zip(&widths) {
        let end = head.columns() + wide + 2;
        head = head.head(party).pad(end);
    }
    page.write_line(head)?;
    write_rows(&rows, &indexes, page, |row| lanes(row, &cell(row), &widths))
}

/// Indexes of the calls to show: all wrong or failed calls, then the latest others.
fn choose(drawn: &[Drawn<'_>], page: &mut Page<'_>) -> Vec<usize> {
    let range = 0..drawn.len();
    if drawn.len() <= CALLS || page.shows_all() {
        return range.collect();
    }
    let is_notable = |n: &usize| match &drawn[*n] {
        Drawn::Missing(_) => true,
        Drawn::Taken(step, stand) => *stand != Stand::Right || place::is_failure(&step.event),
    };
    let plain_calls = range.clone().rev().filter(|n| !is_notable(n));
    let mut indexes: Vec<_> =
        range.clone().filter(is_notable).chain(plain_calls).take(CALLS).collect();
    indexes.sort_unstable();
    indexes
}

fn widths(rows: &[Row], parties: &[String], cell: Cell) -> Vec<usize> {
    let lane_width = |(lane, party): (usize, &String)| {
        let texts = rows.iter().filter(|row| row.lane == lane).flat_map(cell);
        texts.map(|text| columns(&text)).chain([columns(party)]).max().unwrap_or(0)
    };
    parties.iter().enumerate().map(lane_width).collect()
}

fn write_rows(
    rows: &[Row],
    shown: &[usize],
    page: &mut Page<'_>,
    draw: impl Fn(&Row) -> Vec<Line>,
) -> io::Result<()> {
    let mut next = 0;
    for n in shown {
        if *n > next {
            page.write_line(
                Line::indent(TIME + 2)
                    .dim(format_args!("({} more)", text::number((n - next) as u64))),
            )?;
        }
        draw(&rows[*n]).into_iter().try_for_each(|line| page.write_line(line))?;
        next = n + 1;
    }
    match rows.len() - next {
        0 => Ok(()),
        more => page.write_line(
            Line::indent(TIME + 2).dim(format_args!("({} more)", text::number(more as u64))),
        ),
    }
}

fn lanes(row: &Row, cell: &[String], widths: &[usize]) -> Vec<Line> {
    let draw = |(n, what): (usize, &String)| {
        let time = if n == 0 { row.at.as_str() } else { "" };
        let mut line = Line::default().dim(format_args!("{time:>TIME$}  "));
        for (lane, wide) in widths.iter().enumerate() {
            let end = line.columns() + wide + 2;
            line =
                if lane == row.lane { row.append_text(line, what) } else { line.dim('|') }.pad(end);
        }
        if n == 0 { row.mark(line) } else { line }
    };
    cell.iter().enumerate().map(draw).collect()
}

fn list(row: &Row, parties: &[String]) -> Line {
    let mut line = Line::indent(5);
    if !row.at.is_empty() {
        line = line.dim(format_args!("{} ", row.at));
        if let Some(party) = parties.get(row.lane) {
            line = line.head(party).text(": ");
        }
    }
    row.mark(row.append_text(line, &row.flat().concat()))
}

/// Time since the first call, with a plus sign.
fn elapsed(ns: u64) -> String {
    let plus = if ns > 0 { "+" } else { "" };
    format!("{plus}{}", text::elapsed(ns, "us"))
}
