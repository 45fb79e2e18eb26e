//! What differs between two samples, the largest growth first.

use std::{
    collections::BTreeMap,
    fmt::Display,
    io::{self, Write},
};

use super::{DIM, HEAD, gaps};
use crate::{
    compare::{Change, Difference},
    render::words::{self, count, grouped, signed},
};

/// Writes a difference.
pub(crate) fn write(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", headline(difference))?;
    let sites = difference.sites.iter().map(|(key, change)| {
        let owner = words::owner(&key.owner);
        (format!("{}:{} size {}  {DIM}{owner}{DIM:#}", key.file, key.line, key.size), change)
    });
    section("sites", "allocation", sites.collect(), out)?;
    section("regions", "region", named(&difference.regions), out)?;
    section("sessions", "session", named(&difference.sessions), out)?;
    pools(difference, out)?;
    gaps::write(&difference.gaps, out)
}

fn headline(difference: &Difference) -> String {
    if !difference.compared {
        return "nothing to compare: no part was seen in both".into();
    }
    let sum = |growth: fn(&Change) -> (i64, i64)| {
        let grown = difference.sites.values().map(growth);
        grown.fold((0, 0), |(n, bytes), (dn, dbytes)| (n + dn, bytes + dbytes))
    };
    let (n, bytes) = sum(Change::growth);
    let regions: i64 = difference.regions.values().map(|change| change.growth().0).sum();
    let sessions: i64 = difference.sessions.values().map(|change| change.growth().0).sum();
    format!(
        "{HEAD}growth{HEAD:#}: {} allocations ({} bytes), {} regions, {} sessions",
        signed(n),
        signed(bytes),
        signed(regions),
        signed(sessions)
    )
}

fn named<K: Display>(changes: &BTreeMap<K, Change>) -> Vec<(String, &Change)> {
    changes.iter().map(|(key, change)| (key.to_string(), change)).collect()
}

fn section(
    title: &str,
    thing: &str,
    mut changes: Vec<(String, &Change)>,
    out: &mut dyn Write,
) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    changes.sort_by_key(|(_, change)| {
        let (n, bytes) = change.growth();
        (std::cmp::Reverse(bytes), std::cmp::Reverse(n))
    });
    writeln!(out, "\n{HEAD}{title}{HEAD:#}")?;
    for (name, change) in changes {
        let (n, bytes) = change.growth();
        let now = count(change.after.count, thing);
        let course: Vec<_> =
            change.course.iter().map(|n| n.map_or_else(|| "-".to_owned(), grouped)).collect();
        let course =
            if course.is_empty() { String::new() } else { format!(": {}", course.join(" ")) };
        writeln!(
            out,
            "  {:>7} ({:>9} bytes)  {name}  {DIM}now {now}{course}{DIM:#}",
            signed(n),
            signed(bytes)
        )?;
    }
    Ok(())
}

fn pools(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    if difference.pools.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{HEAD}pools{HEAD:#}")?;
    for (kind, change) in &difference.pools {
        let (growth, now) = (signed(change.growth().0), grouped(change.after.count));
        writeln!(out, "  {growth:>9}  {}  {DIM}now {now}{DIM:#}", words::pool(kind))?;
    }
    Ok(())
}
