//! What could not be observed, merged.

use std::{collections::BTreeMap, io};

use teeleak_analysis::{
    model::Gap,
    text::{count, number},
};

use super::{Line, Page};

/// Writes the gaps. Gaps that differ only in their losses are summed; gaps without losses that share
/// reason and remedy are put on one line.
pub(crate) fn write(gaps: &[Gap], page: &mut Page<'_>) -> io::Result<()> {
    if gaps.is_empty() {
        return Ok(());
    }
    page.heading("not observed")?;
    for (Told { reason, remedy, times, lost }, whats) in merge(gaps) {
        let mut line = Line::at(2).warn(whats.join("; ")).text(format_args!(": {reason}"));
        if lost > 0 {
            line = line.text(format_args!(", {} lost", count(lost, "object")));
        }
        if times > 1 {
            line = line.text(format_args!(" ({} times)", number(times)));
        }
        page.put(line)?;
        if let Some(remedy) = remedy {
            page.put(Line::at(4).text(remedy))?;
        }
    }
    Ok(())
}

/// One line of gaps.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    reason: String,
    remedy: Option<String>,
    times: u64,
    lost: u64,
}

/// Reason and remedy.
type Why = (String, Option<String>);

fn merge(gaps: &[Gap]) -> Vec<(Told, Vec<String>)> {
    let mut merged: BTreeMap<String, BTreeMap<Why, (u64, u64)>> = BTreeMap::new();
    for gap in gaps {
        let remedy = gap.remedy.as_ref().map(ToString::to_string);
        let of = merged.entry(gap.what.to_string()).or_default();
        let (times, lost) = of.entry((gap.reason.to_string(), remedy)).or_default();
        *times += 1;
        *lost += gap.lost;
    }
    let mut told: Vec<(Told, Vec<String>)> = Vec::new();
    for (what, reasons) in merged {
        for ((reason, remedy), (times, lost)) in reasons {
            let this = Told { reason, remedy, times, lost };
            match told.iter_mut().find(|(known, _)| lost == 0 && *known == this) {
                Some((_, whats)) => whats.push(what.clone()),
                None => told.push((this, vec![what.clone()])),
            }
        }
    }
    told
}
