//! Colours whose escape character was lost where a terminal's text was copied: `[0m`, `^[[1;32m`, `\\e[K`.

use memchr::{memchr, memchr_iter};

/// What stands for the escape character; mostly nothing.
const ESCAPES: [&[u8]; 7] =
    [b"\x1b", "\u{241b}".as_bytes(), b"^[", b"\\x1b", b"\\033", b"\\e", b"\\u001b"];

/// Whether lines of a text have such colours.
pub(super) fn has_colours(text: &[u8]) -> bool {
    // With their escape character they are no frame.
    let is_bare = |at: &usize| !text[..*at].ends_with(b"\x1b") && sequence(&text[*at..]).is_some();
    memchr_iter(b'[', text).filter(is_bare).nth(1).is_some()
}

/// Appends a line without its colours. Returns whether it had any.
pub(super) fn without_colours(line: &[u8], text: &mut Vec<u8>) -> bool {
    let mut rest = line;
    let mut is_changed = false;
    while let Some(at) = memchr(b'[', rest) {
        let length = sequence(&rest[at..]);
        let end = if length.is_some() { at } else { at + 1 };
        text.extend_from_slice(&rest[..end]);
        if let Some(length) = length {
            text.truncate(text.len() - escape(text));
            rest = &rest[at + length..];
        } else {
            rest = &rest[end..];
        }
        is_changed |= length.is_some();
    }
    text.extend_from_slice(rest);
    is_changed
}

/// Length of `[0m`, `[1;32m` or `[K` at the start of a text.
fn sequence(text: &[u8]) -> Option<usize> {
    let is_of_number = |byte: &&u8| byte.is_ascii_digit() || **byte == b';';
    let numbers = text[1..].iter().take(12).take_while(is_of_number).count();
    let end = *text.get(1 + numbers)?;
    let is_end = matches!(text.get(2 + numbers), None | Some(b'\r' | b'\n'));
    (end == b'm' && numbers > 0 || end == b'K' && is_end).then_some(numbers + 2)
}

/// Length of what stands for the escape character at the end of a text.
fn escape(text: &[u8]) -> usize {
    ESCAPES.iter().find(|escape| text.ends_with(escape)).map_or(0, |escape| escape.len())
}

#[cfg(test)]
mod tests {
    use super::{has_colours, without_colours};

    #[test]
    fn colours_are_removed() {
        for line in [
            "[0mI/TC: [0] a[K",
            "\u{241b}[1;31mI/TC: [0] a\u{241b}[0m",
            "\\033[32mI/TC: [0] a^[[0m",
        ] {
            let mut text = Vec::new();
            assert!(has_colours(line.as_bytes()) && without_colours(line.as_bytes(), &mut text));
            assert_eq!(text, b"I/TC: [0] a", "{line}");
        }
    }

    #[test]
    fn other_brackets_stay() {
        for line in ["[    1.5] I/TC: [0] a", "[12m", "a[3] = b[Key]", "[", "[1"] {
            assert!(!has_colours(line.as_bytes()), "{line}");
        }
    }
}
