//! Removes the frames of a whole text: they may begin, change and end anywhere in it.
//!
//! ```text
//! pieces ── UTF-16 ──> window of at least 64 KiB ── Framing::of_window_beyond ──> Unframer ──> lines
//! ```

use super::{BEGIN, Framing, FramingCounts, Unframer, encoding::Decoder, unframer::Take};

/// Removes the frames of a text that comes in pieces.
///
/// A window has whole lines and at least [`BEGIN`] bytes, unless the text is shorter, so that its frames show
/// in it, wherever the pieces end.
#[derive(Debug)]
pub struct TextUnframer {
    decoder: Option<Decoder>,
    /// Whether the text is a recording, which has no other frames around it.
    is_recorded: bool,
    window: Vec<u8>,
    /// The frames of the window before. A frame that ends soon in this one shows no more.
    framing_before: Framing,
    /// The columns at which lines of any window before were cut.
    known_columns: Framing,
    unframer: Unframer,
    utf16_lines: u64,
}

impl TextUnframer {
    /// Of a text that begins with these frames.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        let mut known_columns = Framing::default();
        known_columns.remember_columns(&framing);
        Self {
            known_columns,
            decoder: framing.encoding.map(Decoder::new),
            is_recorded: framing.recorded,
            window: Vec::new(),
            framing_before: Framing::default(),
            unframer: Unframer::new(framing),
            utf16_lines: 0,
        }
    }

    /// Reads the next bytes of the text and hands on each line that is complete, with the number of lines
    /// of the text that end with it: 0 for all but the last of those that were pasted into one.
    pub fn push(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8], u32)) {
        let take = &mut |line: &[u8], lines: u32, _: bool| take(line, lines);
        let start = self.window.len();
        match &mut self.decoder {
            Some(decoder) => {
                decoder.decode(bytes, &mut self.window);
                let newlines = memchr::memchr_iter(b'\n', &self.window[start..]).count();
                self.utf16_lines += newlines as u64;
            }
            None => self.window.extend_from_slice(bytes),
        }
        let mut text = std::mem::take(&mut self.window);
        let mut read = 0;
        while text.len() - read >= 2 * BEGIN {
            let end = read + line_end(&text[read..]);
            self.read_window(&text[read..end], take);
            read = end;
        }
        text.drain(..read);
        self.window = text;
    }

    /// Ends the text.
    pub fn end(&mut self, mut take: impl FnMut(&[u8], u32)) {
        let take = &mut |line: &[u8], lines: u32, _: bool| take(line, lines);
        let text = std::mem::take(&mut self.window);
        if !text.is_empty() {
            self.read_window(&text, take);
        }
        self.unframer.end_marked(take);
        let has_rest = self.decoder.is_some() && !self.is_ended();
        self.utf16_lines += u64::from(has_rest);
    }

    /// Whether the text so far ends with a newline.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        self.unframer.is_ended()
    }

    /// What was removed so far.
    #[must_use]
    pub fn counts(&self) -> FramingCounts {
        FramingCounts { utf16: self.utf16_lines, ..*self.unframer.counts() }
    }

    /// The bytes that are still to be read if the text has no frames any more, and what was removed before.
    #[must_use]
    pub fn take_plain_rest(&mut self) -> Option<(Vec<u8>, FramingCounts)> {
        let is_plain = self.decoder.is_none() && self.unframer.is_plain();
        is_plain.then(|| (std::mem::take(&mut self.window), self.counts()))
    }

    fn read_window(&mut self, text: &[u8], take: &mut Take<'_>) {
        if !self.is_recorded {
            let framing = Framing::of_window_beyond(text, &self.known_columns);
            self.known_columns.remember_columns(&framing);
            self.unframer.change_framing(framing.after(&self.framing_before), take);
            self.framing_before = framing;
        }
        self.unframer.push_marked(text, take);
    }
}

/// The end of the last line in the first bytes of a text; of all of them if a line is longer.
fn line_end(text: &[u8]) -> usize {
    memchr::memrchr(b'\n', &text[..BEGIN]).map_or(BEGIN, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::TextUnframer;
    use crate::parse::framing::Framing;

    const RECORD: &str = "I/TC: buffer: 24 bytes core/mm/mobj.c:20";

    fn read(text: &str, size: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let mut take = |line: &[u8], _: u32| lines.push(String::from_utf8_lossy(line).into_owned());
        let mut unframer = TextUnframer::new(Framing::default());
        for piece in text.as_bytes().chunks(size) {
            unframer.push(piece, &mut take);
        }
        unframer.end(&mut take);
        lines
    }

    fn numbered_lines(frame: impl Fn(usize) -> String) -> String {
        (0..2_000).map(|number| frame(number) + "\n").collect()
    }

    #[test]
    fn frames_may_begin_anywhere() {
        let prose = "What follows is what the board printed before it stopped.\n".repeat(6_000);
        let quoted = format!("> {RECORD}\n").repeat(20);
        for size in [70_000, usize::MAX] {
            let lines = read(&format!("{prose}{quoted}"), size);
            assert!(lines[6_000..].iter().all(|line| line == RECORD), "{size}");
        }
    }

    #[test]
    fn frames_may_change() {
        let parts = [
            numbered_lines(|_| format!("> {RECORD}")),
            numbered_lines(|number| format!("{}:{RECORD}", number + 7)),
            numbered_lines(|_| RECORD.replace(' ', "\u{a0}")),
            numbered_lines(|_| RECORD.to_owned()),
        ];
        let lines = read(&parts.concat(), 10_000);
        let others: Vec<_> = lines.iter().filter(|line| *line != RECORD).collect();
        assert!(others.is_empty() && lines.len() == 8_000, "{others:?}");
    }
}
