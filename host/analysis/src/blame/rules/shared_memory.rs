//! Shared memory that the normal world registered, and that stays.

use std::collections::BTreeMap;

use super::Clue;
use crate::{
    blame::{case::Case, site_kinds::SiteHolder},
    model::{CallKind, Certainty, Clients, Side},
    text,
};

/// Registered and released pieces of shared memory of one process.
#[derive(Clone, Copy, Default)]
struct SharedPieces {
    registered: u64,
    released: u64,
}

/// The client releases it, then the kernel, then the core: the calls of clients show who does not.
pub(super) fn shared_memory_stays(case: &Case<'_>) -> Option<Clue> {
    case.kind_held_by(SiteHolder::SharedMemory).filter(|_| !case.sites.owners.all_are_gone())?;
    let clients = &case.facts.observation.clients;
    let processes = processes(clients);
    if processes.is_empty() {
        let evidence = "registered shared memory stays, and no calls of clients were recorded: \
                        the client may not release it, the kernel may not unregister it, or the TEE \
                        core may keep a reference";
        return Some(Clue::new(
            &[Side::Client, Side::Kernel, Side::Core],
            Certainty::Likely,
            evidence,
        ));
    }
    let has_ended = |pid: &u32| clients.processes.iter().any(|one| one.pid == *pid && one.ended);
    let holds = |(pid, pieces): &(&u32, &SharedPieces)| {
        pieces.registered > pieces.released && !has_ended(pid)
    };
    let registered: u64 = processes.values().map(|pieces| pieces.registered).sum();
    let released: u64 = processes.values().map(|pieces| pieces.released).sum();
    let (registered, released) = (text::number(registered), text::number(released));
    let calls =
        format!("clients registered {registered} pieces of shared memory and released {released}");
    if processes.iter().any(|one| holds(&one)) {
        return Some(Clue::new(&[Side::Client], Certainty::Likely, calls));
    }
    let evidence = format!("{calls}, and the kernel releases those of processes that end");
    Some(Clue::new(&[Side::Kernel, Side::Core], Certainty::Likely, evidence))
}

fn processes(clients: &Clients) -> BTreeMap<u32, SharedPieces> {
    let mut processes: BTreeMap<u32, SharedPieces> = BTreeMap::new();
    for call in clients.calls.iter().filter(|call| call.result == 0) {
        let (registered, released) = match call.kind {
            CallKind::RegisterSharedMemory
            | CallKind::AllocateSharedMemory
            | CallKind::RegisterSharedMemoryFd => (1, 0),
            CallKind::ReleaseSharedMemory => (0, 1),
            _ => continue,
        };
        let pieces = processes.entry(call.by.pid).or_default();
        pieces.registered += registered;
        pieces.released += released;
    }
    processes
}
