//! What a text looks like of which nothing was recognized.

use std::{
    io::{BufRead, BufReader, Read},
    sync::Arc,
};

use teeleak_analysis::model::{Observation, UnreadText};

use super::input::TextInput;

/// Bytes at the start of the first text that are looked at.
const BEGIN: u64 = 16 << 10;

/// Lines that are shown, and characters of each.
const LINES: usize = 3;
const CHARACTERS: usize = 80;

/// The text, if no line of it was used and none is of OP-TEE.
pub(super) fn unread(observation: &Observation, texts: &[TextInput]) -> Option<UnreadText> {
    let lines = observation.accounting;
    let is_unread = lines.parsed == 0 && lines.rejected == 0 && lines.read > 0;
    let is_empty = observation.samples.is_empty()
        && observation.normal.is_empty()
        && observation.events.is_empty();
    (is_unread && is_empty && observation.unused_files.is_empty()).then_some(())?;
    let begin = texts.first().filter(|text| text.has_start()).and_then(begin);
    let begin = begin.unwrap_or_default();
    // A log of OP-TEE without dumps: how OP-TEE prints them is what helps.
    let is_of_tee = begin
        .iter()
        .any(|line| line.contains("TEE") || line.contains("/TC") || line.contains("/TA"));
    let first = begin.into_iter().take(LINES).collect();
    (!is_of_tee).then_some(UnreadText { lines: lines.read, first })
}

fn begin(text: &TextInput) -> Option<Vec<Arc<str>>> {
    let text = text.open().ok()?;
    let mut lines = Vec::new();
    for line in BufReader::new(text.reader.take(BEGIN)).split(b'\n') {
        let line = line.ok()?;
        let line = String::from_utf8_lossy(&line);
        let shown: String =
            line.trim().chars().filter(|sign| !sign.is_control()).take(CHARACTERS).collect();
        if !shown.is_empty() {
            lines.push(shown.into());
        }
    }
    Some(lines)
}
