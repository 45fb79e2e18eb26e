//! Out of memory, panics and aborts, and the call stacks that follow them.

use super::fact::{ConsoleFact, MessageOutcome, RejectReason};
use crate::{
    model::IncidentKind,
    parse::console::lines::{
        bytes::{dec, hex, hex0x, hex32, lossy, strip_prefix, text_after},
        prefix::{LineHead, LineImage},
    },
};

/// Reads the text after `Memory allocation failed: ` (`print_oom`, 3.6.0 and later).
pub(crate) fn out_of_memory(rest: &[u8]) -> MessageOutcome {
    let Some((requested, rest)) = strip_prefix(rest, b"size ").and_then(dec) else {
        return MessageOutcome::Damaged(if rest.len() < 6 {
            RejectReason::Cut
        } else {
            RejectReason::Garbled
        });
    };
    let context = strip_prefix(rest, b" context ").and_then(hex);
    match (rest, context) {
        (_, Some((context, []))) => {
            MessageOutcome::Fact(ConsoleFact::OutOfMemory { requested, context: Some(context) })
        }
        (_, Some(_)) => MessageOutcome::Damaged(RejectReason::Garbled),
        (rest, None) => MessageOutcome::Damaged(if rest.len() < 12 {
            RejectReason::Cut
        } else {
            RejectReason::Garbled
        }),
    }
}

/// Reads a line with an address, and what symbolize.py appends to it.
pub(crate) fn address(message: &[u8]) -> MessageOutcome {
    match hex0x(message) {
        Some((address, [])) => MessageOutcome::Fact(ConsoleFact::Address(address, None)),
        Some((address, rest @ [b' ', ..])) => {
            MessageOutcome::Fact(ConsoleFact::Address(address, Some(lossy(rest.trim_ascii()))))
        }
        _ => MessageOutcome::Ignored,
    }
}

/// `TEE load address @ 0xe100000`.
pub(crate) fn load_address(rest: &[u8]) -> MessageOutcome {
    match hex(rest) {
        Some((address, [])) => MessageOutcome::Fact(ConsoleFact::LoadAddress(address)),
        _ => MessageOutcome::Damaged(if rest.is_empty() {
            RejectReason::Cut
        } else {
            RejectReason::Garbled
        }),
    }
}

/// Reads a message about an incident.
pub(crate) fn read(head: &LineHead<'_>) -> Option<MessageOutcome> {
    let (message, image) = (head.message, head.image);
    if let Some(fact) = ta_return(head) {
        return Some(MessageOutcome::Fact(fact));
    }
    let kind = match message.first()? {
        b'T' => ta_panic(message)?,
        b'a' if is_assertion(message) && image != LineImage::Core => IncidentKind::TaAssertion,
        b'a' if is_assertion(message) => IncidentKind::CoreAssertion,
        b'P' if is_panic(message) => IncidentKind::CorePanic,
        b'U' | b'C' if text_after(message, b"-abort at address ").is_some() => abort(message)?,
        _ => return None,
    };
    Some(MessageOutcome::Fact(ConsoleFact::Trouble(kind, lossy(message))))
}

/// The function of the core that runs a TA prints after the TA's death how it panicked. Its name is the
/// line's function, a word of the message, or both.
fn ta_return(head: &LineHead<'_>) -> Option<ConsoleFact> {
    let rest = text_after(head.message, b"user_ta_enter: ");
    let is_by_core = head.image == LineImage::Core && head.function.ends_with(b"user_ta_enter");
    let message = rest.or(is_by_core.then_some(head.message))?;
    let (code, _) = strip_prefix(message, b"TA panicked with code ").and_then(hex32)?;
    Some(ConsoleFact::TaReturn(code, lossy(message)))
}

fn ta_panic(message: &[u8]) -> Option<IncidentKind> {
    let (code, _) = strip_prefix(message, b"TA panicked with code ").and_then(hex32)?;
    Some(IncidentKind::TaPanic { code })
}

/// `Panic at FILE:LINE <func>`, `Panic 'message' at FILE:LINE <func>`.
fn is_panic(message: &[u8]) -> bool {
    message.starts_with(b"Panic at ") || message.starts_with(b"Panic '")
}

/// `assertion '...' failed at FILE:LINE`, from whichever image.
fn is_assertion(message: &[u8]) -> bool {
    message.starts_with(b"assertion '") && text_after(message, b"' failed at ").is_some()
}

fn abort(message: &[u8]) -> Option<IncidentKind> {
    let has_subject = is_of_ta(message) || message.starts_with(b"Core ");
    let address = text_after(message, b" at address ").and_then(hex).map(|(address, _)| address);
    has_subject.then_some(IncidentKind::Abort { address })
}

/// Whether an abort happened in a TA.
pub(crate) fn is_of_ta(message: &[u8]) -> bool {
    message.starts_with(b"User mode ") || message.starts_with(b"User TA ")
}
