//! Tasks and their processes, and what each process holds.

use std::{collections::HashSet, sync::Arc};

use rustc_hash::FxHashMap;

use super::files::{Files, Table};

/// Pid of a process that no line has named yet.
const UNNAMED: u32 = 0;

/// A process.
#[derive(Debug, Default)]
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) ppid: u32,
    pub(super) comm: Option<Arc<str>>,
    pub(super) exe: Arc<str>,
    pub(super) born_ns: u64,
    pub(super) table: Table,
    /// Number of live tasks.
    tasks: u32,
    pub(super) ended: bool,
    pub(super) called: bool,
    /// Calls that it was in when it ended.
    pub(super) running: u64,
    /// Whether it may also be a thread of another process: the trace does not show which.
    guessed: bool,
    /// Whether the trace shows its creation, and so where its descriptors come from.
    pub(super) made: bool,
}

/// All tasks.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    pub(super) all: Vec<Process>,
    of: FxHashMap<u32, usize>,
    /// Open calls that create a task: the caller, and whether it shares its files.
    making: Vec<(u32, bool)>,
    /// Tasks that strace attached to at their start.
    new: HashSet<u32>,
    /// Tasks treated as threads because they use descriptors that another one opened.
    pub(super) assumed: u64,
}

impl Tasks {
    /// The task of a line, which may name none.
    pub(super) fn number(&self, named: Option<u32>) -> u32 {
        if let Some(task) = named {
            return task;
        }
        let mut live_tasks = self.of.keys();
        match (live_tasks.next(), live_tasks.next()) {
            (Some(task), None) => *task,
            _ => UNNAMED,
        }
    }

    /// The process of a task, which may be new.
    pub(super) fn process(&mut self, task: u32, now: u64, files: &mut Files) -> usize {
        if let Some(process) = self.of.get(&task) {
            return *process;
        }
        if !self.making.is_empty() {
            let (parent, shares) = self.making.remove(0);
            return self.create_task(parent, task, shares, now, files);
        }
        let unnamed =
            if task == UNNAMED || self.is_new(task) { None } else { self.of.remove(&UNNAMED) };
        match unnamed {
            Some(process) => {
                self.all[process].pid = task;
                self.of.insert(task, process);
                process
            }
            None => self.add(task, UNNAMED, now),
        }
    }

    /// Adds a task that strace attached to.
    pub(super) fn attach(&mut self, task: u32, now: u64, files: &mut Files) {
        self.new.insert(task);
        self.process(task, now, files);
    }

    fn is_new(&self, task: u32) -> bool {
        self.new.contains(&task)
    }

    fn add(&mut self, task: u32, ppid: u32, now: u64) -> usize {
        let guessed = !self.all.is_empty();
        let process =
            Process { pid: task, ppid, born_ns: now, tasks: 1, guessed, ..Process::default() };
        self.all.push(process);
        self.of.insert(task, self.all.len() - 1);
        self.all.len() - 1
    }

    /// Records that a task starts creating another one.
    pub(super) fn making(&mut self, parent: u32, shares: bool) {
        self.making.push((parent, shares));
    }

    /// Records that the task is done creating another one, or failed to.
    pub(super) fn done_making(&mut self, parent: u32) {
        self.making.retain(|(task, _)| *task != parent);
    }

    /// Adds a new task; returns its process.
    pub(super) fn create_task(
        &mut self,
        parent: u32,
        task: u32,
        shares: bool,
        now: u64,
        files: &mut Files,
    ) -> usize {
        if let Some(known) = self.of.get(&task) {
            return *known;
        }
        let parent_index = self.process(parent, now, files);
        if shares {
            self.all[parent_index].tasks += 1;
            self.of.insert(task, parent_index);
            return parent_index;
        }
        let (pid, comm) = (self.all[parent_index].pid, self.all[parent_index].comm.clone());
        let table = self.all[parent_index].table.inherit(files);
        let child = self.add(task, pid, now);
        self.all[child] = Process {
            comm,
            table,
            guessed: false,
            made: true,
            ..std::mem::take(&mut self.all[child])
        };
        child
    }

    /// Whether a descriptor of this process may be of interest without a path.
    pub(super) fn may_use(&self, process: usize) -> bool {
        let process_state = &self.all[process];
        process_state.table.has_any() || process_state.guessed && !process_state.called
    }

    /// The process whose descriptor a task uses. A task of unknown origin is treated as a thread of the
    /// only process that opened it.
    pub(super) fn user_of(&mut self, task: u32, process: usize, fd: i64) -> usize {
        let guest = &self.all[process];
        if !guest.guessed || guest.called || guest.table.contains(fd) || guest.table.has_other(fd) {
            return process;
        }
        let mut owners = (0..self.all.len()).filter(|n| self.all[*n].table.owns(fd));
        let (Some(owner), None) = (owners.next(), owners.next()) else { return process };
        self.all[process].tasks = 0;
        self.all[process].ended = true;
        self.all[owner].tasks += 1;
        self.of.insert(task, owner);
        self.assumed += 1;
        owner
    }

    /// Ends a task; returns its process, and whether it was the last task of that.
    pub(super) fn end(&mut self, task: u32) -> Option<(usize, bool)> {
        let process = self.of.remove(&task)?;
        let process_state = &mut self.all[process];
        process_state.tasks = process_state.tasks.saturating_sub(1);
        process_state.ended = process_state.tasks == 0;
        Some((process, process_state.ended))
    }
}
