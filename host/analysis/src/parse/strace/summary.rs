//! The facts of a whole trace.

use std::sync::Arc;

use super::{StraceReader, files::FileSessions};
use crate::{
    model::{
        Accounting, CallKind as Kind, ClientSource, Clients, Gap, LogRecord, Observation, Process,
        Reason,
    },
    parse::lines::LineOutcome,
    text,
};

/// The facts of a trace.
#[derive(Clone, Debug, Default)]
pub struct StraceTrace {
    /// Processes and their calls.
    pub clients: Clients,
    /// Assumptions.
    pub assumptions: Vec<Arc<str>>,
    /// Duplicates of descriptors that are not closed.
    pub copies: Vec<LogRecord>,
    /// What was not observed.
    pub gaps: Vec<Gap>,
    /// Lines parsed, ignored and rejected.
    pub accounting: Accounting,
}

impl StraceTrace {
    /// Adds it to an observation.
    pub fn add_to(self, observation: &mut Observation) {
        let Observation { accounting, clients, .. } = observation;
        *accounting += self.accounting;
        clients.processes.extend(self.clients.processes);
        clients.calls.extend(self.clients.calls);
        clients.sources.extend(self.clients.sources);
        clients.lost += self.clients.lost;
        observation.normal.sayings.extend(self.copies);
        observation.assumptions.extend(self.assumptions);
        observation.gaps.extend(self.gaps);
    }
}

impl StraceReader {
    /// Ends a task; with the last one of a process, the kernel closes what is still open.
    pub(super) fn end(&mut self, task: u32, signal: Option<&str>) -> LineOutcome {
        let was_running = self.begun.remove(&task).is_some_and(|begun| begun.matters);
        let Some((process, last)) = self.tasks.end(task) else { return LineOutcome::Ignored };
        self.tasks.all[process].running += u64::from(was_running);
        if !last {
            return LineOutcome::Parsed;
        }
        self.copies.remove_process(process);
        let sessions = self.tasks.all[process].table.forsake(&mut self.files);
        let ending = match signal {
            Some(signal) => {
                self.kernel_releases(process);
                format!("was killed by {signal}")
            }
            // What it acquired and did not release is its own fault.
            None => "ended".into(),
        };
        self.kernel_closes(process, sessions, Some(ending));
        LineOutcome::Parsed
    }

    /// Records that the kernel releases what a killed process could not.
    fn kernel_releases(&mut self, process: usize) {
        let (fds, maps) = self.tasks.all[process].table.owned();
        let span = (self.now, self.now);
        for (fd, kind) in fds {
            let note = self.record(Kind::FdClose, process, 0, span);
            (note.file, note.by.by_kernel) = (kind, true);
            note.cmd = u32::try_from(fd).unwrap_or(u32::MAX);
        }
        for (at, kind) in maps {
            let note = self.record(Kind::FdUnmap, process, 0, span);
            (note.file, note.by.by_kernel) = (kind, true);
            note.params[0].input = at;
        }
    }

    /// Records that the kernel closes sessions; `how` is the end of their process.
    pub(super) fn kernel_closes(
        &mut self,
        process: usize,
        left: FileSessions,
        how: Option<String>,
    ) {
        if left.is_empty() {
            return;
        }
        let count = left.len() as u64;
        for (session, ta) in left {
            let note = self.record(Kind::CloseSession, process, 0, (self.now, self.now));
            (note.session, note.uuid) = (Some(session), ta);
            note.by.by_kernel = true;
        }
        self.by_kernel.push((process, how, count));
    }

    /// The facts of the trace. Calls without an end are counted as running.
    #[must_use]
    pub fn finish(mut self) -> StraceTrace {
        let open: Vec<_> =
            self.begun.iter().filter(|(_, begun)| begun.matters).map(|(task, _)| *task).collect();
        for task in open {
            let process = self.tasks.process(task, self.now, &mut self.files);
            self.tasks.all[process].running += 1;
        }
        for (call, process) in self.calls.iter_mut().zip(&self.owners) {
            call.by.pid = self.tasks.all[*process].pid;
        }
        let assumptions = self.assumptions();
        let mut gaps = self.gaps;
        if self.opaque > 0 {
            gaps.push(Gap {
                what: "sessions, TAs and commands of calls in the strace log".into(),
                reason: Reason::NotOffered,
                remedy: Some("use strace 6.1 or later, without -e raw=ioctl".into()),
                lost: self.opaque,
            });
        }
        let processes = self.tasks.all.iter().map(process).collect();
        let sources = std::iter::once(ClientSource::Strace).collect();
        let clients = Clients { processes, calls: self.calls, sources, ..Clients::default() };
        StraceTrace {
            clients,
            assumptions,
            copies: self.copies.finish(),
            gaps,
            accounting: self.accounting,
        }
    }

    fn assumptions(&self) -> Vec<Arc<str>> {
        let mut assumptions = Vec::new();
        for (process, how, count) in &self.by_kernel {
            let process_name = name(&self.tasks.all[*process]);
            let ending = how.as_deref().unwrap_or("had closed the device");
            let sessions = text::count(*count, "session");
            assumptions.push(
                format!("the kernel closed {sessions} of {process_name}, which {ending}").into(),
            );
        }
        for known in self.tasks.all.iter().filter(|process| process.ended) {
            let (fds, maps) = known.table.owned_counts();
            if fds + maps > 0 {
                let fds = text::count(fds as u64, "file descriptor");
                let maps = text::count(maps as u64, "mapping");
                let process_name = name(known);
                assumptions.push(
                    format!("the kernel released {fds} and {maps} that {process_name} still held at its end")
                        .into(),
                );
            }
        }
        if self.tasks.assumed > 0 {
            let tasks = text::count(self.tasks.assumed, "task");
            let text = format!(
                "{tasks} treated as a thread of the process whose descriptors it uses: the trace does \
                 not show what created it (add %process to strace -e trace=)"
            );
            assumptions.push(text.into());
        }
        assumptions
    }
}

fn name(known: &super::tasks::TracedProcess) -> String {
    match (&known.comm, known.pid) {
        (None, 0) => "an unnamed process".into(),
        (None, pid) => format!("pid {pid}"),
        (Some(comm), pid) => format!("{comm} pid {pid}"),
    }
}

fn process(known: &super::tasks::TracedProcess) -> Process {
    Process {
        pid: known.pid,
        ppid: known.ppid,
        comm: known.comm.clone().unwrap_or_else(|| "process".into()),
        exe: Arc::clone(&known.exe),
        born_ns: known.born_ns,
        ended: known.ended,
        called: known.called,
        running: known.running,
        lost: 0,
    }
}
