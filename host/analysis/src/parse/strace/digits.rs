//! Parses numbers as strace prints them.

/// Nanoseconds of the last digit of a second, by number of decimals.
const DECIMALS: [u64; 10] =
    [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10, 1];

/// Number of digits that always fit into 64 bits.
const DIGITS: usize = 19;

/// The decimal number at the start of a text, and the text after it.
#[inline]
pub(super) fn leading(text: &str) -> Option<(u64, &str)> {
    let (mut number, mut rest) = (0_u64, text.as_bytes());
    while let [digit @ b'0'..=b'9', tail @ ..] = rest {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        rest = tail;
    }
    let (digits, rest) = text.split_at(text.len() - rest.len());
    match digits.len() {
        0 => None,
        1..=DIGITS => Some((number, rest)),
        _ => Some((digits.parse().ok()?, rest)),
    }
}

/// Like [`leading`], for `12`, `-12` or `0xc`.
#[inline]
pub(super) fn leading_signed(text: &str) -> Option<(i64, &str)> {
    if let Some(digits) = text.strip_prefix("0x") {
        let end = digits.bytes().position(|byte| !byte.is_ascii_hexdigit());
        let (digits, rest) = digits.split_at(end.unwrap_or(digits.len()));
        return Some((u64::from_str_radix(digits, 16).ok()?.cast_signed(), rest));
    }
    match text.strip_prefix('-') {
        Some(text) => {
            leading(text).and_then(|(n, rest)| Some((0i64.checked_sub_unsigned(n)?, rest)))
        }
        None => leading(text).map(|(n, rest)| (n.cast_signed(), rest)),
    }
}

/// `12` or `0xc`.
pub(in crate::parse) fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => leading(text).filter(|(_, rest)| rest.is_empty()).map(|(number, _)| number),
    }
}

/// Seconds with up to nine decimals, in nanoseconds.
pub(in crate::parse) fn nanoseconds(word: &str) -> Option<u64> {
    leading_nanoseconds(word).filter(|(_, rest)| rest.is_empty()).map(|(ns, _)| ns)
}

/// The seconds at the start of a text, in nanoseconds, and the text after them.
#[inline]
pub(super) fn leading_nanoseconds(text: &str) -> Option<(u64, &str)> {
    let (whole, rest) = leading(text)?;
    let whole_ns = whole.checked_mul(DECIMALS[0])?;
    let Some(fraction) = rest.strip_prefix('.') else { return Some((whole_ns, rest)) };
    let (part, end) = leading(fraction).unwrap_or((0, fraction));
    let part = part * DECIMALS.get(fraction.len() - end.len())?;
    Some((whole_ns.checked_add(part)?, end))
}

#[cfg(test)]
mod tests {
    use crate::parse::strace::digits::*;

    #[test]
    fn numbers_are_read_to_their_ends() {
        assert_eq!(leading("184] close"), Some((184, "] close")));
        assert_eq!(leading("18446744073709551616"), None);
        assert_eq!((leading(""), leading("-1")), (None, None));
        assert_eq!((number("0x1f"), number("12a"), number("+1")), (Some(31), None, None));
        assert_eq!(leading_signed("-9 E"), Some((-9, " E")));
        assert_eq!(leading_signed("0xffffffffffffffff)"), Some((-1, ")")));
        assert_eq!((leading_signed("--1"), leading_signed("0xg")), (None, None));
    }

    #[test]
    fn times_have_up_to_nine_decimals() {
        let known = [
            ("5", 5_000_000_000),
            ("5.", 5_000_000_000),
            ("0.000123", 123_000),
            ("1.5", 1_500_000_000),
        ];
        for (text, ns) in known {
            assert_eq!(nanoseconds(text), Some(ns), "{text}");
        }
        assert_eq!(nanoseconds("0.123456789"), Some(123_456_789));
        for text in ["", ".", ".5", "1.2.3", "1.x", "1,5", "0.1234567890", "99999999999999"] {
            assert_eq!(nanoseconds(text), None, "{text}");
        }
    }
}
