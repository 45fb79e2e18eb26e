//! Processes of the normal world, and how their calls match the TEE's events.

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::model::{Caller, Clients, JoinReport};

use crate::render::labels::source;

/// The process that made a call.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Caller")]
pub(super) struct CallerJson<'t> {
    /// Process id.
    pid: u32,
    /// Thread id; 0 if only the process is known.
    tid: u32,
    /// Name of the process.
    comm: &'t str,
    /// Whether the kernel made the call because the process exited or closed its context.
    by_kernel: bool,
}

pub(super) fn caller(party: &Caller) -> CallerJson<'_> {
    CallerJson { pid: party.pid, tid: party.tid, comm: &party.comm, by_kernel: party.by_kernel }
}

/// Client calls of the processes of the normal world.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Clients")]
pub(super) struct ClientsJson<'t> {
    /// How the calls were recorded.
    sources: Vec<&'static str>,
    /// Number of recorded calls.
    n_calls: usize,
    /// Number of lost call records, all processes.
    n_lost: u64,
    /// Recorded processes, including those that made no calls.
    processes: Vec<ClientProcessJson<'t>>,
    /// Number of events matched to a call.
    n_events_with_call: u64,
    /// Number of events matched to a process, but not to a single call.
    n_events_with_process: u64,
    /// Number of sessions closed by the kernel because the process exited or closed its context.
    n_events_by_kernel: u64,
    /// Number of events of the normal world that match no recorded call.
    n_events_unclaimed: u64,
    /// Number of successful calls without an event.
    n_calls_unseen: u64,
    /// Nanoseconds to add to the time of an event to get the clock of the calls; null if no call matches an event.
    clock_distance_ns: Option<i64>,
}

/// A process of the normal world.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Process")]
struct ClientProcessJson<'t> {
    /// Process id.
    pid: u32,
    /// Process id of the parent.
    ppid: u32,
    /// Name of the process.
    comm: &'t str,
    /// Path of the program.
    exe: &'t str,
    /// Whether the process has exited.
    ended: bool,
    /// Whether the process made any call.
    called: bool,
    /// Number of calls in progress at exit or at the end of the recording.
    n_running: u64,
    /// Number of missing calls: overwritten before they were read, never finished, or made before the recording.
    n_lost: u64,
}

/// `None` if no process was recorded.
pub(super) fn entry(clients: &Clients) -> Option<ClientsJson<'_>> {
    if clients.processes.is_empty() {
        return None;
    }
    let default = JoinReport::default();
    let join = clients.joined.as_ref().unwrap_or(&default);
    let processes = clients.processes.iter().map(|process| ClientProcessJson {
        pid: process.pid,
        ppid: process.ppid,
        comm: &process.comm,
        exe: &process.exe,
        ended: process.ended,
        called: process.called,
        n_running: process.running,
        n_lost: process.lost,
    });
    Some(ClientsJson {
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
