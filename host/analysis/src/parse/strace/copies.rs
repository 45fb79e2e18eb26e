//! Open copies of descriptors, of any kind.
//!
//! The file of a descriptor need not be known: another ledger may have it.

use std::collections::BTreeMap;

use super::{StraceReader, calls::FinishedCall, tasks::TracedProcess};
use crate::model::{LogFact, LogRecord, SourceLocation};

/// Most descriptor numbers that are kept; no process has as many.
const MOST: usize = 1 << 16;

/// Copies, by number and by process.
#[derive(Debug, Default)]
pub(super) struct FdCopies(BTreeMap<i64, BTreeMap<usize, FdCopy>>, SharedMappings);

/// Bytes that are mapped and shared of descriptors of an unknown kind.
type SharedMappings = BTreeMap<(usize, i64), u64>;

#[derive(Debug)]
struct FdCopy {
    task: Option<u64>,
    old: u64,
    mapped: Option<u64>,
    place: SourceLocation,
}

impl FdCopies {
    /// Removes a descriptor that was closed or reused.
    pub(super) fn remove(&mut self, process: usize, fd: i64, all: &[TracedProcess]) {
        self.1.remove(&(process, fd));
        let Some(same) = self.0.get_mut(&fd) else { return };
        if same.remove(&process).is_none() {
            // The trace may not show that two tasks are of one process. No copy is better than a wrong one.
            let sure = |process: usize| all.get(process).is_some_and(|process| process.made);
            same.retain(|other, _| sure(process) && sure(*other));
        }
        if same.is_empty() {
            self.0.remove(&fd);
        }
    }

    /// Removes all descriptors of a process that ended.
    pub(super) fn remove_process(&mut self, process: usize) {
        self.1.retain(|(other, _), _| *other != process);
        self.0.retain(|_, same| {
            same.remove(&process);
            !same.is_empty()
        });
    }

    /// The copies that are still open.
    pub(super) fn finish(self) -> Vec<LogRecord> {
        let saying = |(new, copied): (i64, FdCopy)| {
            let FdCopy { task, old, mapped, place } = copied;
            let new = u64::try_from(new).ok()?;
            let task_name = task.map_or_else(String::new, |task| task.to_string());
            Some(LogRecord {
                place,
                by: task_name.into(),
                moment: None,
                said: LogFact::Duplicated { task, old, new, mapped, is_excerpt: false },
            })
        };
        let copies = self
            .0
            .into_iter()
            .flat_map(|(new, same)| same.into_values().map(move |one| (new, one)));
        copies.filter_map(saying).collect()
    }
}

impl StraceReader {
    /// Notes that a descriptor of an unknown kind is mapped and shared, as a buffer is.
    pub(super) fn note_shared_mapping(&mut self, process: usize, fd: i64, bytes: u64) {
        let FdCopies(copies, mappings) = &mut self.copies;
        if fd < 0 || mappings.len() >= MOST {
            return;
        }
        mappings.insert((process, fd), bytes);
        let old = u64::try_from(fd).ok();
        let copied = copies.values_mut().filter_map(|same| same.get_mut(&process));
        copied.filter(|copy| Some(copy.old) == old).for_each(|copy| copy.mapped = Some(bytes));
    }

    /// Adds a copy of a descriptor.
    pub(super) fn take_copy(&mut self, process: usize, new: i64, call: &FinishedCall<'_>) {
        self.copies.remove(process, new, &self.tasks.all);
        let (old, _) = super::args::descriptor(call.call.args.get(0));
        let Some(old) = old.and_then(|old| u64::try_from(old).ok()) else { return };
        if self.copies.0.len() < MOST {
            let task = (call.task != 0).then_some(call.task.into());
            let place = self.place();
            let mapped =
                i64::try_from(old).ok().and_then(|old| self.copies.1.get(&(process, old)).copied());
            self.copies
                .0
                .entry(new)
                .or_default()
                .insert(process, FdCopy { task, old, mapped, place });
        }
    }
}
