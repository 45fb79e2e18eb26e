//! Classifies a message: its first byte selects the parser.

use memchr::{memmem, memrchr};

use super::{
    fact::{ConsoleFact, MessageOutcome, RejectReason, StatLine},
    mdbg, pool_line, session, stats, status, trouble,
};
use crate::{
    model::PoolKind,
    parse::{
        console::lines::{
            bytes::{blanks, lossy, strip_prefix},
            prefix::{LineHead, LineImage},
        },
        framing::decoration,
    },
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
    trouble::read(head)
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
        let (left, tail) = (&line[..at], &line[at + 8..]);
        return match mdbg::read(tail) {
            _ if is_of_program(left) => MessageOutcome::Ignored,
            Ok(_) => MessageOutcome::Record(None),
            Err(why) if mdbg::has_place(tail) => MessageOutcome::Damaged(why),
            Err(_) => MessageOutcome::Ignored,
        };
    }
    if mdbg::is_tail(line) {
        return MessageOutcome::Damaged(RejectReason::Headless);
    }
    let bare = decoration::message(line);
    match bare.first() {
        Some(b'r') => strip_prefix(bare, b"region ")
            .map_or(MessageOutcome::Ignored, |rest| raw(status::region(rest, false))),
        Some(b'S') if bare.starts_with(b"Status of TA ") => raw(status::status(&bare[10..])),
        _ => match pool_line::read(bare).or_else(|| stats::read(bare)) {
            Some(line) if is_of_secure_world(&line) => {
                MessageOutcome::Fact(ConsoleFact::Stat(line))
            }
            _ => MessageOutcome::Ignored,
        },
    }
}

/// Words in the names of pools that are not OP-TEE's own but of the secure world.
const SECURE_WORDS: [&str; 21] = [
    "tee",
    "optee",
    "ta",
    "tas",
    "core",
    "secure",
    "secured",
    "sec",
    "trusted",
    "protected",
    "crypto",
    "rpmb",
    "nexus",
    "sdp",
    "svp",
    "tz",
    "tzdram",
    "tzram",
    "trustzone",
    "secmem",
    "securemem",
];

/// Whether figures are of the secure world: any program has pools.
fn is_of_secure_world(line: &StatLine) -> bool {
    let StatLine::Row(pool) = line else { return true };
    let PoolKind::Named(name) = &pool.kind else { return true };
    name.split(' ').any(|word| SECURE_WORDS.contains(&word))
}

/// Whether what stands before a message names a program of the normal world: `camera-hal[731]: `.
///
/// A prefix of OP-TEE that lost a byte is none.
fn is_of_program(left: &[u8]) -> bool {
    let Some(name) = left.trim_ascii_end().strip_suffix(b":") else { return false };
    let name = name.trim_ascii_end();
    let name = match name.strip_suffix(b"]").and_then(|name| memrchr(b'[', name)) {
        Some(number) => &name[..number],
        None => name,
    };
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let start = name.iter().rposition(|byte| !is_of_name(byte)).map_or(0, |at| at + 1);
    let name = &name[start..];
    let of_tee = [b"TC".as_slice(), b"TA", b"LD", b"TEE", b"kernel", b"KERNEL"];
    name.len() > 2 && !of_tee.iter().any(|word| memmem::find(name, word).is_some())
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
    status::detail(message).map(MessageOutcome::Fact)
}

#[cfg(test)]
mod tests {
    use super::{MessageOutcome, RejectReason, read_untagged};

    fn is_ignored(line: &str) -> bool {
        matches!(read_untagged(line.as_bytes()), MessageOutcome::Ignored)
    }

    #[test]
    fn what_an_app_prints_is_its_own() {
        for line in [
            "[   91.104221] camera-hal[731]: buffer: 4097 bytes ready for preview",
            "camera-hal: buffer: 4097 bytes queue.c:12",
            "Mar 11 10:20:01 board gst-launch[9]: buffer: 12 bytes a/b.c:7",
            "buffer: 4097 bytes ready",
            "v4l2: capture buffer: 64 bytes left in /dev/video0",
        ] {
            assert!(is_ignored(line), "{line}");
        }
    }

    #[test]
    fn a_record_without_its_prefix_is_one() {
        for line in [
            "buffer: 24 bytes core/mm/tee_mm.c:20",
            "I/C: buffer: 24 bytes core/mm/tee_mm.c:20",
            "[   12.5] [TEE] buffer: 24 bytes core/mm/tee_mm.c:20",
            "Mar 11 10:20:01 board kernel: buffer: 24 bytes core/mm/tee_mm.c:20",
        ] {
            let outcome = read_untagged(line.as_bytes());
            assert!(matches!(outcome, MessageOutcome::Record(None)), "{line}");
        }
        for line in ["buffer: 24 bytes core/mm/tee", "I/T: buffer: 24 bytes core/mm/tee_mm.c:2x"] {
            let outcome = read_untagged(line.as_bytes());
            let is_damaged = matches!(
                outcome,
                MessageOutcome::Damaged(RejectReason::Cut | RejectReason::Garbled)
            );
            assert!(is_damaged, "{line}");
        }
    }
}
