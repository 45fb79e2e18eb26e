//! Classifies a message: its first byte selects the parser.

use memchr::memmem;

use super::{
    fact::{Outcome, What, Why},
    mdbg, session, stats, status, trouble,
};
use crate::parse::console::lines::{
    bytes::{blanks, lossy, strip_prefix},
    prefix::{Head, Image},
};

/// Starts of OP-TEE's messages: a message that ends within one was cut off.
const OURS: [&[u8]; 4] = [b"buffer: ", b"region ", b"Memory allocation failed: ", b"Status of TA "];

/// Reads the message of a line that carries a trace prefix.
pub(crate) fn read_tagged(head: &Head<'_>) -> Outcome {
    let message = head.message;
    if let Some(outcome) = fixed(message) {
        return outcome;
    }
    if head.image == Image::Core
        && let Some(line) = session::read(head)
    {
        return Outcome::Fact(What::Session(line));
    }
    if let (Image::Ldelf, Some(line)) = (head.image, session::read(head)) {
        return Outcome::Fact(What::Session(line));
    }
    if message.len() > 2 && OURS.iter().any(|words| words.starts_with(message)) {
        return Outcome::Damaged(Why::Cut);
    }
    trouble::read(message).unwrap_or(Outcome::Ignored)
}

/// Reads a line without a known prefix.
pub(crate) fn read_untagged(line: &[u8]) -> Outcome {
    if let Some(at) = memmem::find(line, b"buffer: ") {
        let tail = &line[at + 8..];
        return match mdbg::read(tail) {
            Ok(_) => Outcome::Record(None),
            Err(why) if memmem::find(tail, b" bytes ").is_some() => Outcome::Damaged(why),
            Err(_) => Outcome::Ignored,
        };
    }
    if mdbg::is_tail(line) {
        return Outcome::Damaged(Why::Headless);
    }
    let bare = crate::parse::console::lines::line::bare(line);
    match bare.first() {
        Some(b'r') => strip_prefix(bare, b"region ")
            .map_or(Outcome::Ignored, |rest| raw(status::region(rest, false))),
        Some(b'S') if bare.starts_with(b"Status of TA ") => raw(status::status(&bare[10..])),
        _ => match stats::read(bare) {
            Some(line) => Outcome::Fact(What::Stat(line)),
            None => Outcome::Ignored,
        },
    }
}

/// Without a prefix only intact messages count: the words alone may be anybody's.
fn raw(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Damaged(_) => Outcome::Ignored,
        outcome => outcome,
    }
}

/// Messages that mean the same, whichever image prints them.
fn fixed(message: &[u8]) -> Option<Outcome> {
    match message.first()? {
        b'b' | b'c' | b'I' | b'O' => record(message).or_else(|| boot(message)),
        b'M' => match strip_prefix(message, b"Memory allocation failed: ") {
            Some(rest) => Some(trouble::out_of_memory(rest)),
            None => detail(message),
        },
        b'T' => strip_prefix(message, b"TEE load address @ ").map(trouble::load_address),
        b'C' => (message == b"Call stack:").then_some(Outcome::Fact(What::CallStack)),
        b'0' => Some(trouble::address(message)),
        b'r' => strip_prefix(message, b"region ").map(|rest| status::region(rest, false)),
        b's' => match strip_prefix(message, b"sect ") {
            Some(rest) => Some(status::region(rest, true)),
            None => detail(message),
        },
        b'S' => match strip_prefix(message, b"Status of ") {
            Some(rest) => Some(status::status(rest)),
            None if message == b"Sessions List:" => Some(Outcome::Fact(What::SessionList)),
            None => detail(message),
        },
        b'[' => Some(status::elf(&message[1..])),
        b'a' | b'A' | b'F' | b'-' | b'l' => detail(message),
        _ => None,
    }
}

fn record(message: &[u8]) -> Option<Outcome> {
    Some(match mdbg::split(message)? {
        Ok((count, tail)) => match mdbg::read(tail) {
            Ok(_) => Outcome::Record(count),
            Err(why) => Outcome::Damaged(why),
        },
        Err(why) => Outcome::Damaged(why),
    })
}

fn boot(message: &[u8]) -> Option<Outcome> {
    let release = blanks(strip_prefix(message, b"OP-TEE version:")?);
    let end = release.iter().position(|b| *b == b' ').unwrap_or(release.len());
    Some(Outcome::Fact(What::Boot(lossy(&release[..end]))))
}

fn detail(message: &[u8]) -> Option<Outcome> {
    status::is_detail(message).then_some(Outcome::Fact(What::StatusDetail))
}
