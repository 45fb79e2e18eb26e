//! Quoted-printable (RFC 2045, 6.7) and quotes of mails.

use memchr::memchr;

/// Shortest line that a mailer breaks softly; a shorter one with `=` at its end may be anything.
const SOFT_BREAK: usize = 40;

/// Whether these lines are quoted-printable: each `=` is the start of an escape or a soft break, and some
/// are of a kind that other texts don't have.
pub(super) fn is_quoted_printable<'t>(lines: impl Iterator<Item = &'t [u8]>) -> bool {
    let (mut typical, mut escaped, mut other) = (0_u32, 0_u32, 0_u32);
    for line in lines.map(<[u8]>::trim_ascii_end).filter(|line| memchr(b'=', line).is_some()) {
        if decode(line, &mut Vec::new()).is_none() {
            other += 1;
            continue;
        }
        escaped += 1;
        let is_typical = line.ends_with(b"=20")
            || memchr::memmem::find(line, b"=3D").is_some()
            || line.ends_with(b"=") && (SOFT_BREAK..=77).contains(&line.len());
        typical += u32::from(is_typical);
    }
    typical >= 2 && escaped >= 9 * other
}

/// Appends the text of a line; `None` if it is not quoted-printable, otherwise whether the next line
/// continues it.
pub(super) fn decode(line: &[u8], text: &mut Vec<u8>) -> Option<bool> {
    let start = text.len();
    let mut rest = line.trim_ascii_end();
    while let Some(at) = memchr(b'=', rest) {
        text.extend_from_slice(&rest[..at]);
        rest = match rest[at + 1..] {
            [] => return Some(true),
            [high, low, ref after @ ..] if let Some(byte) = byte(high, low) => {
                text.push(byte);
                after
            }
            _ => {
                text.truncate(start);
                return None;
            }
        };
    }
    text.extend_from_slice(rest);
    Some(false)
}

fn byte(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    Some(digit(high)? << 4 | digit(low)?)
}

/// Length of the quotes that a line starts with: `> `, `> > `, `>>`.
pub(super) fn quotes(line: &[u8]) -> usize {
    let mut length = 0;
    while let Some(b'>') = line.get(length) {
        length += 1 + usize::from(line.get(length + 1) == Some(&b' '));
    }
    length
}

#[cfg(test)]
mod tests {
    use super::{decode, is_quoted_printable, quotes};

    #[test]
    fn escapes_are_decoded() {
        let mut text = Vec::new();
        assert_eq!(decode(b"size=3D5 =C2=A0x =20", &mut text), Some(false));
        assert_eq!(text, b"size=5 \xc2\xa0x  ");
        text.clear();
        assert_eq!(decode(b"ends softly=", &mut text), Some(true));
        assert_eq!(text, b"ends softly");
        text.clear();
        assert_eq!(decode(b"func=2", &mut text), None);
        assert_eq!(text, b"");
    }

    #[test]
    fn other_equal_signs_are_not_quoted_printable() {
        let lines = |text: &'static str| text.as_bytes().split(|byte| *byte == b'\n');
        assert!(is_quoted_printable(lines("a=20\nb=3D1\nc")));
        assert!(!is_quoted_printable(lines("count=20\ncount=21\ncount = 3")));
        assert!(!is_quoted_printable(lines("close(3) = 0\nclose(4) = 0")));
    }

    #[test]
    fn quotes_end_before_the_text() {
        for (line, text) in [("> > a", "a"), (">> a", "a"), (">a", "a"), ("a > b", "a > b")] {
            assert_eq!(&line[quotes(line.as_bytes())..], text);
        }
        assert_eq!(quotes(b">  region"), 2);
    }
}
