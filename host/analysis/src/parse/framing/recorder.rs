//! Recordings of asciinema: a line of JSON for each piece of output.
//!
//! ```text
//! {"version": 2, "width": 80, "height": 24}
//! [0.248848, "o", "I/TC: buffer: 24 by"]
//! ```

/// Whether a text is a recording.
pub(super) fn detect(begin: &[u8]) -> bool {
    let first = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
    first.starts_with(b"{\"version\":") && memchr::memmem::find(first, b"\"width\":").is_some()
        || first.starts_with(b"{\"version\":")
            && memchr::memmem::find(first, b"\"term\":").is_some()
}

/// Appends the output of an event; `false` if the line is none.
pub(super) fn decode(line: &[u8], text: &mut Vec<u8>) -> bool {
    let parts = output(line);
    if let Some(output) = parts {
        unescape(output, text);
    }
    parts.is_some()
}

/// The escaped output of `[0.248848, "o", "output"]`.
fn output(line: &[u8]) -> Option<&[u8]> {
    let rest = line.trim_ascii().strip_prefix(b"[")?;
    let comma = rest.iter().take(32).position(|byte| *byte == b',')?;
    let rest = rest[comma + 1..].trim_ascii_start().strip_prefix(b"\"o\"")?;
    let rest = rest.trim_ascii_start().strip_prefix(b",")?.trim_ascii_start();
    rest.strip_prefix(b"\"")?.strip_suffix(b"]").map(<[u8]>::trim_ascii_end)?.strip_suffix(b"\"")
}

/// Appends the text of a string of JSON.
fn unescape(mut rest: &[u8], text: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'\\', rest) {
        text.extend_from_slice(&rest[..at]);
        let escaped_byte = rest.get(at + 1).copied().unwrap_or(b'\\');
        rest = rest.get(at + 2..).unwrap_or_default();
        match escaped_byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' | b'f' => {}
            b'u' => {
                let (digits, after) = rest.split_at(rest.len().min(4));
                let code =
                    str::from_utf8(digits).ok().and_then(|text| u32::from_str_radix(text, 16).ok());
                let character =
                    code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = after;
            }
            other => text.push(other),
        }
    }
    text.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::{decode, detect};

    #[test]
    fn output_is_decoded() {
        assert!(detect(b"{\"version\": 2, \"width\": 80, \"height\": 24}\n[0.1, \"o\", \"\"]"));
        assert!(!detect(b"{\"version\": 2}"));
        let mut text = Vec::new();
        assert!(decode(br#"[0.248848, "o", "\u001b[1mI/TC: \"x\"\r\n"]"#, &mut text));
        assert_eq!(text, b"\x1b[1mI/TC: \"x\"\r\n");
        assert!(!decode(br#"[0.248848, "i", "x"]"#, &mut text));
        assert!(!decode(b"I/TC: x", &mut text));
    }
}
