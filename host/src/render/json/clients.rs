//! Processes of the normal world and how their calls went together with the TEE's events.

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::model::{Clients, Joined, Party};

use crate::render::words::source;

/// Who did it.
#[derive(Serialize, JsonSchema)]
pub(super) struct By<'t> {
    /// Process.
    pid: u32,
    /// 0 where only the process is certain.
    tid: u32,
    /// Name of the process.
    comm: &'t str,
    /// Whether the kernel did it, for a process that went or closed its context without.
    by_kernel: bool,
}

pub(super) fn caller(party: &Party) -> By<'_> {
    By { pid: party.pid, tid: party.tid, comm: &party.comm, by_kernel: party.by_kernel }
}

/// All that is told of processes of the normal world.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Clients")]
pub(super) struct Entry<'t> {
    /// How calls of processes became known.
    sources: Vec<&'static str>,
    /// Calls that were recorded.
    n_calls: usize,
    /// Records that could not be read, of all processes.
    n_lost: u64,
    /// Processes that recorded, or could have.
    processes: Vec<Process<'t>>,
    /// Events whose call is certain.
    n_events_with_call: u64,
    /// Events whose process is certain, but not which of its calls.
    n_events_with_process: u64,
    /// Sessions that the kernel closed, for a process that went or closed its context.
    n_events_by_kernel: u64,
    /// Events of the normal world that no recorded call explains.
    n_events_unclaimed: u64,
    /// Calls that succeeded and that no event shows.
    n_calls_unseen: u64,
    /// Nanoseconds to add to the time of an event to get that of the calls; null when no call and no event fit.
    clock_distance_ns: Option<i64>,
}

/// A process of the normal world.
#[derive(Serialize, JsonSchema)]
struct Process<'t> {
    /// Its number.
    pid: u32,
    /// Its parent.
    ppid: u32,
    /// Its name.
    comm: &'t str,
    /// Its executable.
    exe: &'t str,
    /// Whether it is gone.
    ended: bool,
    /// Whether it called anything at all.
    called: bool,
    /// Calls that it was in when it ended, or when it was last looked at.
    n_running: u64,
    /// Calls that are not here: overwritten before they were read, never finished, or too early.
    n_lost: u64,
}

/// `None` where no process was recorded.
pub(super) fn entry(clients: &Clients) -> Option<Entry<'_>> {
    if clients.processes.is_empty() {
        return None;
    }
    let default = Joined::default();
    let join = clients.joined.as_ref().unwrap_or(&default);
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
        n_events_with_call: join.matched,
        n_events_with_process: join.by_process,
        n_events_by_kernel: join.by_kernel,
        n_events_unclaimed: join.unclaimed,
        n_calls_unseen: join.unseen,
        clock_distance_ns: join.distance_ns,
    })
}
