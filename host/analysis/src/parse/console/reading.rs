//! What a line says alone: the question of whoever mends lines before they are scanned.

use super::{
    lines::{line, prefix},
    messages::{
        classify,
        fact::{ConsoleFact, MessageOutcome},
    },
};

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
    let line = line::trim(text);
    let outcome = match prefix::find(line).or_else(|| prefix::find_words(line)) {
        Some(head) if prefix::find(head.message).is_some() => return LineReading::Damaged,
        Some(head) => classify::read_tagged(&head),
        None => classify::read_untagged(line),
    };
    match outcome {
        // The TA's UUID may be on the next line.
        MessageOutcome::Fact(ConsoleFact::Status { uuid: None, .. }) => LineReading::Other,
        MessageOutcome::Record(_) | MessageOutcome::Fact(_) => LineReading::Whole,
        MessageOutcome::Damaged(_) => LineReading::Damaged,
        MessageOutcome::Ignored => LineReading::Other,
    }
}

/// Where the first trace prefix of a text starts.
pub(crate) fn prefix_start(text: &[u8]) -> Option<usize> {
    prefix::edge(text).map(|edge| edge.left.len())
}
