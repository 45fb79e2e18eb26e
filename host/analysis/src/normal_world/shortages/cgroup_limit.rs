//! The cgroup whose limit made the OOM killer act.

use crate::{
    model::{LedgerEntry, LedgerSnapshot},
    normal_world::facts::kib,
    parse::ledgers::{CGROUP, OF_CGROUP},
    text,
};

/// Kinds of memory that are shown.
const SHOWN: usize = 3;

/// What a report shows of a cgroup.
pub(super) struct CgroupLimit<'n> {
    usage: &'n LedgerEntry,
    /// Bytes; `None` where the report was cut.
    pub(super) limit: Option<u64>,
    kinds: Vec<&'n LedgerEntry>,
}

impl<'n> CgroupLimit<'n> {
    /// `None` if all memory ran out, and not that of a cgroup.
    pub(super) fn of(report: &'n LedgerSnapshot) -> Option<Self> {
        let usage = report.rows.iter().find(|row| *row.name == *CGROUP)?;
        let mut kinds: Vec<_> =
            report.rows.iter().filter(|row| *row.exporter == *OF_CGROUP && row.bytes > 0).collect();
        kinds.sort_by_key(|row| std::cmp::Reverse(row.bytes));
        kinds.truncate(SHOWN);
        Some(Self { usage, limit: usage.ids.limit, kinds })
    }

    /// `the cgroup /app`.
    pub(super) fn name(&self) -> String {
        match &*self.usage.exporter {
            "" => "a cgroup".to_owned(),
            "/" => "the root cgroup".to_owned(),
            path => format!("the cgroup {path}"),
        }
    }

    /// What it uses, one sentence each.
    pub(super) fn sentences(&self) -> impl Iterator<Item = String> {
        let used = self.limit.map(|limit| {
            format!(
                "{} uses {} of its limit of {}; {} had hit the limit",
                self.name(),
                kib(self.usage.bytes),
                kib(limit),
                text::count(self.usage.count, "allocation")
            )
        });
        let kinds: Vec<_> =
            self.kinds.iter().map(|row| format!("{} {}", row.name, kib(row.bytes))).collect();
        let kinds = (!kinds.is_empty()).then(|| format!("most of it: {}", text::list(&kinds)));
        used.into_iter().chain(kinds)
    }
}
