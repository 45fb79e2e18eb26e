//! What is there, line by line, with the way to what is not.

use std::io::{self, Write};

use super::{BAD, DIM, GOOD, HEAD, WARN};
use crate::{
    cost::{Cost, Spread},
    diagnose::{Check, Diagnosis, State},
};

/// Writes a diagnosis and, where they were measured, the costs of a snapshot.
pub(crate) fn write(
    diagnosis: &Diagnosis,
    cost: Option<Cost>,
    out: &mut dyn Write,
) -> io::Result<()> {
    if diagnosis.can_observe {
        writeln!(out, "{GOOD}teeleak can observe this TEE{GOOD:#}\n")?;
    } else {
        writeln!(out, "{BAD}teeleak can't observe this TEE{BAD:#}\n")?;
    }
    diagnosis.checks.iter().try_for_each(|check| line(check, out))?;
    cost.map_or(Ok(()), |cost| costs(&cost, out))
}

fn costs(cost: &Cost, out: &mut dyn Write) -> io::Result<()> {
    let Cost { snapshots, counts, .. } = cost;
    let known = |n: Option<u32>| n.map_or_else(|| "?".into(), |n| n.to_string());
    let (allocations, regions) = (known(counts.allocations), known(counts.regions));
    writeln!(
        out,
        "\n{HEAD}cost of a snapshot{HEAD:#} ({snapshots} taken; {allocations} allocations, \
         {regions} regions)"
    )?;
    spread("from asking to the last page", cost.wall, out)?;
    spread("malloc lock of the TEE core held", cost.lock, out)?;
    writeln!(out, "{HEAD}cost of a look at the pools{HEAD:#}, as each poll of a watch takes")?;
    spread("from asking to the answer", cost.poll_wall, out)?;
    spread("malloc lock of the TEE core held", cost.poll_lock, out)
}

fn spread(what: &str, spread: Spread, out: &mut dyn Write) -> io::Result<()> {
    let Spread { median_ns, max_ns } = spread;
    let (median, max) = (median_ns / 1_000, max_ns / 1_000);
    writeln!(out, "    {what}: median {median} us, at most {max} us")
}

fn line(check: &Check, out: &mut dyn Write) -> io::Result<()> {
    let (style, mark) = match check.state {
        State::Present => (GOOD, "yes"),
        State::Missing => (BAD, "no"),
        State::Unknown => (WARN, "?"),
    };
    let Check { name, brings, detail, .. } = check;
    writeln!(out, "{style}{mark:<4}{style:#}{HEAD}{name:<15}{HEAD:#} {brings}: {detail}")?;
    match &check.remedy {
        Some(remedy) => writeln!(out, "    {DIM}{:<15} {remedy}{DIM:#}", "to have it:"),
        None => Ok(()),
    }
}
