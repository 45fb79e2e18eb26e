//! Splits a text into lines.

use std::iter;

/// The lines of a text, without their newlines: one more than it has newlines.
pub(super) fn lines_of(text: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let ends = memchr::memchr_iter(b'\n', text).chain(iter::once(text.len()));
    let mut start = 0;
    ends.map(move |end| {
        let line = &text[start..end];
        start = end + 1;
        line
    })
}

#[cfg(test)]
mod tests {
    use super::lines_of;

    #[test]
    fn lines_are_those_between_newlines() {
        for text in ["", "\n", "a", "a\n", "a\n\nb", "\r\na\r\n"] {
            let expected = text.as_bytes().split(|byte| *byte == b'\n');
            assert!(lines_of(text.as_bytes()).eq(expected), "{text:?}");
        }
    }
}
