//! A line as it is composed: pieces of text, each in a tone.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::escape;

/// What a piece of text is to a reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tone {
    /// Nothing special.
    Plain,
    /// A heading.
    Head,
    /// Bad news.
    Bad,
    /// Neither good nor bad.
    Warn,
    /// Good news.
    Good,
    /// A detail.
    Dim,
}

impl Tone {
    /// How it looks.
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

/// Pieces of text. Whatever a terminal would obey in them is told instead: tones are the only way to
/// change how a line looks, and [`super::Page::put`] the only way to end it.
#[derive(Clone, Default, Debug)]
pub(crate) struct Line {
    pub(super) pieces: Vec<(Tone, String)>,
    /// Column at which it goes on where it has to be broken.
    pub(super) hang: usize,
}

impl Line {
    /// Begins after so many blanks, and goes on two columns further.
    pub(crate) fn indent(column: usize) -> Self {
        let indent = (Tone::Plain, " ".repeat(column));
        let pieces = if column == 0 { Vec::new() } else { vec![indent] };
        Self { pieces, hang: column + 2 }
    }

    /// Adds text in a tone.
    pub(crate) fn tone(mut self, tone: Tone, text: impl Display) -> Self {
        let text = escape::shown(&text.to_string());
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

    /// Adds what is neither good nor bad.
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

    /// Has what does not fit go on at the column that is reached.
    pub(crate) fn hang(mut self) -> Self {
        self.hang = self.columns();
        self
    }

    /// Columns that it takes.
    pub(crate) fn columns(&self) -> usize {
        self.pieces.iter().map(|(_, text)| text.width()).sum()
    }
}

/// Columns that text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// Columns that a letter takes.
pub(super) fn letter_columns(letter: char) -> usize {
    letter.width().unwrap_or(0)
}
