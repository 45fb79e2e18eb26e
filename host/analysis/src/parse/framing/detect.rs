//! Detects the frames of a text from its first bytes.

use super::{
    Unframer, base64, characters, colours,
    encoding::{self, Decoder, Encoding},
    lines_of, mail,
    numbering::{self, NumberedLines},
    pasted, process, recorder, signs, table,
    wrap::{Wrap, WrapLine},
};

/// Bytes at the start of a text that show its frames.
pub const BEGIN: usize = 64 << 10;

/// The frames of a text.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Framing {
    pub(super) encoding: Option<Encoding>,
    pub(super) recorded: bool,
    /// Lines end with carriage returns alone.
    pub(super) returns: bool,
    pub(super) base64: bool,
    pub(super) quoted_printable: bool,
    pub(super) html: bool,
    pub(super) spaces: bool,
    pub(super) colours: bool,
    pub(super) quoted: bool,
    pub(super) rows: bool,
    /// Lines have the tag of `logcat -v process` behind them.
    pub(super) tags_behind: bool,
    pub(super) numbering: Option<NumberedLines>,
    /// Wrapping of lines that are quoted, and of others.
    pub(super) quotes: Wrap,
    pub(super) plain: Wrap,
    pub(super) pasted: bool,
}

impl Framing {
    /// The frames of the text that begins so; `None` if it has none.
    #[must_use]
    pub fn detect(begin: &[u8]) -> Option<Self> {
        let mut framing = Self { encoding: encoding::detect(begin), ..Self::default() };
        let text = framing.decoded(begin);
        framing.recorded = recorder::detect(&text);
        framing.add(&text, &Self::default());
        (framing != Self::default()).then_some(framing)
    }

    /// The frames that begin in a later part of a text, which has whole lines; `None` if it has none.
    ///
    /// Quick where lines are those of a console.
    #[must_use]
    pub fn begin_in(part: &[u8]) -> Option<Self> {
        let framing = if signs::has_signs(part) { Self::of_window(part) } else { Self::default() };
        (framing != Self::default()).then_some(framing)
    }

    /// The frames of a part of a text that is not UTF-16 any more.
    fn of_window(text: &[u8]) -> Self {
        Self::of_window_beyond(text, &Self::default())
    }

    /// The same where lines before it were cut at the columns of `before`.
    pub(super) fn of_window_beyond(text: &[u8], before: &Self) -> Self {
        let mut framing = Self::default();
        framing.add(text, before);
        framing
    }

    /// Remembers the columns at which lines are cut.
    pub(super) fn remember_columns(&mut self, framing: &Self) {
        let columns = |known: &Wrap, now: &Wrap| Wrap::of_columns_of(known, now);
        self.plain = columns(&self.plain, &framing.plain);
        self.quotes = columns(&self.quotes, &framing.quotes);
    }

    /// Adds those frames of the part before whose traces are in each line: a few lines are no evidence.
    pub(super) fn after(&self, before: &Self) -> Self {
        Self {
            spaces: self.spaces || before.spaces,
            colours: self.colours || before.colours,
            quoted: self.quoted || before.quoted,
            rows: self.rows || before.rows,
            tags_behind: self.tags_behind || before.tags_behind,
            numbering: self.numbering.or(before.numbering),
            quotes: self.quotes.and(&before.quotes),
            plain: self.plain.and(&before.plain),
            pasted: self.pasted || before.pasted,
            ..self.clone()
        }
    }

    fn add(&mut self, text: &[u8], before: &Self) {
        self.characters(text);
        self.marks(text);
        self.lines(text, before);
    }

    fn decoded(&self, begin: &[u8]) -> Vec<u8> {
        let Some(encoding) = self.encoding else { return begin.to_vec() };
        let mut text = Vec::with_capacity(begin.len() / 2);
        Decoder::new(encoding).decode(begin, &mut text);
        text
    }

    fn characters(&mut self, text: &[u8]) {
        self.base64 = base64::detect(lines_of(text));
        if self.base64 {
            let lines = self.unframed(text);
            self.characters_of(&text_of(&lines));
        } else {
            self.characters_of(text);
        }
    }

    fn characters_of(&mut self, text: &[u8]) {
        self.returns = characters::has_returns(text);
        self.colours = colours::has_colours(text);
        self.quoted_printable = mail::is_quoted_printable(lines_of(text));
        self.html = characters::has_html(text);
        // Those of quoted-printable are found only when it is decoded.
        self.spaces = self.quoted_printable || self.html || characters::has_spaces(text);
    }

    /// Quotes and numbers, of which either may be outside.
    fn marks(&mut self, text: &[u8]) {
        let lines = self.unframed(text);
        self.numbering = numbering::detect(&slices(&lines));
        let lines = if self.numbering.is_some() { self.unframed(text) } else { lines };
        let n_quoted = lines.iter().filter(|line| line.text.starts_with(b"> ")).count();
        self.quoted = n_quoted > 1 || n_quoted > 0 && n_quoted == lines.len();
        if self.quoted && self.numbering.is_none() {
            self.numbering = numbering::detect(&slices(&self.unframed(text)));
        }
        let lines = self.unframed(text);
        self.rows = table::has_rows(lines.iter().map(|line| &*line.text));
        self.tags_behind = process::has_lines(lines.iter().map(|line| &*line.text));
    }

    fn lines(&mut self, text: &[u8], before: &Self) {
        let lines = self.unframed(text);
        self.plain = Wrap::detect(&lines, false, &before.plain);
        if self.quoted {
            self.quotes = Wrap::detect(&lines, true, &before.quotes);
        }
        let lines = if self.is_wrapped() { self.unframed(text) } else { lines };
        self.pasted = lines.iter().any(|line| pasted::split(&line.text).is_some());
    }

    pub(super) const fn is_wrapped(&self) -> bool {
        !self.plain.is_none() || !self.quotes.is_none()
    }

    /// The lines of a text, which is not UTF-16 any more, without the frames detected so far.
    fn unframed(&self, text: &[u8]) -> Vec<WrapLine> {
        let mut lines = Vec::new();
        let mut unframer = Unframer::new(Self { encoding: None, ..self.clone() });
        let take = &mut |line: &[u8], quoted: bool| {
            lines.push(WrapLine { text: line.to_vec(), quoted });
        };
        unframer.push_marked(text, &mut |line, _, quoted| take(line, quoted));
        unframer.end_marked(&mut |line, _, quoted| take(line, quoted));
        lines
    }
}

fn text_of(lines: &[WrapLine]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.text.as_slice(), b"\n"].concat()).collect()
}

fn slices(lines: &[WrapLine]) -> Vec<&[u8]> {
    lines.iter().map(|line| &*line.text).collect()
}
