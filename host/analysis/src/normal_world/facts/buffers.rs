//! Buffers that several processes share, and pools of free pages.

use std::collections::{BTreeMap, BTreeSet};

use super::LedgerFact;
use crate::{
    model::{LedgerEntry, LedgerSnapshot},
    parse::ledgers::KERNEL_RSS,
    text,
};

/// Most processes and groups of processes.
const LISTED: usize = 4;

/// The processes of a buffer, by name and number.
type Owners = BTreeSet<String>;

/// `dmabuf_dump`: what no process has, then what each group of processes has, each buffer counted once.
pub(super) fn dump_facts(census: &LedgerSnapshot) -> Vec<LedgerFact> {
    let nobodys =
        census.rows.iter().find(|row| *row.name == *KERNEL_RSS).map_or(0, |row| row.bytes);
    let groups = groups(census);
    let held = groups
        .values()
        .flat_map(BTreeMap::values)
        .fold(0u64, |sum, bytes| sum.saturating_add(*bytes));
    let total = census.total.unwrap_or_else(|| held.saturating_add(nobodys));
    let mut facts = Vec::new();
    let count = groups.values().map(BTreeMap::len).sum::<usize>() as u64;
    let text = format!(
        "dmabuf_dump: {} in all, {} of {} that processes have",
        text::bytes(total),
        text::bytes(held),
        text::count(count, "buffer")
    );
    facts.push(LedgerFact::new(census, text).figures(Some(count), Some(total)));
    if nobodys > 0 {
        let text = format!(
            "{} ({}) are open or mapped in no process: dmabuf_dump -b or bufinfo name them",
            text::bytes(nobodys),
            text::share(nobodys, total)
        );
        facts.push(LedgerFact::new(census, text).part().figures(None, Some(nobodys)));
    }
    let mut ranked: Vec<_> = groups.into_iter().collect();
    let bytes = |inodes: &BTreeMap<u64, u64>| {
        inodes.values().fold(0u64, |sum, bytes| sum.saturating_add(*bytes))
    };
    ranked.sort_by_key(|(_, inodes)| std::cmp::Reverse(bytes(inodes)));
    for (owners, inodes) in ranked.iter().take(LISTED) {
        facts.push(
            group_fact(census, owners, inodes)
                .figures(Some(inodes.len() as u64), Some(bytes(inodes))),
        );
    }
    facts
}

/// Sizes of buffers by inode, by the processes that have them.
fn groups(census: &LedgerSnapshot) -> BTreeMap<Owners, BTreeMap<u64, u64>> {
    let mut owners: BTreeMap<u64, (Owners, u64)> = BTreeMap::new();
    for row in &census.rows {
        let (Some(inode), Some(holder)) = (row.ids.inode, &row.holder) else { continue };
        let entry = owners.entry(inode).or_default();
        entry.0.insert(text::holder(holder));
        entry.1 = row.bytes;
    }
    let mut groups: BTreeMap<Owners, BTreeMap<u64, u64>> = BTreeMap::new();
    for (inode, (owners, bytes)) in owners {
        groups.entry(owners).or_default().insert(inode, bytes);
    }
    groups
}

fn group_fact(census: &LedgerSnapshot, owners: &Owners, inodes: &BTreeMap<u64, u64>) -> LedgerFact {
    let names: Vec<_> = owners.iter().cloned().collect();
    let total = inodes.values().fold(0u64, |sum, bytes| sum.saturating_add(*bytes));
    let sizes: BTreeSet<_> = inodes.values().collect();
    let each = match sizes.first().filter(|_| sizes.len() == 1) {
        Some(size) => format!(" of {} each", text::bytes(**size)),
        None => String::new(),
    };
    let (verb, how) = if names.len() == 1 { ("has", "alone") } else { ("share", "counted once") };
    let text = format!(
        "{} {verb} {}{each} (inodes {}), {} in all, {how}",
        text::list(&names),
        text::count(inodes.len() as u64, "buffer"),
        text::ranges(&inodes.keys().copied().collect()),
        text::bytes(total)
    );
    LedgerFact::new(census, text).part()
}

/// Pools of ion: free pages that nobody uses.
pub(super) fn pool_facts(census: &LedgerSnapshot) -> Vec<LedgerFact> {
    let total = census.total.unwrap_or_else(|| census.bytes());
    let text = format!(
        "pools of ion heap {}: {} wait there: nobody uses them, and only the shrinker gives them back",
        census.of,
        text::bytes(total)
    );
    let mut facts = vec![LedgerFact::new(census, text).figures(None, Some(total))];
    let mut pools: BTreeMap<&str, Vec<&LedgerEntry>> = BTreeMap::new();
    for row in census.rows.iter().filter(|row| row.bytes > 0) {
        pools.entry(&row.name).or_default().push(row);
    }
    let bytes =
        |rows: &[&LedgerEntry]| rows.iter().fold(0u64, |sum, row| sum.saturating_add(row.bytes));
    let mut pools: Vec<_> = pools.into_iter().collect();
    pools.sort_by_key(|(_, rows)| std::cmp::Reverse(bytes(rows)));
    for (name, rows) in pools {
        let block = |row: &&LedgerEntry| {
            let domain = row.users.first().map_or(String::new(), |user| format!(" of {user}"));
            format!("{} of order {}{domain}", text::number(row.count), row.ids.order.unwrap_or(0))
        };
        let blocks: Vec<_> = rows.iter().map(block).collect();
        let text = format!("{name}: {}: {}", text::bytes(bytes(&rows)), text::list(&blocks));
        facts.push(LedgerFact::new(census, text).part().figures(None, Some(bytes(&rows))));
    }
    facts
}
