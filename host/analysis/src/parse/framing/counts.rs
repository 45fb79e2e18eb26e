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
    /// Lines in base64.
    pub base64: u64,
    /// Lines with HTML.
    pub html: u64,
    /// Lines with blanks, invisible characters or typography beyond ASCII.
    pub spaces: u64,
    /// Lines with colours whose escape character was lost.
    pub colours: u64,
    /// Rows of a table.
    pub rows: u64,
    /// Lines with the tag of `logcat -v process` behind them.
    pub tags_behind: u64,
    /// Lines that ended with a carriage return alone.
    pub returns: u64,
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
            (self.joined, "continued the line before and {was} joined to it"),
            (self.pasted, "held several messages and {was} split"),
            (self.quoted, "had mail quotes, which were removed"),
            (self.numbered, "started with a line number or a file name, which {was} removed"),
            (self.quoted_printable, "had quoted-printable escapes, which were decoded"),
            (self.base64, "{was} in base64 and {was} decoded"),
            (self.html, "had HTML entities or tags, which were removed"),
            (self.spaces, "had typographic or invisible characters, which were replaced"),
            (self.colours, "had colours without their escape character, which were removed"),
            (self.rows, "stood in a table, whose bars were removed"),
            (self.tags_behind, "had a process number and a tag of logcat, which were removed"),
            (self.returns, "ended with a carriage return alone and {was} split there"),
            (self.utf16, "had UTF-16 characters, which were decoded"),
            (self.recorded, "had events of a terminal recorder, which were decoded"),
        ];
        let kinds_found = kinds.into_iter().filter(|(lines, _)| *lines > 0);
        kinds_found
            .map(|(lines, what)| {
                let sentence = what.replace("{was}", if lines == 1 { "was" } else { "were" });
                format!("{} {sentence}", text::count(lines, "line")).into()
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
        add(&mut self.base64, other.base64);
        add(&mut self.html, other.html);
        add(&mut self.spaces, other.spaces);
        add(&mut self.colours, other.colours);
        add(&mut self.rows, other.rows);
        add(&mut self.tags_behind, other.tags_behind);
        add(&mut self.returns, other.returns);
        add(&mut self.utf16, other.utf16);
        add(&mut self.recorded, other.recorded);
    }
}

#[cfg(test)]
mod tests {
    use super::FramingCounts;

    #[test]
    fn one_line_was_and_several_were() {
        let sentence = |joined: u64, numbered: u64| {
            FramingCounts { joined, numbered, ..FramingCounts::default() }.sentences().concat()
        };
        assert_eq!(sentence(1, 0), "1 line continued the line before and was joined to it");
        assert_eq!(sentence(2, 0), "2 lines continued the line before and were joined to it");
        assert_eq!(
            sentence(0, 1),
            "1 line started with a line number or a file name, which was removed"
        );
        assert!(FramingCounts::default().sentences().is_empty());
    }
}
