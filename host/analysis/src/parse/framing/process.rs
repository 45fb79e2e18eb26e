//! Lines of `logcat -v process`, which have the tag behind the text: `I(    0) I/TC: buffer: 24 bytes a.c:20  (KERNEL)`.

use super::console_start;
use crate::parse::console::{LineReading, reading};

/// Fewest lines that are convincing.
const LINES: usize = 2;

/// Whether lines of the console are such lines.
pub(super) fn has_lines<'t>(lines: impl Iterator<Item = &'t [u8]>) -> bool {
    let is_of_console =
        |text: &[u8]| console_start::is_start(text) || reading(text) == LineReading::Whole;
    lines.filter(|line| text(line).is_some_and(is_of_console)).nth(LINES - 1).is_some()
}

/// The text of such a line.
pub(super) fn text(line: &[u8]) -> Option<&[u8]> {
    let [b'V' | b'D' | b'I' | b'W' | b'E' | b'F', b'(', rest @ ..] = line else { return None };
    let (number, rest) = rest.split_at(memchr::memchr(b')', &rest[..rest.len().min(12)])?);
    let text = rest.strip_prefix(b") ")?;
    let is_number = !number.is_empty() && number.trim_ascii().iter().all(u8::is_ascii_digit);
    let tag = text.trim_ascii_end().strip_suffix(b")").filter(|_| is_number)?;
    let start = memchr::memmem::rfind(tag, b"  (")?;
    Some(&text[..start])
}

#[cfg(test)]
mod tests {
    use super::{has_lines, text};

    #[test]
    fn the_number_and_the_tag_are_left_out() {
        for (line, expected) in [
            ("I(    0) I/TC: a  (KERNEL)", Some("I/TC: a")),
            ("E(12974) [ 1.5] x (y)  (tag of it)\r", Some("[ 1.5] x (y)")),
            ("I(    0) I/TC: a", None),
            ("I(x) I/TC: a  (KERNEL)", None),
            ("I/TC: a  (KERNEL)", None),
            ("I(", None),
        ] {
            assert_eq!(text(line.as_bytes()), expected.map(str::as_bytes), "{line}");
        }
        let line: &[u8] = b"I(    0) I/TC: a  (KERNEL)";
        assert!(has_lines([line, line].into_iter()) && !has_lines([line].into_iter()));
    }
}
