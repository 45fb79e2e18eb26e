//! Result of each check, with the fix for what is missing.

use std::io;

use teeleak_analysis::text::number;

use super::{Line, Page, Tone};
use crate::diagnose::{
    Check, Diagnosis, State,
    cost::{Cost, Spread},
};

/// Writes a diagnosis and the costs of a snapshot, if they were measured.
pub(crate) fn write(
    diagnosis: &Diagnosis,
    cost: Option<Cost>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    page.write_line(if diagnosis.can_observe {
        Line::default().good("teeleak can observe this TEE")
    } else {
        Line::default().bad("teeleak can't observe this TEE")
    })?;
    page.blank()?;
    diagnosis.checks.iter().try_for_each(|check| line(check, page))?;
    cost.map_or(Ok(()), |cost| costs(&cost, page))
}

fn costs(cost: &Cost, page: &mut Page<'_>) -> io::Result<()> {
    let Cost { snapshots, counts, .. } = cost;
    let count_text = |n: Option<u32>| n.map_or_else(|| "?".into(), |n| number(n.into()));
    let (allocations, regions) = (count_text(counts.allocations), count_text(counts.regions));
    page.blank()?;
    page.write_line(Line::default().head("cost of a snapshot").text(format_args!(
        " ({} taken; {allocations} allocations, {regions} regions)",
        number((*snapshots).into())
    )))?;
    spread("request to last page", cost.wall, page)?;
    spread("TEE core's malloc lock held", cost.lock, page)?;
    let polls = Line::default().head("cost of a poll of the pools");
    page.write_line(polls.text(", as done by `teeleak watch`"))?;
    spread("request to reply", cost.poll_wall, page)?;
    spread("TEE core's malloc lock held", cost.poll_lock, page)
}

fn spread(what: &str, spread: Spread, page: &mut Page<'_>) -> io::Result<()> {
    let Spread { median_ns, max_ns } = spread;
    let (median, max) = (number(median_ns / 1_000), number(max_ns / 1_000));
    let text = format!("{what}: median {median} us, at most {max} us");
    page.write_line(Line::indent(4).text(text))
}

fn line(check: &Check, page: &mut Page<'_>) -> io::Result<()> {
    let (tone, mark) = match check.state {
        State::Present => (Tone::Good, "yes"),
        State::Missing => (Tone::Bad, "no"),
        State::Unknown => (Tone::Warn, "?"),
    };
    let Check { id, brings, detail, .. } = check;
    let begin =
        Line::default().tone(tone, format_args!("{mark:<4}")).head(id.name()).pad(19).text(" ");
    page.write_line(begin.hang().text(format_args!("{brings}: {detail}")))?;
    match &check.remedy {
        Some(remedy) => {
            page.write_line(Line::indent(4).dim(format_args!("{:<15} ", "fix:")).hang().dim(remedy))
        }
        None => Ok(()),
    }
}
