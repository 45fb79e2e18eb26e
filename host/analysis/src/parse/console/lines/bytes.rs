//! Parses numbers and UUIDs from bytes, without going through `str`.

use teeleak_proto::Uuid;

use super::digits;

/// A decimal number and what follows it; `None` without a digit or beyond 64 bits.
#[inline(always)]
pub(crate) fn dec(text: &[u8]) -> Option<(u64, &[u8])> {
    match digits::decimal(text) {
        Some((_, 0)) => None,
        Some((value, n)) => Some((value, &text[n..])),
        None => dec_by_one(text),
    }
}

/// Like [`dec`], digit by digit.
#[cold]
fn dec_by_one(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        rest = after;
    }
    match text.len() - rest.len() {
        0 => None,
        1..=19 => Some((value, rest)),
        n => Some((str::from_utf8(&text[..n]).ok()?.parse().ok()?, rest)),
    }
}

/// A hexadecimal number of at most 64 bits, with or without `0x`, and what follows it.
#[inline]
pub(crate) fn hex(text: &[u8]) -> Option<(u64, &[u8])> {
    hex_digits(text.strip_prefix(b"0x").unwrap_or(text))
}

/// A hexadecimal number of at most 64 bits, without `0x`, and what follows it.
#[inline]
fn hex_digits(text: &[u8]) -> Option<(u64, &[u8])> {
    match digits::hexadecimal_word(text) {
        (_, 0) => None,
        (high, 8) => {
            let (low, n) = digits::hexadecimal_word(&text[8..]);
            let rest = &text[8 + n..];
            let is_longer = n == 8 && rest.first().is_some_and(u8::is_ascii_hexdigit);
            (!is_longer).then_some((high << (4 * n) | low, rest))
        }
        (value, n) => Some((value, &text[n..])),
    }
}

/// A hexadecimal number that starts with `0x`, and what follows it.
#[inline]
pub(crate) fn hex0x(text: &[u8]) -> Option<(u64, &[u8])> {
    text.starts_with(b"0x").then(|| hex(text)).flatten()
}

/// The value of a number, or a hash of any other text (FNV-1a, the same in every run).
pub(crate) fn number(text: &[u8]) -> u64 {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match hex0x(digits).or_else(|| dec(digits)) {
        Some((value, [])) if negative => value.wrapping_neg(),
        Some((value, [])) => value,
        _ => text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        }),
    }
}

/// A 32-bit decimal number and what follows it.
pub(crate) fn dec32(text: &[u8]) -> Option<(u32, &[u8])> {
    let (value, rest) = dec(text)?;
    Some((u32::try_from(value).ok()?, rest))
}

/// A 32-bit hexadecimal number and what follows it.
pub(crate) fn hex32(text: &[u8]) -> Option<(u32, &[u8])> {
    let (value, rest) = hex(text)?;
    Some((u32::try_from(value).ok()?, rest))
}

/// A UUID in its usual form, or without its last dash as `xtest --stats --ta` prints it, and what
/// follows it.
pub(crate) fn uuid(text: &[u8]) -> Option<(Uuid, &[u8])> {
    let mut bytes = [0; 16];
    let mut rest = text;
    for (n, byte) in bytes.iter_mut().enumerate() {
        match (n, rest.strip_prefix(b"-")) {
            (4 | 6 | 8 | 10, Some(after)) => rest = after,
            (4 | 6 | 8, None) => return None,
            _ => {}
        }
        let [high, low, after @ ..] = rest else { return None };
        *byte = nibble(*high)? << 4 | nibble(*low)?;
        rest = after;
    }
    Some((Uuid(bytes), rest))
}

/// The text after `prefix`, if `text` starts with it.
#[inline]
pub(crate) fn strip_prefix<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    text.strip_prefix(prefix)
}

/// `text` without leading blanks.
#[inline]
pub(crate) fn blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

/// The text after the first `needle`.
pub(crate) fn text_after<'a>(text: &'a [u8], needle: &[u8]) -> Option<&'a [u8]> {
    memchr::memmem::find(text, needle).map(|at| &text[at + needle.len()..])
}

/// Most bytes of a text that are kept: what is longer is no message of OP-TEE, and no symbol.
const TEXT: usize = 512;

/// Printable text: damaged UTF-8 is replaced, and what is too long is cut.
pub(crate) fn lossy(text: &[u8]) -> Box<str> {
    String::from_utf8_lossy(text.get(..TEXT).unwrap_or(text)).into()
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{dec, hex, number, uuid};

    #[test]
    fn text_is_distinguished_by_its_hash() {
        assert_eq!(number(b"-1"), u64::MAX);
        assert_ne!(number(b"a"), number(b"b"));
    }

    #[test]
    fn numbers_end_where_their_digits_end() {
        assert_eq!(dec(b"12 x"), Some((12, b" x".as_slice())));
        assert_eq!(hex(b"0x24b62694,"), Some((0x24b6_2694, b",".as_slice())));
        assert_eq!(dec(b"x"), None);
        assert_eq!(dec(b"99999999999999999999999"), None);
        assert_eq!(hex(b"0x11112222333344445"), None);
    }

    #[test]
    fn uuids_with_and_without_the_last_dash_are_the_same() {
        let full = uuid(b"d96a5b40-e2c7-b1af-8794-1002a5d5c61b)");
        assert_eq!(full, uuid(b"d96a5b40-e2c7-b1af-87941002a5d5c61b)"));
        assert!(full.is_some());
        assert_eq!(uuid(b"d96a5b40-e2c7"), None);
    }
}
