//! Events of ion in the kernel trace (vendors' 3.10 kernels), as steps of the protocol `ion-trace`.
//!
//! ```text
//! Binder:1743.4-2685 [002] ...1 6833.925935: ion_alloc: len 8294400 align 0 heap:1 flags 0 handle id 25 buffer ffffffc075c07f00
//! Binder:1743.4-2685 [002] ...1 6833.925984: ion_map: handle id:25 dma_buf fd:87
//! Binder:1743.4-2685 [002] ...1 6833.925469: ion_free_handle: handle id 26 free ,buffer:ffffffc075c07f00 handle_count 0
//! Binder:1743.4-2685 [002] ...1 6833.925477: ion_free_buffer: buffer:ffffffc075c07f00
//! ```
//!
//! Keys: `address` and `len` of an allocation, `fd` of a shared buffer.

use std::sync::Arc;

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::{
    model::{Caller, Clock, Event, EventKind, Keys, Origin, StepResult, Symbol, Time},
    parse::strace::nanoseconds,
    text,
};

/// Names of the events.
const NAMES: [&str; 5] =
    ["ion_alloc", "ion_map", "ion_import", "ion_free_handle", "ion_free_buffer"];

#[derive(Default)]
pub(super) struct IonTrace {
    seq: u64,
    /// Addresses that lacked a digit.
    mended: u64,
}

impl Parser for IonTrace {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        if !line.raw.contains(": ion_") {
            return LineOutcome::Ignored;
        }
        let parts = NAMES.iter().find_map(|name| {
            let (head, rest) = line.raw.split_once(": ")?;
            Some((head, *name, rest.strip_prefix(*name)?.strip_prefix(": ")?))
        });
        let Some((head, name, rest)) = parts else { return LineOutcome::Ignored };
        let keys = keys(name, rest);
        let Some((party, ns)) = party_and_time(head).filter(|_| keys.is_some()) else {
            return LineOutcome::Rejected;
        };
        self.seq += 1;
        self.mended += u64::from(is_short(rest));
        out.event(step(name, self.seq, (line, party, ns), keys.unwrap_or_default()));
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        if self.mended > 0 {
            let text = format!(
                "{} addresses in the ion trace lack a digit; a leading f was added",
                text::number(std::mem::take(&mut self.mended))
            );
            out.normal_world.assumptions.push(text.into());
        }
    }
}

/// Whether the address of a buffer lacks a digit, see [`fields::kernel_address`].
fn is_short(rest: &str) -> bool {
    let word = fields::value_after(rest, "buffer:").unwrap_or_default();
    word.len() == 15 && word.starts_with('f')
}

/// The task, and the time in nanoseconds.
fn party_and_time(head: &str) -> Option<(Caller, u64)> {
    let (task, rest) = head.split_once(" [")?;
    let (comm, tid) = task.trim().rsplit_once('-')?;
    let ns = nanoseconds(rest.rsplit(' ').next()?)?;
    // Some kernels add the process: `comm-2685 ( 1743)`.
    let tid = u32::try_from(fields::decimal(tid.split(' ').next()?)?).ok()?;
    Some((Caller { pid: tid, tid: 0, comm: comm.trim().into(), by_kernel: false }, ns))
}

fn keys(name: &str, rest: &str) -> Option<Keys> {
    let buffer = || {
        let word = fields::value_after(rest, "buffer:").filter(|word| !word.is_empty());
        fields::kernel_address(word.or_else(|| fields::value_after(rest, "buffer "))?)
    };
    let keys = match name {
        "ion_alloc" => vec![("address", buffer()?), ("len", fields::number_after(rest, "len ")?)],
        "ion_map" | "ion_import" => vec![("fd", fields::number_after(rest, "fd:")?)],
        _ => vec![("address", buffer()?)],
    };
    Some(keys.into_iter().map(|(name, value)| (Symbol::from(name), value)).collect())
}

fn step(name: &str, seq: u64, at: (&LedgerLine<'_>, Caller, u64), keys: Keys) -> Event {
    let (line, party, ns) = at;
    Event {
        origin: Origin::Text,
        seq,
        lost_before: 0,
        time: Some(Time { clock: Clock::Monotonic, ns }),
        duration_ns: None,
        place: line.place.clone(),
        iteration: None,
        kind: EventKind::Step(name.into()),
        result: Some(StepResult::SUCCESS),
        session: None,
        opener: 0,
        instance: 0,
        uuid: None,
        cmd: None,
        values: [0; 8],
        keys,
        by: Some(Arc::new(party)),
    }
}
