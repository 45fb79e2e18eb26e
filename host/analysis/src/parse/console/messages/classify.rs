//! Classifies a message: its first byte selects the parser.

use memchr::memmem;

use super::{
    fact::{ConsoleFact, MessageOutcome, RejectReason, StatLine},
    mdbg, pool_line, session, stats, status, trouble,
};
use crate::parse::console::lines::{
    bytes::{blanks, lossy, strip_prefix},
    prefix::{LineHead, LineImage},
};

/// Starts of OP-TEE's messages: a message that ends within one was cut off.
const OURS: [&[u8]; 4] = [b"buffer: ", b"region ", b"Memory allocation failed: ", b"Status of TA "];

/// Reads the message of a line that carries a trace prefix.
pub(crate) fn read_tagged(head: &LineHead<'_>) -> MessageOutcome {
    let message = head.message;
    if let Some(outcome) = fixed(message) {
        return outcome;
    }
    if head.image == LineImage::Core
        && let Some(line) = session::read(head)
    {
        return MessageOutcome::Fact(ConsoleFact::Session(line));
    }
    if let (LineImage::Ldelf, Some(line)) = (head.image, session::read(head)) {
        return MessageOutcome::Fact(ConsoleFact::Session(line));
    }
    if message.len() > 2 && OURS.iter().any(|words| words.starts_with(message)) {
        return MessageOutcome::Damaged(RejectReason::Cut);
    }
    trouble::read(message, head.image)
        .or_else(|| Some(MessageOutcome::Fact(ConsoleFact::Stat(read_pool(message)?))))
        .unwrap_or(MessageOutcome::Ignored)
}

/// Reads figures of a pool.
fn read_pool(message: &[u8]) -> Option<StatLine> {
    pool_line::high_water(message).or_else(|| pool_line::read(message))
}

/// Reads a line without a known prefix.
pub(crate) fn read_untagged(line: &[u8]) -> MessageOutcome {
    if let Some(at) = memmem::find(line, b"buffer: ") {
        let tail = &line[at + 8..];
        return match mdbg::read(tail) {
            Ok(_) => MessageOutcome::Record(None),
            Err(why) if memmem::find(tail, b" bytes ").is_some() => MessageOutcome::Damaged(why),
            Err(_) => MessageOutcome::Ignored,
        };
    }
    if mdbg::is_tail(line) {
        return MessageOutcome::Damaged(RejectReason::Headless);
    }
    let bare = crate::parse::console::lines::line::bare(line);
    match bare.first() {
        Some(b'r') => strip_prefix(bare, b"region ")
            .map_or(MessageOutcome::Ignored, |rest| raw(status::region(rest, false))),
        Some(b'S') if bare.starts_with(b"Status of TA ") => raw(status::status(&bare[10..])),
        _ => match pool_line::read(bare).or_else(|| stats::read(bare)) {
            Some(line) => MessageOutcome::Fact(ConsoleFact::Stat(line)),
            None => MessageOutcome::Ignored,
        },
    }
}

/// Without a prefix only intact messages count: the words alone may be anybody's.
fn raw(outcome: MessageOutcome) -> MessageOutcome {
    match outcome {
        MessageOutcome::Damaged(_) => MessageOutcome::Ignored,
        outcome => outcome,
    }
}

/// Messages that mean the same, whichever image prints them.
fn fixed(message: &[u8]) -> Option<MessageOutcome> {
    match message.first()? {
        b'b' | b'c' | b'I' | b'O' => record(message).or_else(|| boot(message)),
        b'M' => match strip_prefix(message, b"Memory allocation failed: ") {
            Some(rest) => Some(trouble::out_of_memory(rest)),
            None => detail(message),
        },
        b'T' => strip_prefix(message, b"TEE load address @ ").map(trouble::load_address),
        b'C' => (message == b"Call stack:").then_some(MessageOutcome::Fact(ConsoleFact::CallStack)),
        b'0' => Some(trouble::address(message)),
        b'r' => strip_prefix(message, b"region ").map(|rest| status::region(rest, false)),
        b's' => match strip_prefix(message, b"sect ") {
            Some(rest) => Some(status::region(rest, true)),
            None => detail(message),
        },
        b'S' => match strip_prefix(message, b"Status of ") {
            Some(rest) => Some(status::status(rest)),
            None if message == b"Sessions List:" => {
                Some(MessageOutcome::Fact(ConsoleFact::SessionList))
            }
            None => detail(message),
        },
        b'[' => Some(status::elf(&message[1..])),
        b'a' | b'A' | b'F' | b'-' | b'l' => detail(message),
        _ => None,
    }
}

fn record(message: &[u8]) -> Option<MessageOutcome> {
    Some(match mdbg::split(message)? {
        Ok((count, tail)) => match mdbg::read(tail) {
            Ok(_) => MessageOutcome::Record(count),
            Err(why) => MessageOutcome::Damaged(why),
        },
        Err(why) => MessageOutcome::Damaged(why),
    })
}

fn boot(message: &[u8]) -> Option<MessageOutcome> {
    let release = blanks(strip_prefix(message, b"OP-TEE version:")?);
    let end = release.iter().position(|b| *b == b' ').unwrap_or(release.len());
    Some(MessageOutcome::Fact(ConsoleFact::Boot(lossy(&release[..end]))))
}

fn detail(message: &[u8]) -> Option<MessageOutcome> {
    status::is_detail(message).then_some(MessageOutcome::Fact(ConsoleFact::StatusDetail))
}
