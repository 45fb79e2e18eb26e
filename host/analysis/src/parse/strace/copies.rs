//! Open copies of descriptors, of any kind.
//!
//! The file of a descriptor need not be known: another ledger may have it.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::{StraceReader, calls::FinishedCall, tasks::TracedProcess};
use crate::model::{LogFact, LogRecord, SourceLocation};

/// Most descriptor numbers that are kept; no process has as many.
const MOST: usize = 1 << 16;

/// Copies of descriptors, and what is mapped of those whose kind is unknown.
#[derive(Debug, Default)]
pub(super) struct FdCopies {
    /// Copies, by number and by process.
    copies: BTreeMap<i64, BTreeMap<usize, FdCopy>>,
    /// The same copies: process, number of the original, number of the copy.
    by_original: BTreeSet<(usize, i64, i64)>,
    /// Bytes that are mapped and shared, by process and number.
    mapped: FxHashMap<(usize, i64), u64>,
}

#[derive(Debug)]
struct FdCopy {
    task: Option<u64>,
    old: i64,
    mapped: Option<u64>,
    place: SourceLocation,
}

impl FdCopies {
    /// Removes a descriptor that was closed or reused.
    pub(super) fn remove(&mut self, process: usize, fd: i64, all: &[TracedProcess]) {
        self.mapped.remove(&(process, fd));
        let Some(same) = self.copies.get_mut(&fd) else { return };
        let by_original = &mut self.by_original;
        let mut forget = |process: usize, copy: &FdCopy| {
            by_original.remove(&(process, copy.old, fd));
        };
        match same.remove(&process) {
            Some(copy) => forget(process, &copy),
            // The trace may not show that two tasks are of one process. No copy is better than a wrong one.
            None => same.retain(|other, copy| {
                let is_sure = |process: usize| all.get(process).is_some_and(|one| one.made);
                let stays = is_sure(process) && is_sure(*other);
                if !stays {
                    forget(*other, copy);
                }
                stays
            }),
        }
        if same.is_empty() {
            self.copies.remove(&fd);
        }
    }

    /// Removes all descriptors of a process that ended.
    pub(super) fn remove_process(&mut self, process: usize) {
        self.mapped.retain(|(other, _), _| *other != process);
        self.by_original.retain(|(other, _, _)| *other != process);
        self.copies.retain(|_, same| {
            same.remove(&process);
            !same.is_empty()
        });
    }

    fn insert(&mut self, process: usize, new: i64, copy: FdCopy) {
        self.by_original.insert((process, copy.old, new));
        self.copies.entry(new).or_default().insert(process, copy);
    }

    fn set_mapped(&mut self, process: usize, fd: i64, bytes: u64) {
        self.mapped.insert((process, fd), bytes);
        for (_, _, new) in self.by_original.range((process, fd, i64::MIN)..=(process, fd, i64::MAX))
        {
            let copy = self.copies.get_mut(new).and_then(|same| same.get_mut(&process));
            copy.into_iter().for_each(|copy| copy.mapped = Some(bytes));
        }
    }

    /// The copies that are still open.
    pub(super) fn finish(self) -> Vec<LogRecord> {
        let saying = |(new, copied): (i64, FdCopy)| {
            let FdCopy { task, old, mapped, place } = copied;
            let (new, old) = (u64::try_from(new).ok()?, u64::try_from(old).ok()?);
            let task_name = task.map_or_else(String::new, |task| task.to_string());
            Some(LogRecord {
                place,
                by: task_name.into(),
                moment: None,
                said: LogFact::Duplicated { task, old, new, mapped, is_excerpt: false },
            })
        };
        let copies = self
            .copies
            .into_iter()
            .flat_map(|(new, same)| same.into_values().map(move |one| (new, one)));
        copies.filter_map(saying).collect()
    }
}

impl StraceReader {
    /// Notes that a descriptor of an unknown kind is mapped and shared, as a buffer is.
    pub(super) fn note_shared_mapping(&mut self, process: usize, fd: i64, bytes: u64) {
        if fd >= 0 && self.copies.mapped.len() < MOST {
            self.copies.set_mapped(process, fd, bytes);
        }
    }

    /// Adds a copy of a descriptor.
    pub(super) fn take_copy(&mut self, process: usize, new: i64, call: &FinishedCall<'_>) {
        self.copies.remove(process, new, &self.tasks.all);
        let (old, _) = super::args::descriptor(call.call.args.get(0));
        let Some(old) = old.filter(|old| *old >= 0) else { return };
        if self.copies.copies.len() < MOST {
            let task = (call.task != 0).then_some(call.task.into());
            let place = self.place();
            let mapped = self.copies.mapped.get(&(process, old)).copied();
            self.copies.insert(process, new, FdCopy { task, old, mapped, place });
        }
    }
}
