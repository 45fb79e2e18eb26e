//! What could not be observed, merged.

use std::{collections::BTreeMap, io};

use teeleak_analysis::{
    model::Gap,
    text::{count, number},
};

use super::{TextLine, TextPage};

/// Writes the gaps. Gaps that differ only in their losses are summed; gaps without losses that share
/// reason and remedy are put on one line.
pub(crate) fn write(gaps: &[Gap], page: &mut TextPage<'_>) -> io::Result<()> {
    if gaps.is_empty() {
        return Ok(());
    }
    page.heading("not observed")?;
    for (GapLine { reason, remedy, times, lost }, whats) in merge(gaps) {
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
    Ok(())
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
