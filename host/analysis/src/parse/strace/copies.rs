//! Open copies of descriptors, of any kind.
//!
//! The file of a descriptor need not be known: another ledger may have it.

use std::collections::BTreeMap;

use super::{Reader, calls::Finished, tasks::Process};
use crate::model::{Place, Said, Saying};

/// Most descriptor numbers that are kept; no process has as many.
const MOST: usize = 1 << 16;

/// Copies, by number and by process.
#[derive(Debug, Default)]
pub(super) struct Copies(BTreeMap<i64, BTreeMap<usize, Copied>>);

#[derive(Debug)]
struct Copied {
    task: Option<u64>,
    old: u64,
    place: Place,
}

impl Copies {
    /// Removes a descriptor that was closed or reused.
    pub(super) fn remove(&mut self, process: usize, fd: i64, all: &[Process]) {
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
        self.0.retain(|_, same| {
            same.remove(&process);
            !same.is_empty()
        });
    }

    /// The copies that are still open.
    pub(super) fn finish(self) -> Vec<Saying> {
        let saying = |(new, copied): (i64, Copied)| {
            let Copied { task, old, place } = copied;
            let new = u64::try_from(new).ok()?;
            let task_name = task.map_or_else(String::new, |task| task.to_string());
            Some(Saying {
                place,
                by: task_name.into(),
                moment: None,
                said: Said::Duplicated { task, old, new },
            })
        };
        let copies = self
            .0
            .into_iter()
            .flat_map(|(new, same)| same.into_values().map(move |one| (new, one)));
        copies.filter_map(saying).collect()
    }
}

impl Reader {
    /// Adds a copy of a descriptor.
    pub(super) fn take_copy(&mut self, process: usize, new: i64, call: &Finished<'_>) {
        self.copies.remove(process, new, &self.tasks.all);
        let (old, _) = super::args::descriptor(call.call.args.get(0));
        let Some(old) = old.and_then(|old| u64::try_from(old).ok()) else { return };
        if self.copies.0.len() < MOST {
            let task = (call.task != 0).then_some(call.task.into());
            let place = self.place();
            self.copies.0.entry(new).or_default().insert(process, Copied { task, old, place });
        }
    }
}
