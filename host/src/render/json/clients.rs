//! Processes of the normal world and how their calls went together with the TEE's events.

use serde::Serialize;
use teeleak_analysis::model::{Clients, Joined, Party};

use crate::render::words::source;

/// Who did it.
#[derive(Serialize)]
pub(super) struct By<'t> {
    pid: u32,
    /// 0 where only the process is certain.
    tid: u32,
    comm: &'t str,
    by_kernel: bool,
}

pub(super) fn by(party: &Party) -> By<'_> {
    By { pid: party.pid, tid: party.tid, comm: &party.comm, by_kernel: party.by_kernel }
}

/// All that is told of clients.
#[derive(Serialize)]
pub(super) struct Entry<'t> {
    sources: Vec<&'static str>,
    n_calls: usize,
    n_lost: u64,
    processes: Vec<Process<'t>>,
    n_events_with_call: u64,
    n_events_with_process: u64,
    n_events_by_kernel: u64,
    n_events_unclaimed: u64,
    n_calls_unseen: u64,
    clock_distance_ns: Option<i64>,
}

#[derive(Serialize)]
struct Process<'t> {
    pid: u32,
    ppid: u32,
    comm: &'t str,
    exe: &'t str,
    ended: bool,
    called: bool,
    n_running: u64,
    n_lost: u64,
}

/// `None` where no process was recorded.
pub(super) fn entry(clients: &Clients) -> Option<Entry<'_>> {
    if clients.processes.is_empty() {
        return None;
    }
    let none = Joined::default();
    let joined = clients.joined.as_ref().unwrap_or(&none);
    let processes = clients.processes.iter().map(|process| Process {
        pid: process.pid,
        ppid: process.ppid,
        comm: &process.comm,
        exe: &process.exe,
        ended: process.ended,
        called: process.called,
        n_running: process.running,
        n_lost: process.lost,
    });
    Some(Entry {
        sources: clients.sources.iter().copied().map(source).collect(),
        n_calls: clients.calls.len(),
        n_lost: clients.lost,
        processes: processes.collect(),
        n_events_with_call: joined.matched,
        n_events_with_process: joined.by_process,
        n_events_by_kernel: joined.by_kernel,
        n_events_unclaimed: joined.unclaimed,
        n_calls_unseen: joined.unseen,
        clock_distance_ns: joined.distance_ns,
    })
}
