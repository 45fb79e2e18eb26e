//! What could not be observed, merged.

use std::{collections::BTreeMap, io};

use teeleak_analysis::{
    model::Gap,
    text::{count, number},
};

use super::{TextLine, TextPage};

/// Lines of a report without `-v`, that of the count included: no longer than the answer.
const SHOWN: usize = 5;

/// Gaps of one line, and what they are about.
type Line = (GapLine, Vec<String>);

/// Writes all gaps. Gaps that differ only in their losses are summed; gaps without losses that share
/// reason and remedy are put on one line.
pub(crate) fn write(gaps: &[Gap], page: &mut TextPage<'_>) -> io::Result<()> {
    write_lines(&merge(gaps), page)
}

/// Writes the gaps of a report: without `-v` the most important ones and a count of the others.
pub(crate) fn write_first(gaps: &[Gap], page: &mut TextPage<'_>) -> io::Result<()> {
    let mut lines = merge(gaps);
    if n_rows(&lines) <= SHOWN || page.shows_all() {
        return write_lines(&lines, page);
    }
    let n_left_out = number(leave_out(&mut lines) as u64);
    write_lines(&lines, page)?;
    page.write_line(TextLine::indent(2).dim(format_args!("{n_left_out} more; use -v to show all")))
}

fn write_lines(lines: &[Line], page: &mut TextPage<'_>) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    page.heading("not observed")?;
    for (GapLine { reason, remedy, times, lost }, whats) in lines {
        let mut line = TextLine::indent(2).warn(whats.join("; ")).text(format_args!(": {reason}"));
        if *lost > 0 {
            line = line.text(format_args!(", {} lost", count(*lost, "object")));
        }
        if *times > 1 {
            line = line.text(format_args!(" ({} times)", number(*times)));
        }
        page.write_line(line)?;
        if let Some(remedy) = remedy {
            page.write_line(TextLine::indent(4).text(remedy))?;
        }
    }
    Ok(())
}

/// Rows that lines take on a page that is wide enough.
fn n_rows(lines: &[Line]) -> usize {
    lines.iter().map(|(line, _)| line.n_rows()).sum()
}

/// Keeps the most important lines that leave room for the count of the others, and returns that count.
fn leave_out(lines: &mut Vec<Line>) -> usize {
    // What was lost may change the answer, and what has a remedy can be changed.
    lines.sort_by_key(|(line, _)| (line.lost == 0, line.remedy.is_none()));
    let n_all = lines.len();
    let mut room = SHOWN - 1;
    lines.retain(|(line, _)| {
        let is_shown = line.n_rows() <= room;
        room -= if is_shown { line.n_rows() } else { 0 };
        is_shown
    });
    n_all - lines.len()
}

/// One line of gaps.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct GapLine {
    reason: String,
    remedy: Option<String>,
    times: u64,
    lost: u64,
}

impl GapLine {
    fn n_rows(&self) -> usize {
        1 + usize::from(self.remedy.is_some())
    }
}

/// Reason and remedy.
type GapReason = (String, Option<String>);

fn merge(gaps: &[Gap]) -> Vec<Line> {
    let mut by_subject: BTreeMap<String, BTreeMap<GapReason, (u64, u64)>> = BTreeMap::new();
    for gap in gaps {
        let remedy = gap.remedy.as_ref().map(ToString::to_string);
        let reasons = by_subject.entry(gap.what.to_string()).or_default();
        let (times, lost) = reasons.entry((gap.reason.to_string(), remedy)).or_default();
        *times += 1;
        *lost += gap.lost;
    }
    let mut lines: Vec<Line> = Vec::new();
    for (what, reasons) in by_subject {
        for ((reason, remedy), (times, lost)) in reasons {
            let line = GapLine { reason, remedy, times, lost };
            match lines.iter_mut().find(|(known, _)| lost == 0 && *known == line) {
                Some((_, whats)) => whats.push(what.clone()),
                None => lines.push((line, vec![what.clone()])),
            }
        }
    }
    lines
}
