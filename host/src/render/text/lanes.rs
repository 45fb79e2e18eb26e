//! The calls that show a finding: one lane per caller, in order from top to bottom.

use std::io;

use teeleak_analysis::{
    model::{Event, Finding, Time},
    text,
};

use super::{
    finding::label,
    line::{Line, columns},
    page::Page,
};
use crate::render::{
    place,
    steps::{self, Drawn, Stand},
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
        let after = steps::after_ns(first, event.time).map(after);
        Self {
            at: after.unwrap_or_else(|| format!("#{}", event.seq)),
            lane: parties.iter().position(|known| *known == party).unwrap_or(0),
            step: step.step.to_string(),
            keys: step.keys.to_string(),
            result: place::failed(event).then(|| format!("-> {}", short(event))),
            wrong: stand.words(),
        }
    }

    /// Step, keys and result on one line.
    fn flat(&self) -> Vec<String> {
        let pieces = [Some(&self.step), Some(&self.keys), self.result.as_ref()];
        let told: Vec<_> = pieces.into_iter().flatten().filter(|piece| !piece.is_empty()).collect();
        vec![told.iter().map(|piece| piece.as_str()).collect::<Vec<_>>().join(" ")]
    }

    /// Step, first key and result on a line each.
    fn tall(&self) -> Vec<String> {
        let own = self.keys.split(" of ").next().unwrap_or_default().to_owned();
        let pieces = [Some(self.step.clone()), Some(own), self.result.clone()];
        pieces.into_iter().flatten().filter(|piece| !piece.is_empty()).collect()
    }

    fn tell(&self, line: Line, what: &str) -> Line {
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
    let Some((taken, expected)) = steps::of(finding) else { return Ok(()) };
    let drawn = steps::arrange(finding, taken, expected);
    let parties = steps::parties(&drawn);
    let first = taken[0].event.time;
    let rows: Vec<_> = drawn.iter().map(|one| Row::new(one, first, &parties)).collect();
    let shown = choose(&drawn, page);
    let marks = rows.iter().filter_map(|row| row.wrong).map(|wrong| 5 + wrong.len()).max();
    let room = |widths: &[usize]| {
        TIME + 2 + widths.iter().map(|wide| wide + 2).sum::<usize>() + marks.unwrap_or(0)
    };
    let cells: [Cell; 2] = [Row::flat, Row::tall];
    let many = parties.len() > LANES || page.is_narrow();
    let fits = |cell: &Cell| !many && page.fits(room(&widths(&rows, &parties, *cell)));
    let Some(cell) = cells.into_iter().find(fits) else {
        page.put(label("calls", page))?;
        return told(&rows, &shown, page, |row| vec![list(row, &parties)]);
    };
    let widths = widths(&rows, &parties, cell);
    let mut head = label("calls", page);
    for (party, wide) in parties.iter().zip(&widths) {
        let to = head.columns() + wide + 2;
        head = head.head(party).pad(to);
    }
    page.put(head)?;
    told(&rows, &shown, page, |row| lanes(row, &cell(row), &widths))
}

/// Indexes of the calls to show: all wrong or failed calls, then the latest others.
fn choose(drawn: &[Drawn<'_>], page: &mut Page<'_>) -> Vec<usize> {
    let all = 0..drawn.len();
    if drawn.len() <= CALLS || page.tells_all() {
        return all.collect();
    }
    let telling = |n: &usize| match &drawn[*n] {
        Drawn::Missing(_) => true,
        Drawn::Taken(step, stand) => *stand != Stand::Right || place::failed(&step.event),
    };
    let others = all.clone().rev().filter(|n| !telling(n));
    let mut shown: Vec<_> = all.clone().filter(telling).chain(others).take(CALLS).collect();
    shown.sort_unstable();
    shown
}

fn widths(rows: &[Row], parties: &[String], cell: Cell) -> Vec<usize> {
    let of = |(lane, party): (usize, &String)| {
        let own = rows.iter().filter(|row| row.lane == lane).flat_map(cell);
        own.map(|text| columns(&text)).chain([columns(party)]).max().unwrap_or(0)
    };
    parties.iter().enumerate().map(of).collect()
}

fn told(
    rows: &[Row],
    shown: &[usize],
    page: &mut Page<'_>,
    draw: impl Fn(&Row) -> Vec<Line>,
) -> io::Result<()> {
    let mut next = 0;
    for n in shown {
        if *n > next {
            page.put(
                Line::at(TIME + 2).dim(format_args!("({} more)", text::number((n - next) as u64))),
            )?;
        }
        draw(&rows[*n]).into_iter().try_for_each(|line| page.put(line))?;
        next = n + 1;
    }
    match rows.len() - next {
        0 => Ok(()),
        more => {
            page.put(Line::at(TIME + 2).dim(format_args!("({} more)", text::number(more as u64))))
        }
    }
}

fn lanes(row: &Row, cell: &[String], widths: &[usize]) -> Vec<Line> {
    let draw = |(n, what): (usize, &String)| {
        let at = if n == 0 { row.at.as_str() } else { "" };
        let mut line = Line::default().dim(format_args!("{at:>TIME$}  "));
        for (lane, wide) in widths.iter().enumerate() {
            let to = line.columns() + wide + 2;
            line = if lane == row.lane { row.tell(line, what) } else { line.dim('|') }.pad(to);
        }
        if n == 0 { row.mark(line) } else { line }
    };
    cell.iter().enumerate().map(draw).collect()
}

fn list(row: &Row, parties: &[String]) -> Line {
    let mut line = Line::at(5);
    if !row.at.is_empty() {
        line = line.dim(format_args!("{} ", row.at));
        if let Some(party) = parties.get(row.lane) {
            line = line.head(party).text(": ");
        }
    }
    row.mark(row.tell(line, &row.flat().concat()))
}

/// Result of a failed call, by name if known.
fn short(event: &Event) -> String {
    let result = place::result(event);
    result.split_once(" (").map_or(result.clone(), |(name, _)| name.to_owned())
}

/// Time since the first call, with a plus sign.
fn after(ns: u64) -> String {
    let plus = if ns > 0 { "+" } else { "" };
    format!("{plus}{}", text::elapsed(ns, "us"))
}
