//! Lines that a form pasted into one: `I/TC: one [ 1.5] I/TC: two`.

use std::ops::Range;

use super::{console_start, decoration, kernel_records, ledger_rows};
use crate::parse::console::{LineReading, prefix_start, reading};

/// Most words of a fact with its stamps.
const WORDS: usize = 24;

/// Most bytes of the stamps between two messages.
const STAMPS: usize = 160;

/// The lines in a line: at least two of them are facts, each behind its own prefix. `None` if there is
/// only one.
pub(super) fn split(line: &[u8]) -> Option<Vec<Range<usize>>> {
    split_messages(line)
        .or_else(|| kernel_records::split(line))
        .or_else(|| ledger_rows::split(line))
}

fn split_messages(line: &[u8]) -> Option<Vec<Range<usize>>> {
    let first = prefix_start(line)?;
    let second = prefix_start(line.get(first + 5..)?)?;
    let mut starts = vec![0];
    if !decoration::message(&line[..first]).is_empty() {
        // A line of another program stands before it.
        starts.push(line_start(line, 0, first));
    }
    let mut prefix = first + 5 + second;
    let mut search_start = first + 5;
    loop {
        let start = line_start(line, search_start, prefix);
        // Prefixes that follow the message without a blank are of consoles that share a wire.
        if matches!(line[start - 1], b' ' | b'\t' | b'\r') {
            starts.push(start);
        }
        search_start = prefix + 5;
        match line.get(search_start..).and_then(prefix_start) {
            Some(next) => prefix = search_start + next,
            None => break,
        }
    }
    starts.push(line.len());
    let ranges: Vec<_> =
        starts.windows(2).flat_map(|pair| without_tail(line, pair[0]..pair[1])).collect();
    let is_whole = |range: &&Range<usize>| reading(&line[(*range).clone()]) == LineReading::Whole;
    (ranges.iter().filter(is_whole).take(2).count() == 2).then_some(ranges)
}

/// A line with a fact, and what follows it, in a text with lines that hold several.
pub(super) fn split_tail(line: &[u8]) -> Option<Vec<Range<usize>>> {
    let ranges: Vec<_> = without_tail(line, 0..line.len()).collect();
    (ranges.len() > 1).then_some(ranges)
}

/// A line, and apart from it what follows its fact: a line of another program has no start.
fn without_tail(line: &[u8], range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let text = &line[range.clone()];
    let is_whole = reading(text) == LineReading::Whole;
    let end = if is_whole || prefix_start(text).is_none() { None } else { fact_end(text) };
    let end = end.map_or(range.end, |end| range.start + end);
    [range.start..end, end..range.end].into_iter().filter(|part| !part.is_empty())
}

/// Where the longest fact ends that a text starts with.
fn fact_end(text: &[u8]) -> Option<usize> {
    let ends: Vec<_> = memchr::memchr_iter(b' ', text).take(WORDS).collect();
    ends.into_iter().rev().find(|end| reading(&text[..*end]) == LineReading::Whole)
}

/// Start of the stamps that end at `prefix`.
fn line_start(line: &[u8], from: usize, prefix: usize) -> usize {
    let start = from.max(prefix.saturating_sub(STAMPS));
    let blanks = (start + 1..prefix).filter(|at| line[at - 1] == b' ' && line[*at] != b' ');
    let is_start = |at: &usize| {
        let stamps = &line[*at..prefix];
        console_start::is_start(&line[*at..]) && decoration::message(stamps).is_empty()
    };
    { blanks }.find(is_start).unwrap_or(prefix)
}

#[cfg(test)]
mod tests {
    use super::split;

    fn lines(line: &str) -> Vec<&str> {
        split(line.as_bytes()).into_iter().flatten().map(|range| line[range].trim()).collect()
    }

    #[test]
    fn each_message_is_a_line() {
        let one = "[  1.5] [TEE] I/TC: buffer: 24 bytes a.c:20";
        let two = "[  1.6] [TEE] I/TC: buffer: 28 bytes b.c:20";
        let three = "(250311_10:20:01.007)E/TC:0 0 Call stack:";
        assert_eq!(lines(&[one, two, three].join(" ")), [one, two, three]);
        assert_eq!(lines("I/TC: buffer: 24 bytes a.c:20 I/TC: buffer: 1 bytes b.c:2").len(), 2);
        let app = "camera-hal: 3 of 4 frames";
        assert_eq!(lines(&[one, app, two].join(" ")), [one, app, two]);
        let kernel = "[    1.400000] usb 1-1: new device";
        assert_eq!(lines(&[kernel, one, two].join(" ")), [kernel, one, two]);
    }

    #[test]
    fn other_lines_stay() {
        for line in [
            "I/TC: buffer: 24 bytes a.c:20",
            "I/TC: buffer: 24 byI/TC: buffer: 28 bytes b.c:20",
            "",
            "x / y I/TC:",
        ] {
            assert_eq!(split(line.as_bytes()), None, "{line}");
        }
    }
}
