//! The difference between snapshots, largest growth first.

use std::{collections::BTreeMap, fmt::Display, io};

use teeleak_analysis::text::{count, number, signed_number};

use super::{TextLine, TextPage, gaps};
use crate::{
    compare::snapshots::{AmountChange, Difference},
    render::labels,
};

/// Rows per table without `-v`.
const ROWS: usize = 10;

/// Name, owner and change.
type ChangeRow<'c> = (String, String, &'c AmountChange);

/// Writes a difference.
pub(crate) fn write(difference: &Difference, page: &mut TextPage<'_>) -> io::Result<()> {
    headline(difference, page)?;
    let sites = difference.sites.iter().map(|(key, change)| {
        (
            format!("{}:{} size {}  ", key.file, key.line, number(key.size)),
            labels::holder(key),
            change,
        )
    });
    section("sites", "allocation", sites.collect(), page)?;
    section("regions", "region", keyed_rows(&difference.regions), page)?;
    section("sessions", "session", keyed_rows(&difference.sessions), page)?;
    pools(difference, page)?;
    gaps::write(&difference.gaps, page)?;
    page.close()
}

fn headline(difference: &Difference, page: &mut TextPage<'_>) -> io::Result<()> {
    if !difference.compared {
        let message = "nothing to compare: no part was observed in both";
        return page.write_line(TextLine::default().text(message));
    }
    let sum = |growth: fn(&AmountChange) -> (i64, i64)| {
        let growths = difference.sites.values().map(growth);
        growths.fold((0, 0), |(n, bytes), (dn, dbytes)| (n + dn, bytes + dbytes))
    };
    let (n, bytes) = sum(AmountChange::growth);
    let regions: i64 = difference.regions.values().map(|change| change.growth().0).sum();
    let sessions: i64 = difference.sessions.values().map(|change| change.growth().0).sum();
    page.write_line(TextLine::default().head("growth").text(format_args!(
        ": {} allocations ({} bytes), {} regions, {} sessions",
        signed_number(n),
        signed_number(bytes),
        signed_number(regions),
        signed_number(sessions)
    )))
}

fn keyed_rows<K: Display>(changes: &BTreeMap<K, AmountChange>) -> Vec<ChangeRow<'_>> {
    changes.iter().map(|(key, change)| (key.to_string(), String::new(), change)).collect()
}

fn section(
    title: &str,
    thing: &str,
    mut changes: Vec<ChangeRow<'_>>,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    changes.sort_by_key(|(_, _, change)| {
        let (n, bytes) = change.growth();
        (std::cmp::Reverse(bytes), std::cmp::Reverse(n))
    });
    page.heading(title)?;
    let n_shown = if changes.len() > ROWS && !page.shows_all() { ROWS } else { changes.len() };
    for (name, owner, change) in &changes[..n_shown] {
        let (n, bytes) = change.growth();
        let begin = TextLine::indent(2).text(format_args!(
            "{:>7} ({:>9} bytes)  ",
            signed_number(n),
            signed_number(bytes)
        ));
        let line = begin.hang().text(name).dim(owner);
        page.write_line(line.dim(format_args!(
            "  now {}{}",
            count(change.after.count, thing),
            course(change)
        )))?;
    }
    match changes.len() - n_shown {
        0 => Ok(()),
        more => page.write_line(
            TextLine::indent(2)
                .dim(format_args!("and {} more that grew less", number(more as u64))),
        ),
    }
}

/// The counts of all captures, if there are more than two.
fn course(change: &AmountChange) -> String {
    let course: Vec<_> =
        change.course.iter().map(|n| n.map_or_else(|| "-".to_owned(), number)).collect();
    if course.is_empty() { String::new() } else { format!(": {}", course.join(" ")) }
}

fn pools(difference: &Difference, page: &mut TextPage<'_>) -> io::Result<()> {
    if difference.pools.is_empty() {
        return Ok(());
    }
    page.heading("pools")?;
    for (kind, change) in &difference.pools {
        let (growth, now) = (signed_number(change.growth().0), number(change.after.count));
        let line = TextLine::indent(2).text(format_args!("{growth:>9}  {}", kind.label()));
        page.write_line(line.dim(format_args!("  now {now}")))?;
    }
    Ok(())
}
