//! What a line says alone: the question of whoever mends lines before they are scanned.

use super::{
    lines::{line, prefix},
    messages::{
        classify,
        fact::{ConsoleFact, MessageOutcome, RejectReason},
        trouble,
    },
};
use crate::parse::framing::decoration;

/// What a line says alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LineReading {
    /// It has a fact.
    Whole,
    /// It should have a fact and can't be read.
    Damaged,
    /// It is unrelated, or has only a part of a fact.
    Other,
}

/// Reads a line alone.
pub(crate) fn reading(text: &[u8]) -> LineReading {
    match outcome(text) {
        // The TA's UUID may be on the next line.
        MessageOutcome::Fact(ConsoleFact::Status { uuid: None, .. }) => LineReading::Other,
        MessageOutcome::Record(_) | MessageOutcome::Fact(_) => LineReading::Whole,
        MessageOutcome::Damaged(_) => LineReading::Damaged,
        MessageOutcome::Ignored => LineReading::Other,
    }
}

/// Whether a line has a fact, and a longer one than its first part has.
pub(crate) fn is_other_fact(part: &[u8], text: &[u8]) -> bool {
    if reading(text) != LineReading::Whole {
        return false;
    }
    let outcome = outcome(text);
    // A record ends in its line's number: with more of it, it is another one.
    matches!(outcome, MessageOutcome::Record(_)) || outcome != self::outcome(part)
}

fn outcome(text: &[u8]) -> MessageOutcome {
    let line = line::trim(text);
    match prefix::find(line).or_else(|| prefix::find_words(line)) {
        Some(head) if prefix::find(head.message).is_some() => {
            MessageOutcome::Damaged(RejectReason::Garbled)
        }
        Some(head) => classify::read_tagged(&head),
        None => classify::read_untagged(line),
    }
}

/// Whether a line is a message about an incident whose prefix somebody removed.
pub(crate) fn is_bare_incident(text: &[u8]) -> bool {
    let line = line::trim(text);
    trouble::read_bare(line, decoration::message(line).trim_ascii_end()).is_some()
}

/// Where the first trace prefix of a text starts.
pub(crate) fn prefix_start(text: &[u8]) -> Option<usize> {
    prefix::edge(text).map(|edge| edge.left.len())
}
