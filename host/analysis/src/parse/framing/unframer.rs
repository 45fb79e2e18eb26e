//! Removes the frames of a text, line by line.

use std::borrow::Cow;

use super::{
    Framing, FramingCounts, base64, characters, colours, mail, pasted, process, recorder, table,
    wrap,
};
use crate::parse::{console::MAX_LINE, lines::LineSplitter};

/// Longest line that is read, in bytes: a whole log may be pasted as one.
const LONGEST: usize = 1 << 20;

/// Removes these frames of a text, which is not UTF-16 any more, that comes in pieces.
#[derive(Debug)]
pub(super) struct Unframer {
    framing: Framing,
    splitter: LineSplitter,
    /// A line that the next one may continue.
    open: Option<OpenLine>,
    /// The first part of a line of quoted-printable, or of a recording, and the lines it takes so far.
    part: Vec<u8>,
    part_lines: u32,
    /// Where the text is in a mail with a body in base64.
    mail: MailPart,
    /// The number of the last numbered line.
    number: Option<u64>,
    counts: FramingCounts,
    /// Whether the text so far ends with a newline.
    is_ended: bool,
    /// The text of the line at hand, and a buffer for the next change of it.
    line: Vec<u8>,
    next: Vec<u8>,
}

/// A part of a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum MailPart {
    /// Text as it is.
    Plain,
    /// The headers of a part whose body is in base64.
    Headers,
    /// The body itself.
    Body,
}

/// A line that the next one may continue.
#[derive(Debug)]
struct OpenLine {
    text: Vec<u8>,
    lines: u32,
    quoted: bool,
    /// Characters of its last part.
    width: usize,
}

/// Takes a line, the number of lines of the text that end with it, and whether it was quoted.
pub(super) type Take<'t> = dyn FnMut(&[u8], u32, bool) + 't;

impl Unframer {
    /// Of a text with these frames.
    pub(super) fn new(framing: Framing) -> Self {
        Self {
            framing,
            splitter: LineSplitter::new(LONGEST),
            open: None,
            part: Vec::new(),
            part_lines: 0,
            mail: MailPart::Plain,
            number: None,
            counts: FramingCounts::default(),
            is_ended: true,
            line: Vec::new(),
            next: Vec::new(),
        }
    }

    /// The text goes on with other frames.
    pub(super) fn change_framing(&mut self, framing: Framing, take: &mut Take<'_>) {
        if self.framing.quoted_printable && !framing.quoted_printable {
            self.end_part(take);
        }
        self.framing = framing;
    }

    /// Whether the text has no frames any more, and nothing of it is left.
    pub(super) fn is_plain(&self) -> bool {
        self.framing == Framing::default()
            && self.open.is_none()
            && self.splitter.is_empty()
            && self.mail == MailPart::Plain
    }

    /// Whether the text so far ends with a newline.
    pub(super) const fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// What was removed so far.
    pub(super) const fn counts(&self) -> &FramingCounts {
        &self.counts
    }

    pub(super) fn push_marked(&mut self, text: &[u8], take: &mut Take<'_>) {
        let text = self.with_newlines(text);
        if let Some(last) = text.last() {
            self.is_ended = *last == b'\n' || self.framing.recorded;
        }
        let mut splitter = std::mem::replace(&mut self.splitter, LineSplitter::new(1));
        splitter.lines(&text, |line, is_cut| self.source_line(line, is_cut, take));
        self.splitter = splitter;
    }

    /// Ends lines with newlines that end with carriage returns alone.
    fn with_newlines<'t>(&mut self, text: &'t [u8]) -> Cow<'t, [u8]> {
        if !self.framing.returns {
            return text.into();
        }
        let mut lines = text.to_vec();
        for at in memchr::memchr_iter(b'\r', text) {
            if text.get(at + 1) != Some(&b'\n') {
                lines[at] = b'\n';
                self.counts.returns += 1;
            }
        }
        lines.into()
    }

    pub(super) fn end_marked(&mut self, take: &mut Take<'_>) {
        if let Some((line, is_cut)) = self.splitter.end() {
            self.source_line(&line, is_cut, take);
        }
        self.end_part(take);
        self.close(take);
    }

    fn end_part(&mut self, take: &mut Take<'_>) {
        if self.part_lines > 0 {
            let part = std::mem::take(&mut self.part);
            let lines = std::mem::take(&mut self.part_lines);
            self.text_line(&part, lines, take);
        }
    }

    /// Reads a line of the text as it is.
    fn source_line(&mut self, line: &[u8], is_cut: bool, take: &mut Take<'_>) {
        if is_cut {
            self.cut_line(take);
        } else if self.framing.recorded {
            self.take_recorded(line, take);
        } else if self.is_encoded(line, take) {
            self.take_encoded(line, take);
        } else if self.framing.quoted_printable {
            self.quoted_printable(line, take);
        } else {
            self.text_line(line, 1, take);
        }
    }

    /// A line that is too long for any reader is handed on as just that.
    fn cut_line(&mut self, take: &mut Take<'_>) {
        self.close(take);
        self.part.clear();
        let lines = 1 + std::mem::take(&mut self.part_lines);
        take(&vec![b' '; MAX_LINE + 1], lines, false);
    }

    /// Whether a line is of a body in base64.
    fn is_encoded(&mut self, line: &[u8], take: &mut Take<'_>) -> bool {
        let is_blank = line.trim_ascii().is_empty();
        self.mail = match self.mail {
            MailPart::Plain if self.framing.base64 && base64::is_header(line) => MailPart::Headers,
            MailPart::Headers if is_blank => MailPart::Body,
            MailPart::Body if is_blank || base64::decode(line, &mut Vec::new()).is_none() => {
                self.end_part(take);
                MailPart::Plain
            }
            part => part,
        };
        self.mail == MailPart::Body && !is_blank
    }

    fn take_encoded(&mut self, line: &[u8], take: &mut Take<'_>) {
        self.part_lines += 1;
        let is_decoded = base64::decode(line, &mut self.part).is_some();
        self.counts.base64 += u64::from(is_decoded);
        self.take_parts(take);
    }

    /// Lines of output may begin and end anywhere in the lines of a recording.
    fn take_recorded(&mut self, line: &[u8], take: &mut Take<'_>) {
        self.part_lines += 1;
        self.counts.recorded += u64::from(recorder::decode(line, &mut self.part));
        self.take_parts(take);
    }

    /// Reads the lines that are complete in the part.
    fn take_parts(&mut self, take: &mut Take<'_>) {
        let part = std::mem::take(&mut self.part);
        let mut rest = &part[..];
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let lines = std::mem::take(&mut self.part_lines);
            self.text_line(&rest[..end], lines, take);
            rest = &rest[end + 1..];
        }
        self.part = rest[..rest.len().min(MAX_LINE)].to_vec();
    }

    fn quoted_printable(&mut self, line: &[u8], take: &mut Take<'_>) {
        let length_before = self.part.len();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let continues = mail::decode(line, &mut self.part);
        if continues.is_none() {
            self.part.extend_from_slice(line);
        }
        let is_changed = self.part[length_before..] != *line;
        self.counts.quoted_printable += u64::from(is_changed);
        self.part_lines += 1;
        if continues != Some(true) || self.part.len() > MAX_LINE {
            let part = std::mem::take(&mut self.part);
            let lines = std::mem::take(&mut self.part_lines);
            self.text_line(&part, lines, take);
            self.part = part;
            self.part.clear();
        }
    }

    /// Reads a line of text.
    fn text_line(&mut self, line: &[u8], lines: u32, take: &mut Take<'_>) {
        let mut text = std::mem::take(&mut self.line);
        text.clear();
        text.extend_from_slice(line);
        self.characters(&mut text);
        // A tag at the end of a line ends that line.
        let mut rest = text.strip_suffix(b"\n").unwrap_or(&text);
        // A tag may have ended lines within this one.
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.marked_line(&rest[..end], 0, take);
            rest = &rest[end + 1..];
        }
        self.marked_line(rest, lines, take);
        self.line = text;
    }

    fn characters(&mut self, text: &mut Vec<u8>) {
        if self.framing.html {
            self.next.clear();
            self.counts.html += u64::from(characters::without_html(text, &mut self.next));
            std::mem::swap(text, &mut self.next);
        }
        if self.framing.spaces {
            self.next.clear();
            self.counts.spaces += u64::from(characters::with_plain_spaces(text, &mut self.next));
            std::mem::swap(text, &mut self.next);
        }
        if self.framing.colours {
            self.next.clear();
            self.counts.colours += u64::from(colours::without_colours(text, &mut self.next));
            std::mem::swap(text, &mut self.next);
        }
    }

    /// Reads a line that may be quoted and numbered.
    fn marked_line(&mut self, line: &[u8], lines: u32, take: &mut Take<'_>) {
        let mut rest = self.without_number(line);
        let quotes = if self.framing.quoted { mail::quotes(rest) } else { 0 };
        rest = &rest[quotes..];
        if quotes > 0 {
            self.counts.quoted += 1;
            if rest.len() + quotes == line.len() {
                rest = self.without_number(rest);
            }
        }
        if self.framing.rows
            && let Some(text) = table::cell(rest)
        {
            self.counts.rows += 1;
            rest = text;
        }
        if self.framing.tags_behind
            && let Some(text) = process::text(rest)
        {
            self.counts.tags_behind += 1;
            rest = text;
        }
        self.bare_line(rest, lines, quotes > 0, take);
    }

    fn without_number<'l>(&mut self, line: &'l [u8]) -> &'l [u8] {
        let last = self.number;
        let numbered_line = self.framing.numbering.and_then(|numbered| numbered.strip(line, last));
        self.counts.numbered += u64::from(numbered_line.is_some());
        self.number = numbered_line.map(|(number, _)| number).or(last);
        numbered_line.map_or(line, |(_, rest)| rest)
    }

    /// Reads a line that may continue the one before it.
    fn bare_line(&mut self, line: &[u8], lines: u32, quoted: bool, take: &mut Take<'_>) {
        if !self.framing.is_wrapped() {
            self.close(take);
            self.hand_on(line, lines, quoted, take);
            return;
        }
        let part = line.strip_suffix(b"\r").unwrap_or(line);
        let wrap = if quoted { &self.framing.quotes } else { &self.framing.plain };
        if let Some(open) = &mut self.open
            && open.quoted == quoted
            && open.text.len() + part.len() < MAX_LINE
            && let Some(joint) = wrap.joint(&open.text, open.width, part)
        {
            open.text.extend_from_slice(joint);
            open.text.extend_from_slice(part);
            open.lines = open.lines.saturating_add(lines);
            open.width = wrap::width(part);
            self.counts.joined += 1;
            return;
        }
        self.close(take);
        let width = wrap::width(part);
        self.open = Some(OpenLine { text: part.to_vec(), lines, quoted, width });
    }

    /// Hands on the line that nothing continues any more.
    fn close(&mut self, take: &mut Take<'_>) {
        if let Some(open) = self.open.take() {
            self.hand_on(&open.text, open.lines, open.quoted, take);
        }
    }

    fn hand_on(&mut self, line: &[u8], lines: u32, quoted: bool, take: &mut Take<'_>) {
        let split = |line| pasted::split(line).or_else(|| pasted::split_tail(line));
        let ranges = if self.framing.pasted { split(line) } else { None };
        let Some(ranges) = ranges else {
            take(line, lines, quoted);
            return;
        };
        self.counts.pasted += 1;
        let last = ranges.len() - 1;
        for (at, range) in ranges.into_iter().enumerate() {
            take(&line[range], if at == last { lines } else { 0 }, quoted);
        }
    }
}
