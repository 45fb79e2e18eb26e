//! What could not be observed, merged.

use std::{collections::BTreeMap, io};

use teeleak_analysis::{
    model::Gap,
    text::{count, number},
};

use super::{TextLine, TextPage};

/// Lines of a report without `-v`, that of the count included: no longer than the answer.
const SHOWN: usize = 5;

/// Gaps of one line.
struct MergedGaps {
    line: GapLine,
    /// What they are about.
    whats: Vec<String>,
    /// Place of the first of them in the list.
    first: usize,
}

/// Writes all gaps. Gaps that differ only in their losses are summed; gaps without losses that share
/// reason and remedy are put on one line.
pub(crate) fn write(gaps: &[Gap], page: &mut TextPage<'_>) -> io::Result<()> {
    write_lines(&merge(gaps), page)
}

/// Writes the gaps of a report: without `-v` the most important ones and a count of the others.
pub(crate) fn write_first(gaps: &[Gap], page: &mut TextPage<'_>) -> io::Result<()> {
    let mut lines = merge(gaps);
    lines.sort_by_key(|one| one.first);
    if n_rows(&lines) <= SHOWN || page.shows_all() {
        return write_lines(&lines, page);
    }
    let n_left_out = number(leave_out(&mut lines) as u64);
    write_lines(&lines, page)?;
    page.write_line(TextLine::indent(2).dim(format_args!("{n_left_out} more; use -v to show all")))
}

fn write_lines(lines: &[MergedGaps], page: &mut TextPage<'_>) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    page.heading("not observed")?;
    for MergedGaps { line, whats, .. } in lines {
        let GapLine { reason, remedy, times, lost } = line;
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
fn n_rows(lines: &[MergedGaps]) -> usize {
    lines.iter().map(|one| one.line.n_rows()).sum()
}

/// Keeps the most important lines that leave room for the count of the others, and returns that count.
fn leave_out(lines: &mut Vec<MergedGaps>) -> usize {
    let n_all = lines.len();
    let mut room = SHOWN - 1;
    lines.retain(|one| {
        let is_shown = one.line.n_rows() <= room;
        room -= if is_shown { one.line.n_rows() } else { 0 };
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

/// Gaps about the same, as they were first listed.
#[derive(Clone, Copy, Default)]
struct GapSum {
    first: usize,
    times: u64,
    lost: u64,
}

fn merge(gaps: &[Gap]) -> Vec<MergedGaps> {
    let mut by_subject: BTreeMap<String, BTreeMap<GapReason, GapSum>> = BTreeMap::new();
    for (first, gap) in gaps.iter().enumerate() {
        let remedy = gap.remedy.as_ref().map(ToString::to_string);
        let reasons = by_subject.entry(gap.what.to_string()).or_default();
        let sum = reasons.entry((gap.reason.to_string(), remedy));
        let sum = sum.or_insert(GapSum { first, ..GapSum::default() });
        sum.times += 1;
        sum.lost += gap.lost;
    }
    let mut lines: Vec<MergedGaps> = Vec::new();
    for (what, reasons) in by_subject {
        for ((reason, remedy), GapSum { first, times, lost }) in reasons {
            let line = GapLine { reason, remedy, times, lost };
            match lines.iter_mut().find(|known| lost == 0 && known.line == line) {
                Some(known) => {
                    known.whats.push(what.clone());
                    known.first = known.first.min(first);
                }
                None => lines.push(MergedGaps { line, whats: vec![what.clone()], first }),
            }
        }
    }
    lines
}
