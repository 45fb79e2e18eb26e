//! The rows of a list by who has them: all together, then the largest.

use std::collections::{BTreeMap, BTreeSet};

use super::LedgerFact;
use crate::{
    model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot, LogFact, NormalWorld},
    text,
};

/// Most groups that are shown of a ledger.
const LISTED: usize = 5;

/// The same of kinds of descriptors, of which a process has many.
const KINDS: usize = 10;

/// Most devices that are shown of a buffer, and inodes.
const DETAILS: usize = 4;

/// Most descriptors that are kept of a process.
const FDS: usize = 4096;

/// What the rows of a ledger are; `None` for one that is no list of holders.
const fn noun(ledger: LedgerKind) -> Option<&'static str> {
    Some(match ledger {
        LedgerKind::Slab | LedgerKind::SlabCallers | LedgerKind::Kmemleak | LedgerKind::Memleak => {
            "object"
        }
        LedgerKind::PageOwner => "page",
        LedgerKind::DmaBuf | LedgerKind::DmaHeap | LedgerKind::FdInfo | LedgerKind::IonHeap => {
            "buffer"
        }
        LedgerKind::CameraBuffers => "buffer",
        LedgerKind::Mappings | LedgerKind::IovaMap | LedgerKind::IommuUsers => "mapping",
        LedgerKind::VmallocInfo => "area",
        LedgerKind::IommuFaults => "fault",
        LedgerKind::Descriptors => "descriptor",
        LedgerKind::Table => "row",
        LedgerKind::OomSlabs => "cache",
        LedgerKind::OomTasks => "task",
        _ => return None,
    })
}

/// Rows that are alike.
#[derive(Default)]
struct RowGroup<'n> {
    count: u64,
    bytes: u64,
    first: Option<&'n LedgerEntry>,
    inodes: BTreeSet<u64>,
    /// Bytes of each, if they are the same.
    sizes: BTreeSet<u64>,
    fds: BTreeSet<u64>,
    /// Descriptors of buffers that others of the group have, too.
    copies: BTreeMap<u64, u64>,
}

pub(super) fn facts(census: &LedgerSnapshot, normal: &NormalWorld) -> Vec<LedgerFact> {
    let Some(noun) = noun(census.ledger) else { return Vec::new() };
    let mut groups: BTreeMap<String, RowGroup<'_>> = BTreeMap::new();
    let mut inodes = BTreeSet::new();
    for row in census.rows.iter().filter(|row| is_counted(census.ledger, row)) {
        let is_copy = census.ledger == LedgerKind::FdInfo
            && row.ids.inode.is_some_and(|inode| !inodes.insert(inode));
        groups.entry(key(census.ledger, row, normal)).or_default().add(row, census.ledger, is_copy);
    }
    let all = groups.values().fold((0u64, 0u64), |(count, bytes), group| {
        (count.saturating_add(group.count), bytes.saturating_add(group.bytes))
    });
    if groups.is_empty() {
        return Vec::new();
    }
    let mut ranked: Vec<_> = groups.into_iter().collect();
    ranked.sort_by_key(|(_, group)| std::cmp::Reverse((group.bytes, group.count)));
    let listed = if census.ledger == LedgerKind::Descriptors { KINDS } else { LISTED };
    let mut facts = vec![whole(census, noun, all)];
    facts.extend(
        ranked
            .iter()
            .take(listed)
            .filter_map(|(name, group)| group.fact(census, (name, noun), all)),
    );
    facts
}

/// Addresses of devices are no memory, and the sum of a process's descriptors is no kind of them.
fn is_counted(ledger: LedgerKind, row: &LedgerEntry) -> bool {
    match ledger {
        LedgerKind::VmallocInfo | LedgerKind::Table => row.bytes > 0,
        LedgerKind::Descriptors => !row.name.is_empty(),
        _ => true,
    }
}

fn key(ledger: LedgerKind, row: &LedgerEntry, normal: &NormalWorld) -> String {
    let holder = row.holder.as_ref().map(|holder| text::holder(&named(holder, normal)));
    match ledger {
        LedgerKind::DmaBuf => format!("{} of {} each", buffer_name(row), text::bytes(row.bytes)),
        LedgerKind::IovaMap => format!("{} each", text::bytes(row.bytes)),
        LedgerKind::Descriptors => row.name.to_string(),
        LedgerKind::DmaHeap
        | LedgerKind::FdInfo
        | LedgerKind::Mappings
        | LedgerKind::IonHeap
        | LedgerKind::Table
        | LedgerKind::OomTasks => {
            let nameless = row.name.is_empty() || ledger != LedgerKind::Table;
            holder.unwrap_or_else(|| {
                if nameless {
                    "no process".into()
                } else {
                    row.name.trim_end_matches(':').to_owned()
                }
            })
        }
        LedgerKind::PageOwner if is_page_fault(row) => format!("page faults ({})", row.name),
        _ => row.name.to_string(),
    }
}

/// A buffer by its name and by who made it.
fn buffer_name(row: &LedgerEntry) -> String {
    match (&*row.name, &*row.exporter) {
        (name, "") => name.to_owned(),
        (name, exporter) if name == exporter => name.to_owned(),
        (name, exporter) => format!("{name} of exporter {exporter}"),
    }
}

/// Whether pages are those of processes, which get them when they touch their memory.
pub(in crate::normal_world) fn is_page_fault(row: &LedgerEntry) -> bool {
    let faults = ["handle_mm_fault", "do_anonymous_page", "do_page_fault"];
    row.stack.iter().any(|name| faults.iter().any(|fault| name.contains(fault)))
}

/// The holder with its name, where a list of processes has it.
fn named(holder: &Holder, normal: &NormalWorld) -> Holder {
    let listed = normal.sayings.iter().rev().find_map(|one| match &one.said {
        LogFact::Process(listed) if listed.pid == holder.pid && holder.comm.is_empty() => {
            Some(listed)
        }
        _ => None,
    });
    listed.unwrap_or(holder).clone()
}

fn whole(census: &LedgerSnapshot, noun: &str, (count, bytes): (u64, u64)) -> LedgerFact {
    let total = census.total.filter(|total| *total > 0);
    let printed = match total {
        Some(total) if total == bytes => ", the printed total".to_owned(),
        Some(total) => format!(", the printed total is {}", text::number(total)),
        None => String::new(),
    };
    let orders = if census.ledger == LedgerKind::PageOwner {
        count_pages(bytes)
    } else {
        text::count(count, noun)
    };
    let all = if bytes > 0 { format!("{orders}, {}{printed}", text::bytes(bytes)) } else { orders };
    LedgerFact::new(census, format!("{}: {all}", census.title()))
        .figures(Some(count), Some(bytes).filter(|bytes| *bytes > 0))
}

const fn is_alone(ledger: LedgerKind) -> bool {
    matches!(ledger, LedgerKind::Table | LedgerKind::OomSlabs | LedgerKind::OomTasks)
}

fn count_pages(bytes: u64) -> String {
    text::count(bytes / 4096, "page")
}

impl<'n> RowGroup<'n> {
    fn add(&mut self, row: &'n LedgerEntry, ledger: LedgerKind, is_copy: bool) {
        self.first.get_or_insert(row);
        if self.fds.len() < FDS {
            self.fds.extend(&row.ids.fds);
        }
        if is_copy {
            let fds = row.ids.fds.iter().take(DETAILS).copied();
            self.copies.extend(fds.map(|fd| (fd, row.ids.inode.unwrap_or(0))));
            return;
        }
        self.count = self.count.saturating_add(row.count);
        self.bytes = self.bytes.saturating_add(row.bytes);
        if self.sizes.len() < 2 && ledger != LedgerKind::PageOwner {
            self.sizes.insert(row.bytes / row.count.max(1));
        }
        if self.inodes.len() < DETAILS {
            self.inodes.extend(row.ids.inode);
        }
    }

    fn fact(
        &self,
        census: &LedgerSnapshot,
        (name, noun): (&str, &str),
        all: (u64, u64),
    ) -> Option<LedgerFact> {
        let first = self.first?;
        let count = match census.ledger {
            LedgerKind::PageOwner => count_pages(self.bytes),
            _ => text::count(self.count, noun),
        };
        let is_alone = is_alone(census.ledger);
        let share =
            if all.1 > 0 { text::share(self.bytes, all.1) } else { text::share(self.count, all.0) };
        let bytes =
            if self.bytes > 0 { format!(", {}", text::bytes(self.bytes)) } else { String::new() };
        // A row of a table is one thing, whose size is all that matters.
        let amount = if is_alone {
            bytes.trim_start_matches(", ").to_owned()
        } else {
            format!("{count}{bytes}")
        };
        let text = format!("{name}: {amount}, {share}{}", self.details(first, census.ledger));
        let mut fact = LedgerFact::new(census, text).part();
        fact.place = first.place.clone();
        Some(fact.figures(Some(self.count), Some(self.bytes).filter(|bytes| *bytes > 0)))
    }

    /// What else the rows say.
    fn details(&self, first: &LedgerEntry, ledger: LedgerKind) -> String {
        let mut details = Vec::new();
        if ledger == LedgerKind::VmallocInfo
            && let Some(size) = first.ids.limit.filter(|_| self.sizes.len() == 1)
        {
            details.push(format!(
                "{} each, {} bytes of addresses",
                text::count(first.bytes / 4096, "page"),
                text::number(size)
            ));
        }
        if ledger == LedgerKind::IommuFaults {
            details.extend(first.ids.address.map(|at| format!("the first at iova {at:#x}")));
        }
        if ledger == LedgerKind::FdInfo {
            details.push(format!(
                "{}, fd {}",
                text::count(self.fds.len() as u64, "descriptor"),
                text::ranges(&self.fds)
            ));
            let each = if self.sizes.len() == 1 {
                format!("all of {} bytes, ", text::number(first.bytes))
            } else {
                String::new()
            };
            details.push(format!("{each}exporter {}, name {}", first.exporter, first.name));
        }
        if !self.copies.is_empty() {
            let (fds, inodes) =
                (self.copies.keys().copied().collect(), self.copies.values().copied().collect());
            details.push(format!(
                "fd {} are copies, inodes {} again",
                text::ranges(&fds),
                text::ranges(&inodes)
            ));
        }
        if ledger == LedgerKind::PageOwner && first.stack.is_empty() {
            details.push("no function is known".to_owned());
        }
        if ledger == LedgerKind::PageOwner {
            details.extend(
                first.holder.as_ref().map(|holder| format!("first by {}", text::holder(holder))),
            );
            details.extend(first.ids.order.map(|order| format!("order {order}")));
        }
        let users: Vec<_> = first.users.iter().take(DETAILS).map(ToString::to_string).collect();
        if !users.is_empty() {
            let verb = if ledger == LedgerKind::DmaBuf { "attached to " } else { "" };
            details.push(format!("{verb}{}", text::list(&users)));
        }
        if details.is_empty() { String::new() } else { format!("; {}", details.join("; ")) }
    }
}
