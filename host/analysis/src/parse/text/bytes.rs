//! Numbers and UUIDs out of bytes, without going through `str`.

use teeleak_proto::Uuid;

/// A decimal number and what follows it; `None` without a digit or beyond 64 bits.
#[inline]
pub(super) fn dec(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    let mut n = 0;
    while let Some(digit) = text.get(n).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
        n += 1;
    }
    (n > 0).then(|| (value, &text[n..]))
}

/// A hexadecimal number, with or without `0x`, and what follows it.
pub(super) fn hex(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.strip_prefix(b"0x").unwrap_or(text);
    let mut value = 0_u64;
    let mut n = 0;
    while let Some(digit) = digits.get(n).and_then(|b| nibble(*b)) {
        if n == 16 {
            return None;
        }
        value = value << 4 | u64::from(digit);
        n += 1;
    }
    (n > 0).then(|| (value, &digits[n..]))
}

/// A hexadecimal number that starts with `0x`, and what follows it.
pub(super) fn hex0x(text: &[u8]) -> Option<(u64, &[u8])> {
    text.starts_with(b"0x").then(|| hex(text)).flatten()
}

/// A 32-bit decimal number and what follows it.
pub(super) fn dec32(text: &[u8]) -> Option<(u32, &[u8])> {
    let (value, rest) = dec(text)?;
    Some((u32::try_from(value).ok()?, rest))
}

/// A 32-bit hexadecimal number and what follows it.
pub(super) fn hex32(text: &[u8]) -> Option<(u32, &[u8])> {
    let (value, rest) = hex(text)?;
    Some((u32::try_from(value).ok()?, rest))
}

/// A UUID in its usual form, or without its last dash as `xtest --stats --ta` prints it, and what
/// follows it.
pub(super) fn uuid(text: &[u8]) -> Option<(Uuid, &[u8])> {
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

/// What follows `prefix`.
#[inline]
pub(super) fn after<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    text.strip_prefix(prefix)
}

/// `text` without leading blanks.
#[inline]
pub(super) fn blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

/// What follows the first `needle`.
pub(super) fn beyond<'a>(text: &'a [u8], needle: &[u8]) -> Option<&'a [u8]> {
    memchr::memmem::find(text, needle).map(|at| &text[at + needle.len()..])
}

/// Text for a person: damaged UTF-8 replaced.
pub(super) fn lossy(text: &[u8]) -> Box<str> {
    String::from_utf8_lossy(text).into()
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
    use super::{dec, hex, uuid};

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
