//! Records one call.

use std::panic::{AssertUnwindSafe, catch_unwind};

use teeleak_proto::{
    Uuid,
    client::{ClientCall, ClientCallKind, ClientParam, head},
};

use crate::{caller, clock, home, ring::Ring, stack, sys};

/// Makes the real call and records it.
///
/// `before` and `after` fill in the record; their effects, even a panic, stay hidden from the
/// caller.
pub(crate) fn observe<R: Copy>(
    kind: ClientCallKind,
    before: impl FnOnce(&mut ClientCall),
    real: impl FnOnce() -> R,
    after: impl FnOnce(&mut ClientCall, R),
) -> R {
    let begun = quietly(|| begin(kind, before)).flatten();
    let result = real();
    if let Some((ring, mut call)) = begun {
        quietly(|| {
            call.end_ns = clock::now_ns();
            call.end_ticks = clock::ticks();
            call.comm = caller::name(call.tid, call.end_ns);
            after(&mut call, result);
            finish(&ring, &call);
        });
    }
    result
}

/// Runs code without effects on the caller: keeps `errno` and catches a panic.
pub(crate) fn quietly<R>(run: impl FnOnce() -> R) -> Option<R> {
    sys::keeping_errno(|| catch_unwind(AssertUnwindSafe(run)).ok())
}

fn begin(
    kind: ClientCallKind,
    before: impl FnOnce(&mut ClientCall),
) -> Option<(Ring<'static>, ClientCall)> {
    let ring = home::ring()?;
    ring.add(head::W_BEGUN, 1);
    let mut call = blank(kind);
    before(&mut call);
    call.begin_ticks = clock::ticks();
    call.begin_ns = clock::now_ns();
    Some((ring, call))
}

fn finish(ring: &Ring<'_>, call: &ClientCall) {
    let room = ring.stack_room();
    let mut frames = [0; teeleak_proto::client::STACK_FRAMES];
    let used = if room == 0 { 0 } else { stack::walk(&mut frames) };
    ring.push(&call.encode(), frames.get(..used).unwrap_or(&[]));
}

fn blank(kind: ClientCallKind) -> ClientCall {
    let (pid, tid) = caller::numbers();
    ClientCall {
        kind,
        flags: 0,
        begin_ns: 0,
        end_ns: 0,
        begin_ticks: 0,
        end_ticks: 0,
        pid,
        tid,
        comm: [0; 16],
        result: 0,
        origin: 0,
        cmd: 0,
        session: 0,
        param_types: 0,
        context: -1,
        uuid: Uuid::default(),
        params: [ClientParam::default(); 4],
    }
}
