//! Escapes characters in names from captures and logs that a terminal or a browser would obey.

/// Whether a character must be escaped: controls (Unicode category Cc); characters of category Cf
/// that have no width, change the writing direction (UAX 9) or carry tags; line separators; the two
/// noncharacters that XML forbids.
pub(crate) fn needs_escape(letter: char) -> bool {
    match letter {
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}' => true,
        other => other.is_control(),
    }
}

/// The text with such characters escaped, as in `\u{1b}`: always a single line.
pub(crate) fn escape_controls(text: &str) -> String {
    let mut safe_text = String::with_capacity(text.len());
    text.chars().for_each(|letter| push_escaped(&mut safe_text, letter));
    safe_text
}

/// The same, but line ends stay.
pub(crate) fn escape_lines(text: &str) -> String {
    let mut safe_text = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => safe_text.push('\n'),
            other => push_escaped(&mut safe_text, other),
        }
    }
    safe_text
}

/// Appends a character, escaped if necessary.
pub(crate) fn push_escaped(text: &mut String, letter: char) {
    if needs_escape(letter) {
        text.extend(letter.escape_unicode());
    } else {
        text.push(letter);
    }
}

/// A JSON document with such characters as escapes of JSON: a terminal shows it, and a reader has them back.
pub(crate) fn escape_json(document: String) -> String {
    let is_obeyed = |letter: char| letter > '\u{7e}' && needs_escape(letter);
    if !document.contains(is_obeyed) {
        return document;
    }
    let mut safe_text = String::with_capacity(document.len());
    for letter in document.chars() {
        if is_obeyed(letter) {
            let mut units = [0; 2];
            let units = letter.encode_utf16(&mut units).iter();
            safe_text.extend(units.map(|unit| format!("\\u{unit:04x}")));
        } else {
            safe_text.push(letter);
        }
    }
    safe_text
}

#[cfg(test)]
mod tests {
    use super::{escape_controls, escape_json, escape_lines};

    #[test]
    fn what_would_be_obeyed_is_escaped() {
        let text = escape_controls("a\u{1b}[8m\u{9b}2J\r\n\tb\u{202e}c\u{e9}\u{4e2d}");
        assert_eq!(text, "a\\u{1b}[8m\\u{9b}2J\\u{d}\\u{a}\\u{9}b\\u{202e}c\u{e9}\u{4e2d}");
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(escape_lines("a\u{1b}\nb\u{ffff}"), "a\\u{1b}\nb\\u{ffff}");
    }

    #[test]
    fn json_stays_the_same_text() {
        let text = "a\u{9b}\u{7f}\u{202e}\u{e0001}\u{e9} \u{1f600}";
        let escaped = escape_json(serde_json::to_string(text).unwrap());
        assert_eq!(escaped, r#""a\u009b\u007f\u202e\udb40\udc01é 😀""#);
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }
}
