//! Out of memory, panics and aborts, and the call stacks that follow them.

use super::fact::{ConsoleFact, MessageOutcome, RejectReason};
use crate::{
    model::IncidentKind,
    parse::console::lines::{
        bytes::{blanks, dec, hex, hex0x, hex32, lossy, strip_prefix, text_after},
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
        b'a' | b'A' if is_assertion(message) && image != LineImage::Core => {
            IncidentKind::TaAssertion
        }
        b'a' | b'A' if is_assertion(message) => IncidentKind::CoreAssertion,
        b'P' if is_panic(message) && image == LineImage::Ldelf => IncidentKind::LoaderPanic,
        b'P' if is_panic(message) => IncidentKind::CorePanic,
        b'U' | b'C' | b'u' | b'c' if text_after(message, b"-abort at address ").is_some() => {
            abort(message)?
        }
        _ => return None,
    };
    Some(MessageOutcome::Fact(ConsoleFact::Trouble(kind, lossy(message))))
}

/// Reads a message about an incident, which ends a line whose prefix somebody removed.
pub(crate) fn read_bare<'a>(
    line: &'a [u8],
    message: &'a [u8],
) -> Option<(LineHead<'a>, ConsoleFact)> {
    let image = image_of(message)?;
    let left = &line[..line.len().saturating_sub(message.len())];
    let (function, length) = (b"".as_slice(), message.len());
    let head = LineHead { left, image, thread: None, function, source_line: 0, message, length };
    match read(&head)? {
        MessageOutcome::Fact(fact) => Some((head, fact)),
        _ => None,
    }
}

/// Who prints a message about an incident: the core writes `<function>` behind it, a TA `in function()`.
fn image_of(message: &[u8]) -> Option<LineImage> {
    match message.first()? {
        b'a' | b'A' if message.ends_with(b">") => Some(LineImage::Core),
        b'a' | b'A' if message.ends_with(b"()") => Some(LineImage::Ta),
        b'P' if text_after(message, b" at ldelf/").is_some() => Some(LineImage::Ldelf),
        b'P' if message.ends_with(b">") => Some(LineImage::Core),
        b'T' => is_whole_panic(message).then_some(LineImage::Core),
        b'U' | b'C' if text_after(message, b"-abort at address 0x").is_some() => {
            Some(LineImage::Core)
        }
        _ => None,
    }
}

/// `TA panicked with code 0xffff0000`, and nothing that a person may have written behind it.
fn is_whole_panic(message: &[u8]) -> bool {
    let code = strip_prefix(message, b"TA panicked with code ").and_then(hex32);
    code.is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with(b" us"))
}

/// The function of the core that runs a TA prints after the TA's death how it panicked. Its name is the
/// line's function, a word of the message, or both.
fn ta_return(head: &LineHead<'_>) -> Option<ConsoleFact> {
    let rest = text_after(head.message, b"user_ta_enter: ");
    let is_by_core = head.image == LineImage::Core && head.function.ends_with(b"user_ta_enter");
    let message = rest.or(is_by_core.then_some(head.message))?;
    let (code, _) = strip_prefix(blanks(message), b"TA panicked with code ").and_then(hex32)?;
    Some(ConsoleFact::TaReturn(code, lossy(message)))
}

fn ta_panic(message: &[u8]) -> Option<IncidentKind> {
    let (code, _) = strip_prefix(message, b"TA panicked with code ").and_then(hex32)?;
    Some(IncidentKind::TaPanic { code })
}

/// `Panic at FILE:LINE <func>`, `Panic 'message' at FILE:LINE <func>`; up to 2.1 `PANIC: func FILE:LINE`.
fn is_panic(message: &[u8]) -> bool {
    [b"Panic at ".as_slice(), b"Panic '", b"PANIC: "].iter().any(|start| message.starts_with(start))
}

/// `assertion '...' failed at FILE:LINE`, from whichever image; with a capital in old releases.
fn is_assertion(message: &[u8]) -> bool {
    message.get(1..).is_some_and(|rest| rest.starts_with(b"ssertion '"))
        && text_after(message, b"' failed at ").is_some()
}

fn abort(message: &[u8]) -> Option<IncidentKind> {
    let has_subject = is_of_ta(message) || has_start(message, b"Core ");
    let address = text_after(message, b" at address ").and_then(hex).map(|(address, _)| address);
    has_subject.then_some(IncidentKind::Abort { address })
}

/// Whether an abort happened in a TA.
pub(crate) fn is_of_ta(message: &[u8]) -> bool {
    has_start(message, b"User mode ") || has_start(message, b"User TA ")
}

/// Whether a message starts with these words: releases up to 2.1 write them without a capital.
fn has_start(message: &[u8], words: &[u8]) -> bool {
    message.get(..words.len()).is_some_and(|start| start.eq_ignore_ascii_case(words))
}
