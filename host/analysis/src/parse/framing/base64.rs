//! Bodies of mails in base64: a header announces them, a blank line or the boundary of the next part ends them.

/// What announces a body, in small letters.
const HEADER: &[u8] = b"content-transfer-encoding: base64";

/// Longest line of a body: mailers break at 76.
const LONGEST: usize = 128;

/// Lines of headers that may follow the one that announces a body.
const HEADERS: usize = 16;

/// Whether a line announces a body.
pub(super) fn is_header(line: &[u8]) -> bool {
    line.get(..HEADER.len()).is_some_and(|start| start.eq_ignore_ascii_case(HEADER))
}

/// Whether lines have a body that is text itself.
pub(super) fn detect<'t>(mut lines: impl Iterator<Item = &'t [u8]> + Clone) -> bool {
    while lines.by_ref().any(is_header) {
        if first_line(lines.clone()).is_some_and(|text| is_text(&text)) {
            return true;
        }
    }
    false
}

/// The first line of a body, decoded, behind its headers.
fn first_line<'t>(mut lines: impl Iterator<Item = &'t [u8]>) -> Option<Vec<u8>> {
    lines.by_ref().take(HEADERS).find(|line| line.trim_ascii().is_empty())?;
    let mut text = Vec::new();
    decode(lines.next()?, &mut text)?;
    Some(text)
}

fn is_text(decoded: &[u8]) -> bool {
    let is_usual = |byte: &u8| *byte >= b' ' || byte.is_ascii_whitespace() || *byte == 0x1b;
    // The line may end within a character.
    let is_utf8 =
        str::from_utf8(decoded).map_or_else(|error| error.error_len().is_none(), |_| true);
    !decoded.is_empty() && decoded.iter().all(is_usual) && is_utf8
}

/// Appends the text of a line of a body; `None` if it is no base64.
pub(super) fn decode(line: &[u8], text: &mut Vec<u8>) -> Option<()> {
    let line = line.trim_ascii();
    (!line.is_empty() && line.len() <= LONGEST).then_some(())?;
    let (groups, []) = line.as_chunks::<4>() else { return None };
    let start = text.len();
    for (at, group) in groups.iter().enumerate() {
        let padding = group.iter().rev().take_while(|byte| **byte == b'=').count();
        let is_whole = padding == 0 || padding <= 2 && at + 1 == groups.len();
        let bits = group[..4 - padding.min(4)]
            .iter()
            .try_fold(0_u32, |bits, byte| Some(bits << 6 | u32::from(value(*byte)?)));
        let Some(bits) = bits.filter(|_| is_whole) else {
            text.truncate(start);
            return None;
        };
        let [_, bytes @ ..] = (bits << (6 * padding)).to_be_bytes();
        text.extend_from_slice(&bytes[..3 - padding]);
    }
    Some(())
}

const fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::decode;
    use crate::parse::framing::lines_of;

    fn detect(text: &[u8]) -> bool {
        super::detect(lines_of(text))
    }

    #[test]
    fn lines_are_decoded() {
        for (line, text) in [
            ("SS9UQzogYnVmZmVyOiAyNCBieXRlcw==", "I/TC: buffer: 24 bytes"),
            ("SS9U\r", "I/T"),
            ("SS8=", "I/"),
        ] {
            let mut decoded = b"x".to_vec();
            assert_eq!(decode(line.as_bytes(), &mut decoded), Some(()), "{line}");
            assert_eq!(decoded[1..], *text.as_bytes());
        }
        for line in ["", "SS8", "SS8=SS9U", "a b=", "====", "S==="] {
            let mut decoded = b"x".to_vec();
            assert_eq!((decode(line.as_bytes(), &mut decoded), decoded.len()), (None, 1), "{line}");
        }
    }

    #[test]
    fn only_bodies_that_are_text_are_detected() {
        let mail = |body: &str| {
            format!(
                "Subject: log\nContent-Transfer-Encoding: BASE64\nContent-Type: text/plain\n\n{body}\n"
            )
        };
        assert!(detect(mail("SS9UQzogYnVmZmVyOiAyNCBieXRlcw==").as_bytes()));
        assert!(!detect(mail("AAECAwQFBgc=").as_bytes()));
        assert!(!detect(mail("Hello, what follows is no such text").as_bytes()));
        assert!(!detect(b"SS9UQzogYnVmZmVyOiAyNCBieXRlcw=="));
    }
}
