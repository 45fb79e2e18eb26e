//! dma-bufs that a descriptor keeps alive: buffer, inode, descriptor, process, and the dup that made it.

use std::collections::HashSet;

use crate::model::{
    Census, Finding, Kind, Ledger, NormalWorld, Place, Row, Said, Saying, Severity, Unit, Verdict,
};

use super::{
    draft::{Draft, holding},
    words,
};

/// Ledgers that say who holds a buffer.
const HOLDERS: [Ledger; 3] = [Ledger::DmaHeap, Ledger::FdInfo, Ledger::Mappings];

/// Findings that are told; more of the same kind say no more.
const MOST: usize = 100;

/// A buffer that a copy of a descriptor keeps.
struct Held<'n> {
    row: &'n Row,
    of: &'n Census,
    copy: (u64, u64),
    task: Option<u64>,
    said: &'n Saying,
    /// Whether another process has a descriptor of the same number, which the copy may be as well.
    doubtful: bool,
}

/// Buffers that a descriptor holds which was duplicated and not closed.
pub(super) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let mut told = HashSet::new();
    let mut findings = Vec::new();
    for saying in &normal.sayings {
        let Said::Duplicated { task, old, new } = saying.said else { continue };
        let holders = holders(normal, new);
        let first = holders.first().and_then(|(_, row)| row.holder.as_ref()).map(|one| one.pid);
        let doubtful =
            holders.iter().any(|(_, row)| row.holder.as_ref().map(|one| one.pid) != first);
        for (of, row) in holders {
            if findings.len() < MOST && told.insert((row.ids.inode, new)) {
                let held = Held { row, of, copy: (old, new), task, said: saying, doubtful };
                findings.push(held.finding(normal));
            }
        }
    }
    findings
}

/// Rows of the last prints that say that a process holds a buffer by this descriptor, the best first.
fn holders(normal: &NormalWorld, fd: u64) -> Vec<(&Census, &Row)> {
    let all = HOLDERS.into_iter().flat_map(|ledger| normal.of(ledger).rev());
    let rows = all.flat_map(|census| census.rows.iter().map(move |row| (census, row)));
    rows.filter(|(_, row)| row.ids.fds.contains(&fd) && row.ids.inode.is_some()).collect()
}

impl Held<'_> {
    fn finding(&self, normal: &NormalWorld) -> Finding {
        let Row { bytes, ids, holder, name, .. } = self.row;
        let (old, new) = self.copy;
        let who = holder.as_ref().map_or_else(|| "a process".into(), words::holder);
        let inode = ids.inode.unwrap_or_default();
        let address = ids.address.map_or(String::new(), |address| format!(" at iova {address:#x}"));
        let title = format!(
            "{} bytes{address} (inode {inode}) are held by {who} as fd {new}, a dup of {old} never closed",
            words::grouped(*bytes)
        );
        let severity = if self.doubtful { Severity::Possible } else { Severity::Failure };
        let comm = holder.as_ref().map_or("", |holder| &*holder.comm);
        let draft = Draft::new(Kind::Unpaired, holding("dma-bufs", comm), severity, title)
            .verdict(Verdict::Leak)
            .figure("held", *bytes, Unit::Bytes)
            .at(&self.listed(name, &who), &self.row.place);
        let draft = self.others(normal, draft);
        let task = self.task.map_or(String::new(), |task| format!("task {task}: "));
        let draft = draft.at(
            &format!("strace: {task}dup({old}) = {new}, and no close({new}) after it"),
            &self.said.place,
        );
        let draft = match self.doubtful {
            true => draft.text(&format!(
                "other processes hold buffers as fd {new}, too: whose it is, is not sure"
            )),
            false => draft.text(
                "the trace names a task and no process: the descriptor's number tells whose it is",
            ),
        };
        draft.next(&format!("close the copy of fd {old} where it was made: look for dup() without close() in what {who} loads"))
    }

    fn listed(&self, name: &str, who: &str) -> String {
        let maps = self.row.ids.maps.map_or(String::new(), |maps| format!(", mapped {maps} times"));
        let fds: Vec<_> = self.row.ids.fds.iter().map(u64::to_string).collect();
        format!("{}: \"{name}\", {who} has fd {}{maps}", self.of.title(), words::list(&fds))
    }

    /// What the other ledgers say of the same buffer.
    fn others(&self, normal: &NormalWorld, mut draft: Draft) -> Draft {
        let ids = &self.row.ids;
        for row in normal.of(Ledger::FdInfo).flat_map(|census| &census.rows) {
            let same = row.ids.inode == ids.inode && row.ids.fds.contains(&self.copy.1);
            if same && row.place != self.row.place {
                let who = row.holder.as_ref().map_or(String::new(), words::holder);
                let text = format!(
                    "fdinfo: fd {} of {who} is inode {}",
                    self.copy.1,
                    ids.inode.unwrap_or(0)
                );
                draft = draft.at(&text, &row.place);
            }
        }
        let Some(address) = ids.address else { return draft };
        for (text, place) in self.of_address(normal, address) {
            draft = draft.at(&text, &place);
        }
        draft
    }

    fn of_address(&self, normal: &NormalWorld, address: u64) -> Vec<(String, Place)> {
        let mut told = Vec::new();
        for census in normal.of(Ledger::IovaMap) {
            let Some(row) = by_address(census, address) else { continue };
            let alike = census.rows.iter().filter(|row| row.bytes == self.row.bytes).count() as u64;
            let text = format!(
                "iova_map: {address:#x} is mapped, one of {} of this size, {} in all",
                words::several(alike, "mapping"),
                words::bytes(alike.saturating_mul(self.row.bytes))
            );
            told.push((text, row.place.clone()));
        }
        for census in normal.of(Ledger::IommuDump) {
            let Some(row) = by_address(census, address).filter(|row| row.count > 0) else {
                continue;
            };
            let done: Vec<_> = row.stack.iter().map(ToString::to_string).collect();
            let text = format!("iommu_dump: {}, and no free", words::list(&done));
            told.push((text, row.place.clone()));
        }
        let uses = |saying: &&Saying| saying.said == Said::Uses { address };
        let used = normal.sayings.iter().find(uses);
        told.extend(
            used.map(|saying| (format!("a program worked on {address:#x}"), saying.place.clone())),
        );
        told
    }
}

fn by_address(census: &Census, address: u64) -> Option<&Row> {
    census.rows.iter().find(|row| row.ids.address == Some(address))
}
