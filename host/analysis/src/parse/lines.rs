//! Lines: assembled from text that comes in pieces, and counted by outcome.
//!
//! ```text
//! "on"  "e\ntwo\nthr"  "ee\n"  ── LineSplitter ──> "one", "two", "three"
//! ```
//!
//! How text is split into pieces makes no difference, and no line takes more memory than its limit. The part
//! of a line beyond the limit is either dropped ([`LineSplitter::lines`]) or treated as another line
//! ([`LineSplitter::stretches`], [`line_piece`]), depending on how the caller counts lines.

use std::ops::AddAssign;

use crate::model::Accounting;

/// Assembles lines.
#[derive(Debug)]
pub struct LineSplitter {
    /// The first part of a line whose end has not come yet.
    rest: Vec<u8>,
    limit: usize,
    /// Whether that line is longer than the limit.
    is_cut: bool,
}

impl LineSplitter {
    /// `limit` is the longest line that is kept, in bytes, at least 1.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { rest: Vec::new(), limit: if limit == 0 { 1 } else { limit }, is_cut: false }
    }

    /// Reads text and hands each line that ends in it to `take`, without its newline, and with whether it
    /// was cut off at the limit.
    pub fn lines(&mut self, mut text: &[u8], mut take: impl FnMut(&[u8], bool)) {
        while let Some(end) = memchr::memchr(b'\n', text) {
            let line = &text[..end];
            if self.rest.is_empty() {
                take(&line[..end.min(self.limit)], end > self.limit);
            } else {
                self.keep(line);
                take(&self.rest, self.is_cut);
                self.clear();
            }
            text = &text[end + 1..];
        }
        self.keep(text);
    }

    /// Reads text and hands stretches of whole lines, with their newlines, to `take`; a line longer than
    /// the limit comes in stretches of that length.
    pub fn stretches(&mut self, text: &[u8], mut take: impl FnMut(&[u8])) {
        // No line within a part is longer than the limit.
        for mut part in text.chunks(self.limit) {
            if !self.rest.is_empty() {
                let (bytes, ends) = line_piece(part, self.limit - self.rest.len());
                self.keep(&part[..bytes]);
                part = &part[bytes..];
                if ends {
                    take(&self.rest);
                    self.clear();
                }
            }
            let end = memchr::memrchr(b'\n', part).map_or(0, |end| end + 1);
            let end = if part.len() == self.limit && end == 0 { self.limit } else { end };
            if end > 0 {
                take(&part[..end]);
            }
            self.keep(&part[end..]);
        }
    }

    /// Whether nothing of the text so far is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Ends the text: its last line, if that has no newline, and whether it was cut off.
    pub fn end(&mut self) -> Option<(Vec<u8>, bool)> {
        let is_cut = std::mem::take(&mut self.is_cut);
        Some((std::mem::take(&mut self.rest), is_cut)).filter(|(line, _)| !line.is_empty())
    }

    fn keep(&mut self, piece: &[u8]) {
        let room = self.limit - self.rest.len();
        self.is_cut |= piece.len() > room;
        self.rest.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    fn clear(&mut self) {
        self.rest.clear();
        self.is_cut = false;
    }
}

/// Number of bytes at the start of a text that belong to a line with room for `room` more, its newline
/// included, and whether the line is complete with them: it ends there, or has no more room.
#[must_use]
pub fn line_piece(text: &[u8], room: usize) -> (usize, bool) {
    let text = &text[..text.len().min(room)];
    match memchr::memchr(b'\n', text) {
        Some(end) => (end + 1, true),
        None => (text.len(), text.len() == room),
    }
}

/// The outcome of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LineOutcome {
    /// It gave facts, or part of one.
    Parsed,
    /// It is unrelated.
    Ignored,
    /// It should have given facts and could not be read.
    Rejected,
}

/// Parsed if it has a value, otherwise rejected.
impl<T> From<Option<T>> for LineOutcome {
    fn from(read: Option<T>) -> Self {
        if read.is_some() { Self::Parsed } else { Self::Rejected }
    }
}

/// Counts one more line.
impl AddAssign<LineOutcome> for Accounting {
    fn add_assign(&mut self, outcome: LineOutcome) {
        let (parsed, ignored, rejected) = match outcome {
            LineOutcome::Parsed => (1, 0, 0),
            LineOutcome::Ignored => (0, 1, 0),
            LineOutcome::Rejected => (0, 0, 1),
        };
        *self += Self { read: 1, parsed, ignored, rejected };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::parse::lines::*;

    /// Bytes that are a newline now and then.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop_oneof![2 => Just(b'\n'), 5 => any::<u8>()], 0..200)
    }

    /// Cuts a text into pieces, some of them empty.
    fn pieces<'t>(text: &'t [u8], sizes: &[usize]) -> Vec<&'t [u8]> {
        let mut left = text;
        let mut pieces = Vec::new();
        for size in sizes {
            let (piece, rest) = left.split_at((*size).min(left.len()));
            pieces.push(piece);
            left = rest;
        }
        pieces.push(left);
        pieces
    }

    /// Lines with what is beyond the limit left out.
    fn cut_lines(text: &[u8], limit: usize) -> Vec<(Vec<u8>, bool)> {
        let mut lines: Vec<_> = text.split(|byte| *byte == b'\n').collect();
        if lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        let cut = |line: &[u8]| (line[..line.len().min(limit)].to_vec(), line.len() > limit);
        lines.into_iter().map(cut).collect()
    }

    /// Lines with their ends; what is beyond the limit is another line.
    fn split_lines(text: &[u8], limit: usize) -> Vec<Vec<u8>> {
        let mut lines = vec![Vec::new()];
        for byte in text {
            let at = lines.len() - 1;
            lines[at].push(*byte);
            if *byte == b'\n' || lines[at].len() == limit {
                lines.push(Vec::new());
            }
        }
        lines.retain(|line| !line.is_empty());
        lines
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_whole_text(
            text in text(), limit in 1..40usize, sizes in prop::collection::vec(0..60usize, 0..20)
        ) {
            let mut splitter = LineSplitter::new(limit);
            let mut lines = Vec::new();
            for piece in pieces(&text, &sizes) {
                splitter.lines(piece, |line, is_cut| lines.push((line.to_vec(), is_cut)));
            }
            lines.extend(splitter.end());
            prop_assert_eq!(lines, cut_lines(&text, limit));
        }

        #[test]
        fn stretches_are_the_text_in_whole_lines(
            text in text(), limit in 1..40usize, sizes in prop::collection::vec(0..60usize, 0..20)
        ) {
            let mut splitter = LineSplitter::new(limit);
            let (mut lines, mut all) = (Vec::new(), Vec::new());
            for piece in pieces(&text, &sizes) {
                splitter.stretches(piece, |stretch| {
                    all.extend_from_slice(stretch);
                    lines.extend(split_lines(stretch, limit));
                });
            }
            let last = splitter.end().map(|(line, _)| line);
            all.extend(last.iter().flatten());
            lines.extend(last);
            prop_assert_eq!(&all, &text);
            prop_assert_eq!(lines, split_lines(&text, limit));
        }

        #[test]
        fn pieces_of_a_line_are_the_line(text in text(), limit in 1..40usize, window in 1..30usize) {
            let (mut lines, mut line, mut at) = (Vec::new(), Vec::new(), 0);
            while at < text.len() {
                let there = &text[at..text.len().min(at + window)];
                let (bytes, is_over) = line_piece(there, limit - line.len());
                line.extend_from_slice(&there[..bytes]);
                at += bytes;
                if is_over {
                    lines.push(std::mem::take(&mut line));
                }
            }
            lines.extend(Some(line).filter(|line| !line.is_empty()));
            prop_assert_eq!(lines, split_lines(&text, limit));
        }
    }

    #[test]
    fn every_line_is_counted_once() {
        let mut lines = Accounting::default();
        for outcome in [LineOutcome::Parsed, LineOutcome::from(None::<u8>), LineOutcome::Ignored] {
            lines += outcome;
        }
        assert_eq!(lines, Accounting { read: 3, parsed: 1, ignored: 1, rejected: 1 });
        lines += Accounting { read: u64::MAX, ..lines };
        assert_eq!((lines.read, lines.parsed), (u64::MAX, 2));
    }
}
