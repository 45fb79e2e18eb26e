//! What binder keeps of a process, and who refers to it.

use super::LedgerFact;
use crate::{
    model::{Holder, LedgerSnapshot, LogFact, NormalWorld},
    parse::ledgers::{BUFFERS, NODES, REFS, THREADS},
    text,
};

/// Bytes of the area of most processes: 1 MiB less two pages (`BINDER_VM_SIZE` of Android's libbinder).
const USUAL_AREA: u64 = (1 << 20) - 2 * 4096;

/// Buffers that are worth a sentence of their own.
const SIZES: usize = 3;

pub(super) fn facts(census: &LedgerSnapshot, normal: &NormalWorld) -> Vec<LedgerFact> {
    let sum = |name: &str, amount: fn(&crate::model::LedgerEntry) -> u64| {
        let rows = census.rows.iter().filter(|row| *row.name == *name);
        rows.fold(0u64, |sum, row| sum.saturating_add(amount(row)))
    };
    let counted = |name| sum(name, |row| row.count);
    let (buffers, bytes) = (counted(BUFFERS), sum(BUFFERS, |row| row.bytes));
    let pid = census.of.parse().unwrap_or(0);
    let text = format!(
        "proc {}: {}, {}, {}, {}",
        text::holder(&named(pid, normal)),
        text::count(counted(THREADS), "thread"),
        text::count(counted(NODES), "node"),
        text::count(counted(REFS), "ref"),
        text::count(buffers, "buffer")
    );
    let mut facts = vec![LedgerFact::new(census, text)];
    let mut users: Vec<_> =
        census.rows.iter().filter_map(|row| Some((row.count, row.holder.as_ref()?))).collect();
    users.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    if let Some((count, user)) = users.first() {
        let text = format!(
            "{} are referenced by {} alone",
            text::count(*count, "node"),
            text::holder(&named(user.pid, normal))
        );
        facts.push(LedgerFact::new(census, text).part().figures(Some(*count), None));
    }
    if buffers > 0 {
        let text = format!(
            "{} are kept, {}{}: {} of a usual area of {} bytes",
            text::count(buffers, "buffer"),
            text::bytes(bytes),
            sizes(census),
            text::share(bytes, USUAL_AREA),
            text::number(USUAL_AREA)
        );
        facts.push(LedgerFact::new(census, text).part().figures(Some(buffers), Some(bytes)));
    }
    facts
}

/// `, 11 of 65,536 bytes`.
fn sizes(census: &LedgerSnapshot) -> String {
    let mut rows: Vec<_> =
        census.rows.iter().filter(|row| *row.name == *BUFFERS && row.count > 1).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.bytes));
    let size = |row: &&crate::model::LedgerEntry| {
        format!(
            "{} of {} bytes",
            text::number(row.count),
            text::number(row.bytes / row.count.max(1))
        )
    };
    let sizes: Vec<_> = rows.iter().take(SIZES).map(size).collect();
    if sizes.is_empty() { String::new() } else { format!(" ({})", text::list(&sizes)) }
}

/// A process with its name, where a list of processes has it.
fn named(pid: u64, normal: &NormalWorld) -> Holder {
    let holder = normal.sayings.iter().rev().find_map(|one| match &one.said {
        LogFact::Process(holder) if holder.pid == pid => Some(holder.clone()),
        _ => None,
    });
    holder.unwrap_or_else(|| Holder { pid, comm: "".into() })
}
