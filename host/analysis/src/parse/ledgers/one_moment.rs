//! Files of one moment: `/proc` has one for each process or descriptor, which together are one look.
//!
//! A process or descriptor that comes again starts the next look.

use std::collections::{HashMap, HashSet};

use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot};

/// Ledgers that the kernel splits into files by process.
const SPLIT: [LedgerKind; 3] = [LedgerKind::FdInfo, LedgerKind::Mappings, LedgerKind::Descriptors];

/// Most parts of a look.
const MOST: usize = 1 << 16;

/// Folders that are below the number of a process.
const FOLDERS: [&str; 4] = ["fdinfo", "fd", "maps", "smaps"];

/// The looks so far, by ledger and by where they are from.
#[derive(Default)]
pub(super) struct OpenLooks {
    last: HashMap<(LedgerKind, String), OpenLook>,
}

struct OpenLook {
    /// Its index among all snapshots.
    index: usize,
    parts: HashSet<(u64, Option<u64>)>,
}

impl OpenLooks {
    /// The index of the snapshot that this one continues; remembers that it will be `next` if there is none.
    pub(super) fn continued(&mut self, census: &LedgerSnapshot, next: usize) -> Option<usize> {
        let is_split = SPLIT.contains(&census.ledger) && census.moment.is_none();
        let parts = is_split.then(|| parts(census)).flatten()?;
        let key = (census.ledger, root(&census.place.source));
        if let Some(look) = self.last.get_mut(&key)
            && look.parts.len() < MOST
            && look.parts.is_disjoint(&parts)
        {
            look.parts.extend(parts);
            return Some(look.index);
        }
        self.last.insert(key, OpenLook { index: next, parts });
        None
    }
}

/// Processes, or their descriptors where each has a file; `None` if a row names no process.
fn parts(census: &LedgerSnapshot) -> Option<HashSet<(u64, Option<u64>)>> {
    let by_fd = census.ledger == LedgerKind::FdInfo;
    let part = |row: &LedgerEntry| {
        let pid = row.holder.as_ref()?.pid;
        Some((pid, row.ids.fds.first().copied().filter(|_| by_fd)))
    };
    census.rows.iter().map(part).collect()
}

/// The path in front of the number of the process: `before/proc` of `before/proc/812/fdinfo/4`.
fn root(source: &str) -> String {
    let parts: Vec<_> = source.split('/').collect();
    let is_process = |at: &usize| {
        let is_number =
            !parts[*at].is_empty() && parts[*at].bytes().all(|byte| byte.is_ascii_digit());
        is_number && parts.get(at + 1).is_some_and(|folder| FOLDERS.contains(folder))
    };
    match (0..parts.len()).rev().find(is_process) {
        Some(at) => parts[..at].join("/"),
        None => source.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::{model::LedgerKind, parse::ledgers::LedgerReader};

    fn looks(files: &[&str]) -> Vec<usize> {
        let mut reader = LedgerReader::new("");
        for file in files {
            reader.source(file);
            for line in ["size:\t4096", "count:\t1", "exp_name:\tsystem", "pos:\t0", "ino:\t7"] {
                reader.line(line.as_bytes());
            }
        }
        let world = reader.finish();
        assert_eq!(world.accounting.parsed, world.accounting.read);
        world.snapshots(LedgerKind::FdInfo).map(|look| look.rows.len()).collect()
    }

    #[test]
    fn files_of_a_process_are_one_look_in_any_order_of_lines() {
        assert_eq!(looks(&["a/proc/7/fdinfo/3", "a/proc/7/fdinfo/4", "a/proc/8/fdinfo/3"]), [3]);
        let twice =
            ["a/proc/7/fdinfo/3", "a/proc/7/fdinfo/4", "b/proc/7/fdinfo/3", "b/proc/7/fdinfo/4"];
        assert_eq!(looks(&twice), [2, 2]);
        assert_eq!(looks(&["proc/7/fdinfo/3", "proc/7/fdinfo/3"]), [1, 1]);
    }
}
