//! A page of text: wraps lines to the width of the terminal and mentions `-v` if something is hidden.

use std::{
    io::{self, Write},
    ops::Range,
};

use teeleak_analysis::ta_names::{TaMentions, TaNames};

use super::line::{TextLine, Tone, letter_columns};

/// Columns below which labels no longer have a column of their own.
const NARROW: usize = 60;

/// Column of continuation lines whose own column is too far right for a narrow page.
const FOLDED: usize = 6;

/// Layout of text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TextLayout {
    /// Width in columns; `None` to never wrap lines.
    pub(crate) columns: Option<usize>,
    /// Whether the terminal shows characters beyond ASCII.
    pub(crate) unicode: bool,
    /// Whether to show everything (`-v`).
    pub(crate) verbose: bool,
}

impl TextLayout {
    /// For files: everything, unwrapped.
    pub(crate) const FILE: Self = Self { columns: None, unicode: true, verbose: true };
}

/// Destination of lines.
pub(crate) struct TextPage<'o> {
    out: &'o mut dyn Write,
    layout: TextLayout,
    left_out: bool,
    mentions: TaMentions,
}

impl<'o> TextPage<'o> {
    pub(crate) fn new(out: &'o mut dyn Write, layout: TextLayout) -> Self {
        Self { out, layout, left_out: false, mentions: TaMentions::default() }
    }

    /// Whether to show everything. If not, the caller hides something, and [`Self::close`] says so.
    pub(crate) fn shows_all(&mut self) -> bool {
        self.left_out |= !self.layout.verbose;
        self.layout.verbose
    }

    /// Shows these names from here on, with the UUID of each TA once.
    pub(crate) fn name_tas(&mut self, names: TaNames) {
        self.mentions = TaMentions::new(names);
    }

    pub(crate) fn layout(&self) -> TextLayout {
        self.layout
    }

    pub(crate) fn is_narrow(&self) -> bool {
        self.layout.columns.is_some_and(|columns| columns < NARROW)
    }

    /// Whether the page is at least this wide.
    pub(crate) fn has_room(&self, columns: usize) -> bool {
        self.layout.columns.is_none_or(|most| columns <= most)
    }

    pub(crate) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A heading, after an empty line.
    pub(crate) fn heading(&mut self, text: &str) -> io::Result<()> {
        self.blank()?;
        self.write_line(TextLine::default().head(text))
    }

    /// Writes a line, wrapped if it is too long.
    pub(crate) fn write_line(&mut self, line: TextLine) -> io::Result<()> {
        let TextLine { mut pieces, hang } = line;
        for (_, text) in &mut pieces {
            *text = self.mentions.rename(text);
        }
        let letters = letters(&pieces, self.layout.unicode);
        let Some(most) = self.layout.columns else { return self.row(&letters) };
        let hang = if hang > most / 2 { FOLDED.min(most / 4) } else { hang };
        for (n, range) in rows(&letters, most, hang).into_iter().enumerate() {
            if n > 0 {
                write!(self.out, "{:hang$}", "")?;
            }
            self.row(&letters[range])?;
        }
        Ok(())
    }

    fn row(&mut self, letters: &[(Tone, char)]) -> io::Result<()> {
        for alike in letters.chunk_by(|a, b| a.0 == b.0) {
            let style = alike[0].0.style();
            let text: String = alike.iter().map(|(_, letter)| letter).collect();
            write!(self.out, "{style}{text}{style:#}")?;
        }
        writeln!(self.out)
    }

    /// Writes a hint about `-v` if something was hidden.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        if !self.left_out {
            return Ok(());
        }
        self.blank()?;
        self.write_line(
            TextLine::default().dim(
                "-v shows the evidence: all values, events, places, call stacks and fingerprints",
            ),
        )
    }
}

/// All characters with their tones; characters that the terminal can't show are escaped.
fn letters(pieces: &[(Tone, String)], unicode: bool) -> Vec<(Tone, char)> {
    let mut letters = Vec::new();
    for (tone, text) in pieces {
        for letter in text.chars() {
            if unicode || letter.is_ascii() {
                letters.push((*tone, letter));
            } else {
                letters.extend(letter.escape_unicode().map(|letter| (*tone, letter)));
            }
        }
    }
    while letters.last().is_some_and(|(_, letter)| *letter == ' ') {
        letters.pop();
    }
    letters
}

/// Breaks characters into rows of at most `most` columns; all rows but the first are indented by
/// `hang`.
fn rows(letters: &[(Tone, char)], most: usize, hang: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let (mut start, mut room) = (0, most);
    loop {
        let end = start + fitting(&letters[start..], room);
        if end >= letters.len() {
            rows.push(start..letters.len());
            return rows;
        }
        let first = if start == 0 { hang.min(end) } else { start };
        let break_at = find_break(letters, first, end).unwrap_or(end.max(start + 1));
        let last_letter = letters[start..break_at].iter().rposition(|(_, letter)| *letter != ' ');
        rows.push(start..start + last_letter.map_or(0, |last| last + 1));
        start = break_at;
        while letters.get(start).is_some_and(|(_, letter)| *letter == ' ') {
            start += 1;
        }
        room = most.saturating_sub(hang).max(1);
    }
}

/// Number of characters from the start that fit into `room` columns.
fn fitting(letters: &[(Tone, char)], room: usize) -> usize {
    let mut width = 0;
    let fits_width = |(_, letter): &&(Tone, char)| {
        width += letter_columns(*letter);
        width <= room
    };
    letters.iter().take_while(fits_width).count()
}

/// Best place to end a row: after a blank, else after a separator in a path or name.
fn find_break(letters: &[(Tone, char)], first: usize, end: usize) -> Option<usize> {
    let find_after = |parts: &str| {
        let parts = |at: &usize| *at > first && parts.contains(letters[at - 1].1);
        (first..=end).rev().find(parts)
    };
    if letters[end].1 == ' ' {
        return Some(end);
    }
    find_after(" ").or_else(|| find_after("/,:;=_-"))
}

/// Label of a line, in a column of its own if the page is wide enough.
pub(super) fn label(name: &str, page: &TextPage<'_>) -> TextLine {
    if page.is_narrow() {
        return TextLine::indent(3).head(name).text(": ");
    }
    TextLine::indent(3).head(format_args!("{name} ")).pad(15).hang()
}

#[cfg(test)]
mod tests {
    use crate::render::text::page::*;

    fn set(line: TextLine, columns: usize) -> String {
        let mut out = Vec::new();
        let layout = TextLayout { columns: Some(columns), unicode: true, verbose: false };
        TextPage::new(&mut out, layout).write_line(line).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_does_not_fit_hangs() {
        let line = || TextLine::indent(2).text("cause ").hang().text("one two three, four");
        assert_eq!(set(line(), 30), "  cause one two three, four\n");
        assert_eq!(set(line(), 20), "  cause one two\n        three, four\n");
        let long = TextLine::indent(2).text("a ").hang().text("core/mm/mobj.c:377");
        assert_eq!(set(long, 14), "  a core/mm/\n    mobj.c:377\n");
        assert_eq!(set(TextLine::default().text("abcdefgh"), 4), "abcd\nefgh\n");
    }

    #[test]
    fn wide_letters_count_twice() {
        assert_eq!(set(TextLine::indent(0).text("中中 中中"), 6), "中中\n  中中\n");
    }

    #[test]
    fn what_the_screen_cannot_show_is_escaped() {
        let mut out = Vec::new();
        let layout = TextLayout { columns: None, unicode: false, verbose: false };
        TextPage::new(&mut out, layout).write_line(TextLine::default().text("é")).unwrap();
        assert_eq!(out, b"\\u{e9}\n");
    }

    #[test]
    fn nothing_in_a_name_is_obeyed() {
        let name = "x\u{1b}[8m\n1. forged\u{202e}";
        let line = set(TextLine::default().bad(name), 80);
        assert_eq!(line.matches('\n').count(), 1);
        assert!(!line.contains("\u{1b}[8m") && !line.contains('\u{202e}'), "{line:?}");
    }
}
