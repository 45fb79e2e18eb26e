//! A workload that did not end: who held what at that moment.

use std::{collections::BTreeMap, sync::Arc};

use teeleak_proto::Uuid;

use crate::{
    model::{Call, CallKind, Hang, Instance, Observation, Process, Reason, Sample, Stage},
    text,
};

/// Most TAs, and most processes, that are listed.
const LISTED_MAX: usize = 8;

/// The hang and what was going on, each a sentence; empty without a hang.
pub(super) fn doubts(observation: &Observation) -> Vec<Arc<str>> {
    let Some(Hang { moment, after }) = observation.hang else { return Vec::new() };
    let time = text::count(after.as_secs(), "second");
    let moment = text::moment(moment);
    let mut doubts = vec![format!("{moment} did not end: it was still running after {time}")];
    let sample = observation.samples.last().filter(|sample| sample.moment.stage == Stage::After);
    let processes = observation.clients.processes.iter().filter(|process| process.running > 0);
    doubts.extend(processes.take(LISTED_MAX).map(|process| of_process(process, observation)));
    doubts.extend(sample.into_iter().flat_map(of_sample));
    doubts.into_iter().map(Arc::from).collect()
}

/// A process in a call. A call is recorded at its end, so only the one before it is known.
fn of_process(process: &Process, observation: &Observation) -> String {
    let Process { pid, comm, running, .. } = process;
    let calls = observation.clients.calls.iter().filter(|call| call.by.pid == *pid);
    let last = calls.max_by_key(|call| call.monotonic.1).map_or_else(String::new, |call| {
        format!("; the last one that returned was {}", words(call))
    });
    let n = text::count(*running, "call");
    format!("at that moment pid {pid} ({comm}) waited for the TEE in {n}{last}")
}

fn words(call: &Call) -> String {
    let ta = call.uuid.map_or_else(String::new, |uuid| format!(" of TA {uuid}"));
    match (call.kind, call.session) {
        (CallKind::InvokeCommand, Some(session)) => {
            format!("command {} in session {session}{ta}", call.cmd)
        }
        (kind, _) => format!("{kind:?}{ta}"),
    }
}

/// TAs in a call, and sessions that are open.
fn of_sample(sample: &Sample) -> Vec<String> {
    let sessions = sessions(sample);
    let instances = sample.instances.value().into_iter().flatten();
    let busy = instances.filter(|instance| is_busy(instance)).take(LISTED_MAX).map(|instance| {
        format!("at that moment TA {} (instance {}) was in a call", instance.uuid, instance.id)
    });
    let open = sessions.into_iter().take(LISTED_MAX).map(|(uuid, ids)| {
        let ids: Vec<_> = ids.iter().map(u32::to_string).collect();
        let (noun, verb) = if ids.len() == 1 { ("session", "was") } else { ("sessions", "were") };
        format!("at that moment {noun} {} of TA {uuid} {verb} open", text::list(&ids))
    });
    busy.chain(open).collect()
}

fn is_busy(instance: &Instance) -> bool {
    instance.regions.gap().is_some_and(|gap| gap.reason == Reason::Busy)
}

/// IDs of the open sessions, by TA.
fn sessions(sample: &Sample) -> BTreeMap<Uuid, Vec<u32>> {
    let mut sessions: BTreeMap<Uuid, Vec<u32>> = BTreeMap::new();
    for session in sample.sessions.value().into_iter().flatten() {
        sessions.entry(session.uuid).or_default().push(session.id);
    }
    sessions
}
