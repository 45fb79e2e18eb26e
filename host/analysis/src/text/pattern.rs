//! Messages that differ only in their numbers.

/// The text with each number as one `#`, so that equal messages are one finding.
#[must_use]
pub fn without_numbers(text: &str) -> String {
    let mut plain = String::new();
    for character in text.chars() {
        match character {
            '0'..='9' if plain.ends_with('#') => {}
            '0'..='9' => plain.push('#'),
            other => plain.push(other),
        }
    }
    plain
}
