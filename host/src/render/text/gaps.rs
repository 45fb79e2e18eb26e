//! What could not be observed, merged.

use std::{collections::BTreeMap, io};

use teeleak_analysis::{
    model::Gap,
    text::{count, number},
};

use super::{TextLine, TextPage};

/// Lines shown without `-v`: the list must not be longer than the answer.
const SHOWN: usize = 5;

/// Writes the gaps. Gaps that differ only in their losses are summed; gaps without losses that share
/// reason and remedy are put on one line.
pub(crate) fn write(gaps: &[Gap], page: &mut TextPage<'_>) -> io::Result<()> {
    if gaps.is_empty() {
        return Ok(());
    }
    page.heading("not observed")?;
    let mut lines = merge(gaps);
    let n_left_out = if page.shows_all() { 0 } else { leave_out(&mut lines) };
    for (GapLine { reason, remedy, times, lost }, whats) in lines {
        let mut line = TextLine::indent(2).warn(whats.join("; ")).text(format_args!(": {reason}"));
        if lost > 0 {
            line = line.text(format_args!(", {} lost", count(lost, "object")));
        }
        if times > 1 {
            line = line.text(format_args!(" ({} times)", number(times)));
        }
        page.write_line(line)?;
        if let Some(remedy) = remedy {
            page.write_line(TextLine::indent(4).text(remedy))?;
        }
    }
    if n_left_out > 0 {
        let remaining = number(n_left_out as u64);
        let line = TextLine::indent(2).dim(format_args!("{remaining} more; use -v to show all"));
        page.write_line(line)?;
    }
    Ok(())
}

/// Keeps what fits into [`SHOWN`] lines, the most important first, and returns how many it left out.
fn leave_out(lines: &mut Vec<(GapLine, Vec<String>)>) -> usize {
    let n_lines = |line: &GapLine| 1 + usize::from(line.remedy.is_some());
    let n_all = lines.len();
    if lines.iter().map(|(line, _)| n_lines(line)).sum::<usize>() <= SHOWN {
        return 0;
    }
    // What was lost may change the answer, and what has a remedy can be changed.
    lines.sort_by_key(|(line, _)| (line.lost == 0, line.remedy.is_none()));
    let mut room = SHOWN;
    lines.retain(|(line, _)| {
        let fits = n_lines(line) <= room;
        room -= if fits { n_lines(line) } else { 0 };
        fits
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

/// Reason and remedy.
type GapReason = (String, Option<String>);

fn merge(gaps: &[Gap]) -> Vec<(GapLine, Vec<String>)> {
    let mut by_subject: BTreeMap<String, BTreeMap<GapReason, (u64, u64)>> = BTreeMap::new();
    for gap in gaps {
        let remedy = gap.remedy.as_ref().map(ToString::to_string);
        let reasons = by_subject.entry(gap.what.to_string()).or_default();
        let (times, lost) = reasons.entry((gap.reason.to_string(), remedy)).or_default();
        *times += 1;
        *lost += gap.lost;
    }
    let mut lines: Vec<(GapLine, Vec<String>)> = Vec::new();
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
