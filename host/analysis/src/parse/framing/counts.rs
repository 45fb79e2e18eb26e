//! What was removed from a text, and from how many lines.

use std::sync::Arc;

use crate::text;

/// What was removed from a text or joined, in lines.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct FramingCounts {
    /// Lines that continued the line before them.
    pub joined: u64,
    /// Lines that held several.
    pub pasted: u64,
    /// Lines with quotes of a mail.
    pub quoted: u64,
    /// Lines with a line number or a file's name.
    pub numbered: u64,
    /// Lines in quoted-printable.
    pub quoted_printable: u64,
    /// Lines with HTML.
    pub html: u64,
    /// Lines with blanks or invisible characters beyond ASCII.
    pub spaces: u64,
    /// Lines in UTF-16.
    pub utf16: u64,
    /// Events of a terminal recorder.
    pub recorded: u64,
}

impl FramingCounts {
    /// What was done, each a sentence.
    #[must_use]
    pub fn sentences(&self) -> Vec<Arc<str>> {
        let kinds = [
            (self.joined, "continued the line before and", "joined to it"),
            (self.pasted, "held several messages and", "split"),
            (self.quoted, "had mail quotes, which", "removed"),
            (self.numbered, "had line numbers or a file name in front, which", "removed"),
            (self.quoted_printable, "had quoted-printable escapes, which", "decoded"),
            (self.html, "had HTML entities or tags, which", "removed"),
            (self.spaces, "had blanks or invisible characters of other scripts, which", "replaced"),
            (self.utf16, "had UTF-16 characters, which", "decoded"),
            (self.recorded, "had events of a terminal recorder, which", "decoded"),
        ];
        let done = kinds.into_iter().filter(|(lines, ..)| *lines > 0);
        done.map(|(lines, which, done)| {
            let verb = if which.ends_with("and") && lines == 1 { "was" } else { "were" };
            format!("{} {which} {verb} {done}", text::count(lines, "line")).into()
        })
        .collect()
    }

    /// Adds those of another text.
    pub fn add(&mut self, other: &Self) {
        let add = |sum: &mut u64, lines: u64| *sum = sum.saturating_add(lines);
        add(&mut self.joined, other.joined);
        add(&mut self.pasted, other.pasted);
        add(&mut self.quoted, other.quoted);
        add(&mut self.numbered, other.numbered);
        add(&mut self.quoted_printable, other.quoted_printable);
        add(&mut self.html, other.html);
        add(&mut self.spaces, other.spaces);
        add(&mut self.utf16, other.utf16);
        add(&mut self.recorded, other.recorded);
    }
}
