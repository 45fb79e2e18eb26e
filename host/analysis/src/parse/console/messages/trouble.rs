//! Out of memory, panics and aborts, and the call stacks that follow them.

use super::fact::{Outcome, What, Why};
use crate::{
    model::IncidentKind,
    parse::console::lines::bytes::{
        blanks, dec, hex, hex0x, hex32, lossy, strip_prefix, text_after,
    },
};

/// Reads the text after `Memory allocation failed: ` (`print_oom`, 3.6.0 and later).
pub(crate) fn out_of_memory(rest: &[u8]) -> Outcome {
    let Some((requested, rest)) = strip_prefix(rest, b"size ").and_then(dec) else {
        return Outcome::Damaged(if rest.len() < 6 { Why::Cut } else { Why::Garbled });
    };
    let context = strip_prefix(rest, b" context ").and_then(hex);
    match (rest, context) {
        (_, Some((context, []))) => {
            Outcome::Fact(What::OutOfMemory { requested, context: Some(context) })
        }
        (_, Some(_)) => Outcome::Damaged(Why::Garbled),
        (rest, None) => Outcome::Damaged(if rest.len() < 12 { Why::Cut } else { Why::Garbled }),
    }
}

/// Reads a line with an address, and what symbolize.py appends to it.
pub(crate) fn address(message: &[u8]) -> Outcome {
    match hex0x(message) {
        Some((address, [])) => Outcome::Fact(What::Address(address, None)),
        Some((address, rest @ [b' ', ..])) => {
            Outcome::Fact(What::Address(address, Some(lossy(rest.trim_ascii()))))
        }
        _ => Outcome::Ignored,
    }
}

/// `TEE load address @ 0xe100000`.
pub(crate) fn load_address(rest: &[u8]) -> Outcome {
    match hex(rest) {
        Some((address, [])) => Outcome::Fact(What::LoadAddress(address)),
        _ => Outcome::Damaged(if rest.is_empty() { Why::Cut } else { Why::Garbled }),
    }
}

/// Messages of optee_os about an exhausted pool:
/// `core/arch/arm/kernel/thread_optee_smc.c`, `lib/libutils/ext/mempool.c`, `core/mm/vm.c`,
/// `core/arch/arm/kernel/virtualization.c`, `lib/libutee/{tcb,user_ta_entry}.c`.
const EXHAUSTED: [&[u8]; 5] = [
    b"Page tables are not available",
    b"Failed to allocate ASID",
    b"Can't allocate memory for TEE runtime context",
    b"Can't allocate memory for TA data",
    b"Can't allocate memory for page tables",
];

/// Reads a message about an incident.
pub(crate) fn read(message: &[u8]) -> Option<Outcome> {
    let kind = match message.first()? {
        b'T' => ta_panic(message)?,
        b'P' | b'a' if is_panic(message) => IncidentKind::CorePanic,
        b'U' | b'C' if text_after(message, b"-abort at address ").is_some() => abort(message)?,
        b'F' | b'R' | b'P' | b'C' | b'O' | b'i' | b'o' => exhausted(message)?,
        _ => return None,
    };
    Some(Outcome::Fact(What::Trouble(kind, lossy(message))))
}

fn ta_panic(message: &[u8]) -> Option<IncidentKind> {
    let (code, _) = strip_prefix(message, b"TA panicked with code ").and_then(hex32)?;
    Some(IncidentKind::TaPanic { code })
}

/// `Panic at FILE:LINE <func>`, `Panic 'message' at FILE:LINE <func>`, `assertion '...' failed at ...`.
fn is_panic(message: &[u8]) -> bool {
    message.starts_with(b"Panic at ")
        || message.starts_with(b"Panic '")
        || (message.starts_with(b"assertion '") && text_after(message, b"' failed at ").is_some())
}

fn abort(message: &[u8]) -> Option<IncidentKind> {
    let has_subject = message.starts_with(b"User mode ")
        || message.starts_with(b"User TA ")
        || message.starts_with(b"Core ");
    let address = text_after(message, b" at address ").and_then(hex).map(|(address, _)| address);
    has_subject.then_some(IncidentKind::Abort { address })
}

fn exhausted(message: &[u8]) -> Option<IncidentKind> {
    if message.starts_with(b"RPC allocation failed. Non-secure world result: ")
        || message.starts_with(b"Ftrace thread_rpc_alloc_payload failed")
    {
        return Some(IncidentKind::NormalWorldMemory);
    }
    if let Some((requested, rest)) = strip_prefix(message, b"Failed to allocate ").and_then(dec)
        && blanks(rest).starts_with(b"bytes, please tune the pool size")
    {
        return Some(IncidentKind::PoolExhausted { requested: Some(requested) });
    }
    let of_memory = message == b"Out of memory" || message == b"init/fini: out of memory";
    (of_memory || EXHAUSTED.iter().any(|text| message.starts_with(text)))
        .then_some(IncidentKind::PoolExhausted { requested: None })
}
