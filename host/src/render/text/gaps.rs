//! What could not be seen, once each.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use teeleak_analysis::model::Gap;

use super::{HEAD, WARN};
use crate::render::words::count;

/// Writes the gaps; those that differ only in their number of losses come once, with the sum.
pub(crate) fn write(gaps: &[Gap], out: &mut dyn Write) -> io::Result<()> {
    if gaps.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{HEAD}not seen{HEAD:#}")?;
    for ((what, reason, remedy), (times, lost)) in merge(gaps) {
        write!(out, "  {WARN}{what}{WARN:#}: {reason}")?;
        if lost > 0 {
            write!(out, ", {} lost", count(lost, "object"))?;
        }
        if times > 1 {
            write!(out, " ({times} times)")?;
        }
        match remedy {
            Some(remedy) => writeln!(out, "\n    {remedy}")?,
            None => writeln!(out)?,
        }
    }
    Ok(())
}

type Key = (String, String, Option<String>);

fn merge(gaps: &[Gap]) -> BTreeMap<Key, (u64, u64)> {
    let mut merged: BTreeMap<Key, (u64, u64)> = BTreeMap::new();
    for gap in gaps {
        let remedy = gap.remedy.as_ref().map(ToString::to_string);
        let entry = merged.entry((gap.what.to_string(), gap.reason.to_string(), remedy));
        let (times, lost) = entry.or_default();
        *times += 1;
        *lost += gap.lost;
    }
    merged
}
