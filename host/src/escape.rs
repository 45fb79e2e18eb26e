//! Escapes characters in names from captures and logs that a terminal or a browser would obey.

/// Whether a character must be escaped: controls (Unicode category Cc); characters of category Cf
/// that have no width, change the writing direction (UAX 9) or carry tags; line separators.
pub(crate) fn needs_escape(letter: char) -> bool {
    match letter {
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        other => other.is_control(),
    }
}

/// The text with such characters escaped, as in `\u{1b}`: always a single line.
pub(crate) fn escape_controls(text: &str) -> String {
    let mut safe_text = String::with_capacity(text.len());
    for letter in text.chars() {
        if needs_escape(letter) {
            safe_text.extend(letter.escape_unicode());
        } else {
            safe_text.push(letter);
        }
    }
    safe_text
}

#[cfg(test)]
mod tests {
    use super::escape_controls;

    #[test]
    fn what_would_be_obeyed_is_escaped() {
        let text = escape_controls("a\u{1b}[8m\u{9b}2J\r\n\tb\u{202e}c\u{e9}\u{4e2d}");
        assert_eq!(text, "a\\u{1b}[8m\\u{9b}2J\\u{d}\\u{a}\\u{9}b\\u{202e}c\u{e9}\u{4e2d}");
    }
}
