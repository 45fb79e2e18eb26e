//! Reports of the OOM killer: what had the memory, and whether the killed process did.

use std::collections::BTreeMap;

use super::{cgroup_limit::CgroupLimit, draft};
use crate::{
    model::{
        FigureKind, Finding, Holder, LedgerEntry, LedgerKind, LedgerSnapshot, NormalPool,
        NormalWorld, Unit,
    },
    normal_world::{facts::kib, finding_builder::FindingBuilder},
    parse::ledgers::{ASKED, KILLED, NODE},
    text,
};

/// Share of all memory from which a killed process may be the culprit, in percent.
const CULPRIT: u64 = 30;

/// Caches and tasks that are shown.
const SHOWN: usize = 3;

/// Parts of the memory of a node, besides what zones print; those of the LRU lists contain shared memory.
const PARTS: [&str; 11] = [
    "active_anon",
    "inactive_anon",
    "active_file",
    "inactive_file",
    "unevictable",
    "isolated_anon",
    "isolated_file",
    "slab_reclaimable",
    "slab_unreclaimable",
    "pagetables",
    "sec_pagetables",
];

pub(super) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    // Others only show all memory, as SysRq-m prints it.
    let is_of_failure = |report: &&LedgerSnapshot| {
        [KILLED, ASKED].iter().any(|name| holder(report, name).is_some())
    };
    let reports: Vec<_> = normal.snapshots(LedgerKind::OomReport).filter(is_of_failure).collect();
    // One story for one machine: the last report has most of it.
    let last =
        reports.iter().rev().find(|report| holder(report, KILLED).is_some()).or(reports.last());
    last.map(|report| OomReport::new(normal, report).finding(reports.len() as u64))
        .into_iter()
        .collect()
}

/// What the report shows of all memory, one sentence each.
pub(super) fn balance(normal: &NormalWorld, report: &LedgerSnapshot) -> Vec<String> {
    OomReport::new(normal, report).balance()
}

fn holder<'n>(report: &'n LedgerSnapshot, name: &str) -> Option<(&'n Holder, &'n LedgerEntry)> {
    let row = report.rows.iter().find(|row| *row.name == *name)?;
    Some((row.holder.as_ref()?, row))
}

struct OomReport<'n> {
    report: &'n LedgerSnapshot,
    slabs: Option<&'n LedgerSnapshot>,
    tasks: Option<&'n LedgerSnapshot>,
    cgroup: Option<CgroupLimit<'n>>,
}

impl<'n> OomReport<'n> {
    fn new(normal: &'n NormalWorld, report: &'n LedgerSnapshot) -> Self {
        let part = |kind| normal.snapshots(kind).find(|census| census.place == report.place);
        Self {
            report,
            slabs: part(LedgerKind::OomSlabs),
            tasks: part(LedgerKind::OomTasks),
            cgroup: CgroupLimit::of(report),
        }
    }

    /// The sum of a figure: as pages of all memory, else of the zones.
    fn figure(&self, name: &str) -> Option<u64> {
        self.sum(name, str::is_empty)
            .or_else(|| self.sum(name, |owner| owner == NODE))
            .or_else(|| self.of_zones(name))
    }

    /// The sum of the rows of this name, of the owners that fit.
    fn sum(&self, name: &str, fits: impl Fn(&str) -> bool) -> Option<u64> {
        let rows = self.report.rows.iter().filter(|row| *row.name == *name && fits(&row.exporter));
        rows.fold(None, |sum: Option<u64>, row| Some(sum.unwrap_or(0).saturating_add(row.bytes)))
    }

    fn of_zones(&self, name: &str) -> Option<u64> {
        self.sum(name, |owner| !owner.is_empty() && owner != NODE)
    }

    fn total(&self) -> Option<u64> {
        let pages = || self.figure("RAM")?.checked_sub(self.figure("reserved").unwrap_or(0));
        self.of_zones("managed").or_else(pages)
    }

    /// What no list has: pages that drivers allocate themselves. Unknown where parts are missing.
    fn unaccounted(&self) -> Option<u64> {
        let needed = ["active_anon", "inactive_anon", "slab_unreclaimable"];
        needed.iter().all(|name| self.figure(name).is_some()).then_some(())?;
        let free = self.of_zones("free").or_else(|| self.figure("free"))?;
        let parts = PARTS.iter().filter_map(|name| self.figure(name));
        let stacks = self.figure("kernel_stack").into_iter().chain(self.of_zones("free_pcp"));
        let known = parts.chain(stacks).fold(free, u64::saturating_add);
        Some(self.total()?.saturating_sub(known))
    }

    fn finding(&self, reports: u64) -> Finding {
        let mut draft = draft(NormalPool::AllMemory, self.title()).figure(
            FigureKind::Count,
            reports,
            Unit::Objects,
        );
        if let Some((process, row)) = holder(self.report, ASKED) {
            draft = draft
                .evidence_at(&format!("{} asked for memory", text::holder(process)), &row.place);
        }
        draft = self.add_zones(draft);
        for line in self.balance() {
            draft = draft.text(&line);
        }
        draft = self.add_lists(draft);
        draft.next(&self.next_step())
    }

    fn title(&self) -> String {
        let Some((process, row)) = holder(self.report, KILLED) else { return self.failed_pages() };
        let process = text::holder(process);
        let lead = match &self.cgroup {
            Some(cgroup) => format!("memory of {} ran out at its limit", cgroup.name()),
            None => "memory ran out".to_owned(),
        };
        let total = match &self.cgroup {
            Some(cgroup) => cgroup.limit,
            None => self.total(),
        };
        let Some(total) = total else { return format!("{lead}: {process} was killed") };
        // Some of what a task shares is on the account of another cgroup.
        let (share, had) = (text::share(row.bytes.min(total), total), kib(row.bytes));
        if self.is_culprit(row, total) {
            format!("{lead}: {process} was killed, which had {share} of it ({had})")
        } else {
            format!(
                "{lead}: {process} was killed and is the victim, not the culprit: it had {share} ({had})"
            )
        }
    }

    /// Of a failed allocation that killed nobody: pages of a high order may lack although memory is free.
    fn failed_pages(&self) -> String {
        let order = holder(self.report, ASKED).and_then(|(_, row)| row.ids.order).unwrap_or(0);
        let free = self
            .of_zones("free")
            .unwrap_or(0)
            .saturating_sub(self.of_zones("free_cma").unwrap_or(0));
        let is_free = self.of_zones("min").is_some_and(|min| free > min);
        if order > 0 && is_free {
            return format!(
                "memory is in pieces: an allocation of order {order} failed while {} were free",
                kib(free)
            );
        }
        format!("memory ran out: an allocation of order {order} failed")
    }

    /// Whether the killed process had the memory.
    fn is_of_killed(&self) -> bool {
        let killed = holder(self.report, KILLED).zip(self.total());
        killed.is_some_and(|((_, row), total)| self.is_culprit(row, total))
    }

    fn is_culprit(&self, row: &LedgerEntry, total: u64) -> bool {
        row.bytes.saturating_mul(100) >= total.saturating_mul(CULPRIT)
    }

    /// Zones below their watermark, and swap.
    fn add_zones(&self, mut draft: FindingBuilder) -> FindingBuilder {
        let mut zones: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
        for row in
            self.report.rows.iter().filter(|row| !row.exporter.is_empty() && &*row.exporter != NODE)
        {
            zones.entry(&row.exporter).or_default().insert(&row.name, row.bytes);
        }
        for (zone, figures) in zones {
            let (Some(free), Some(min)) = (figures.get("free"), figures.get("min")) else {
                continue;
            };
            let cma = figures.get("free_cma").copied().unwrap_or(0);
            let usable = free.saturating_sub(cma);
            let relation = if usable < *min { "below" } else { "above" };
            draft = draft.text(&format!(
                "zone {zone}: {} free, {} of it CMA, so {} usable, {relation} min {}",
                kib(*free),
                kib(cma),
                kib(usable),
                kib(*min)
            ));
        }
        match self.figure("Total swap") {
            Some(0) => draft.text("no swap"),
            Some(total) => draft.text(&format!(
                "swap: {} of {} free",
                kib(self.figure("Free swap").unwrap_or(0)),
                kib(total)
            )),
            None => draft,
        }
    }

    /// Where all memory is, one sentence each.
    fn balance(&self) -> Vec<String> {
        if let Some(cgroup) = &self.cgroup {
            return cgroup.sentences().collect();
        }
        let Some(total) = self.total() else { return Vec::new() };
        let share = |bytes| format!("{} ({})", kib(bytes), text::share(bytes, total));
        let mut lines = vec![match self.unaccounted() {
            Some(bytes) => format!(
                "of {}, {} are on nobody's account: pages that drivers allocate themselves",
                kib(total),
                share(bytes)
            ),
            None => format!(
                "of {}, what nobody accounts for is unknown: figures are missing from the report",
                kib(total)
            ),
        }];
        let sum =
            |names: [&str; 2]| Some(self.figure(names[0])?.saturating_add(self.figure(names[1])?));
        if let (Some(slab), Some(fixed)) =
            (sum(["slab_reclaimable", "slab_unreclaimable"]), self.figure("slab_unreclaimable"))
        {
            lines.push(format!("slab {}, {} of it not reclaimable", kib(slab), share(fixed)));
        }
        let others = [
            ("anonymous", sum(["active_anon", "inactive_anon"])),
            ("page tables", self.figure("pagetables")),
            ("kernel stacks", self.figure("kernel_stack")),
        ];
        let others: Vec<_> = others
            .into_iter()
            .filter_map(|(name, bytes)| Some(format!("{name} {}", kib(bytes?))))
            .collect();
        lines.extend((!others.is_empty()).then(|| text::list(&others)));
        lines
    }

    /// The largest caches and tasks.
    fn add_lists(&self, mut draft: FindingBuilder) -> FindingBuilder {
        if let Some(slabs) = self.slabs {
            let names = largest(slabs)
                .iter()
                .map(|row| format!("{} {}", row.name, kib(row.bytes)))
                .collect::<Vec<_>>();
            draft = draft
                .text(&format!("largest slabs that can't be reclaimed: {}", text::list(&names)));
        }
        if let Some(tasks) = self.tasks {
            let name = |row: &&LedgerEntry| {
                format!(
                    "{} {}",
                    row.holder.as_ref().map_or_else(String::new, text::holder),
                    kib(row.bytes)
                )
            };
            let names: Vec<_> = largest(tasks).iter().map(name).collect();
            draft = draft.text(&format!(
                "all tasks together are resident with {}; largest: {}",
                kib(tasks.bytes()),
                text::list(&names)
            ));
        }
        draft
    }

    fn next_step(&self) -> String {
        if self.cgroup.is_some() {
            return "showmap of the process in each iteration, to see what of it grows; a larger memory.max if it only \
                    needs that much"
                .to_owned();
        }
        if self.is_of_killed() {
            return "smaps or showmap of the killed process in each iteration, to see what of it grows".to_owned();
        }
        let cache =
            self.slabs.and_then(|slabs| largest(slabs).first().map(|row| row.name.to_string()));
        let cache = cache.map_or(String::new(), |cache| format!(", alloc_traces of {cache}"));
        format!("page_owner for what nobody accounts for{cache}")
    }
}

fn largest(census: &LedgerSnapshot) -> Vec<&LedgerEntry> {
    let mut rows: Vec<_> = census.rows.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.bytes));
    rows.truncate(SHOWN);
    rows
}
