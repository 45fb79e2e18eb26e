//! A line of text, composed of pieces with a tone each.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::escape;

/// Meaning of a piece of text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tone {
    /// Normal text.
    Plain,
    /// A heading.
    Head,
    /// Bad news.
    Bad,
    /// A warning.
    Warn,
    /// Good news.
    Good,
    /// A detail.
    Dim,
}

impl Tone {
    /// Terminal style of the tone.
    pub(super) const fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Head => Style::new().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Warn => AnsiColor::Yellow.on_default(),
            Self::Good => AnsiColor::Green.on_default().bold(),
            Self::Dim => Style::new().dimmed(),
        }
    }
}

/// Pieces of text. Control characters in them are escaped: tones are the only way to change how a
/// line looks, and [`super::TextPage::write_line`] the only way to end it.
#[derive(Clone, Default, Debug)]
pub(crate) struct TextLine {
    pub(super) pieces: Vec<(Tone, String)>,
    /// Column where continuation lines start.
    pub(super) hang: usize,
}

impl TextLine {
    /// Starts a line at a column; continuation lines are indented by two more.
    pub(crate) fn indent(column: usize) -> Self {
        let indent = (Tone::Plain, " ".repeat(column));
        let pieces = if column == 0 { Vec::new() } else { vec![indent] };
        Self { pieces, hang: column + 2 }
    }

    /// Adds text in a tone.
    pub(crate) fn tone(mut self, tone: Tone, text: impl Display) -> Self {
        let text = escape::escape_controls(&text.to_string());
        if !text.is_empty() {
            self.pieces.push((tone, text));
        }
        self
    }

    /// Adds text.
    pub(crate) fn text(self, text: impl Display) -> Self {
        self.tone(Tone::Plain, text)
    }

    /// Adds a heading.
    pub(crate) fn head(self, text: impl Display) -> Self {
        self.tone(Tone::Head, text)
    }

    /// Adds bad news.
    pub(crate) fn bad(self, text: impl Display) -> Self {
        self.tone(Tone::Bad, text)
    }

    /// Adds a warning.
    pub(crate) fn warn(self, text: impl Display) -> Self {
        self.tone(Tone::Warn, text)
    }

    /// Adds good news.
    pub(crate) fn good(self, text: impl Display) -> Self {
        self.tone(Tone::Good, text)
    }

    /// Adds a detail.
    pub(crate) fn dim(self, text: impl Display) -> Self {
        self.tone(Tone::Dim, text)
    }

    /// Adds blanks up to a column.
    pub(crate) fn pad(self, column: usize) -> Self {
        let blanks = column.saturating_sub(self.columns());
        self.text(" ".repeat(blanks))
    }

    /// Makes continuation lines start at the current column.
    pub(crate) fn hang(mut self) -> Self {
        self.hang = self.columns();
        self
    }

    /// Width of the line in columns.
    pub(crate) fn columns(&self) -> usize {
        self.pieces.iter().map(|(_, text)| text.width()).sum()
    }
}

/// Width of a text in columns.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// Width of a character in columns.
pub(super) fn letter_columns(letter: char) -> usize {
    letter.width().unwrap_or(0)
}
