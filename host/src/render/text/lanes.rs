//! The calls that show a finding: one lane per caller, in order from top to bottom.

use std::io;

use teeleak_analysis::{
    model::{Finding, Time},
    text,
};

use super::{
    line::{TextLine, columns},
    page::{TextPage, label},
};
use crate::render::{
    place,
    steps::{self, LaneStep, StepOrder},
};

/// Calls shown without `-v`.
const CALLS: usize = 10;

/// Maximum number of lanes; more callers are shown as a list.
const LANES: usize = 5;

/// Width of the time column.
const TIME: usize = 13;

/// A call of the drawing.
struct CallRow {
    at: String,
    lane: usize,
    step: String,
    keys: String,
    result: Option<String>,
    /// What is wrong with the call, if anything.
    wrong: Option<&'static str>,
}

impl CallRow {
    fn new(one: &LaneStep<'_>, first: Option<Time>, parties: &[String]) -> Self {
        let (step, stand) = match one {
            LaneStep::Missing(step) => {
                let (step, wrong) = ((*step).to_owned(), Some("missing"));
                let (at, keys) = (String::new(), String::new());
                return Self { at, lane: 0, step, keys, result: None, wrong };
            }
            LaneStep::Taken(step, stand) => (step, stand),
        };
        let event = &step.event;
        let party = place::party(event);
        let time = steps::after_ns(first, event.time).map(elapsed);
        Self {
            at: time.unwrap_or_else(|| format!("#{}", event.seq)),
            lane: parties.iter().position(|known| *known == party).unwrap_or(0),
            step: step.step.to_string(),
            keys: step.keys.to_string(),
            result: event.has_failed().then(|| format!("-> {}", place::short_result(event))),
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

    fn append_text(&self, line: TextLine, what: &str) -> TextLine {
        if self.wrong.is_some() { line.bad(what) } else { line.text(what) }
    }

    fn mark(&self, line: TextLine) -> TextLine {
        match self.wrong {
            None => line,
            Some(wrong) => line.bad(format_args!("  <- {wrong}")),
        }
    }
}

/// Layout of a call in its lane.
type CallCell = fn(&CallRow) -> Vec<String>;

/// Writes the calls of a finding; nothing if it has none.
pub(super) fn write(finding: &Finding, page: &mut TextPage<'_>) -> io::Result<()> {
    let Some((taken, expected)) = steps::sequence(finding) else { return Ok(()) };
    let calls = steps::arrange(finding, taken, expected);
    let parties = steps::parties(&calls);
    let first = taken[0].event.time;
    let rows: Vec<_> = calls.iter().map(|one| CallRow::new(one, first, &parties)).collect();
    let indexes = choose(&calls, page);
    let marks = rows.iter().filter_map(|row| row.wrong).map(|wrong| 5 + wrong.len()).max();
    let room = |widths: &[usize]| {
        TIME + 2 + widths.iter().map(|wide| wide + 2).sum::<usize>() + marks.unwrap_or(0)
    };
    let cells: [CallCell; 2] = [CallRow::flat, CallRow::tall];
    let is_list = parties.len() > LANES || page.is_narrow();
    let has_room =
        |cell: &CallCell| !is_list && page.has_room(room(&widths(&rows, &parties, *cell)));
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
fn choose(drawn: &[LaneStep<'_>], page: &mut TextPage<'_>) -> Vec<usize> {
    let range = 0..drawn.len();
    if drawn.len() <= CALLS || page.shows_all() {
        return range.collect();
    }
    let is_notable = |n: &usize| match &drawn[*n] {
        LaneStep::Missing(_) => true,
        LaneStep::Taken(step, stand) => *stand != StepOrder::Right || step.event.has_failed(),
    };
    let plain_calls = range.clone().rev().filter(|n| !is_notable(n));
    let mut indexes: Vec<_> =
        range.clone().filter(is_notable).chain(plain_calls).take(CALLS).collect();
    indexes.sort_unstable();
    indexes
}

fn widths(rows: &[CallRow], parties: &[String], cell: CallCell) -> Vec<usize> {
    let lane_width = |(lane, party): (usize, &String)| {
        let texts = rows.iter().filter(|row| row.lane == lane).flat_map(cell);
        texts.map(|text| columns(&text)).chain([columns(party)]).max().unwrap_or(0)
    };
    parties.iter().enumerate().map(lane_width).collect()
}

fn write_rows(
    rows: &[CallRow],
    shown: &[usize],
    page: &mut TextPage<'_>,
    draw: impl Fn(&CallRow) -> Vec<TextLine>,
) -> io::Result<()> {
    let mut next = 0;
    for n in shown {
        if *n > next {
            page.write_line(
                TextLine::indent(TIME + 2)
                    .dim(format_args!("({} more)", text::number((n - next) as u64))),
            )?;
        }
        draw(&rows[*n]).into_iter().try_for_each(|line| page.write_line(line))?;
        next = n + 1;
    }
    match rows.len() - next {
        0 => Ok(()),
        more => page.write_line(
            TextLine::indent(TIME + 2).dim(format_args!("({} more)", text::number(more as u64))),
        ),
    }
}

fn lanes(row: &CallRow, cell: &[String], widths: &[usize]) -> Vec<TextLine> {
    let draw = |(n, what): (usize, &String)| {
        let time = if n == 0 { row.at.as_str() } else { "" };
        let mut line = TextLine::default().dim(format_args!("{time:>TIME$}  "));
        for (lane, wide) in widths.iter().enumerate() {
            let end = line.columns() + wide + 2;
            line =
                if lane == row.lane { row.append_text(line, what) } else { line.dim('|') }.pad(end);
        }
        if n == 0 { row.mark(line) } else { line }
    };
    cell.iter().enumerate().map(draw).collect()
}

fn list(row: &CallRow, parties: &[String]) -> TextLine {
    let mut line = TextLine::indent(5);
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
