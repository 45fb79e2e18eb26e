//! Parses up to eight digits at once, without a branch for each: where a number ends can't be
//! predicted, and a mispredicted branch costs more than parsing a number.

/// Bytes that are processed together.
const WORD: usize = 8;

/// The low bit, and the high bit, of each byte.
const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * LOW;

/// The first bytes of `text` as a little-endian word, padded with zeros.
#[inline]
fn word(text: &[u8]) -> u64 {
    match text.first_chunk::<WORD>() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => text.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// The decimal number that `text` starts with, and its number of digits; `None` for eight digits or
/// more.
#[inline]
pub(crate) fn decimal(text: &[u8]) -> Option<(u64, usize)> {
    let digits = word(text) ^ (0x30 * LOW);
    // Beyond the first byte that is no digit a carry may spoil the others, which are not used.
    let n = good(!(digits.wrapping_add(0x76 * LOW) | digits))?;
    // Moves the last digit to the highest byte, with zeros before the first one.
    let digits = digits.unbounded_shl(64 - 8 * n);
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let fours = (pairs & 0xff_0000_00ff).wrapping_mul(100 + (1_000_000 << 32));
    let other_fours = (pairs >> 16 & 0xff_0000_00ff).wrapping_mul(1 + (10_000 << 32));
    Some((fours.wrapping_add(other_fours) >> 32, n as usize))
}

/// Like [`decimal`], for hexadecimal numbers with digits `a` to `f`.
#[inline]
pub(crate) fn hexadecimal(text: &[u8]) -> Option<(u64, usize)> {
    let bytes = word(text);
    let (value, n) = nibbles(bytes, bytes);
    (n < WORD).then_some((value, n))
}

/// The hexadecimal number, with digits of either case, that the first eight bytes of `text` start with, and its
/// number of digits.
#[inline]
pub(crate) fn hexadecimal_word(text: &[u8]) -> (u64, usize) {
    let bytes = word(text);
    // Of other bytes this bit makes no letters: digits have it.
    nibbles(bytes, bytes | (0x20 * LOW))
}

/// The number of hexadecimal digits, of either case, that the first eight bytes of `text` start with.
#[inline]
pub(crate) fn hexadecimal_length(text: &[u8]) -> usize {
    let bytes = word(text);
    good(hexadecimal_digits(bytes, bytes | (0x20 * LOW))).map_or(WORD, |n| n as usize)
}

/// The number that `bytes` start with, whose letters are the lower-case ones in `lower`, and its number of digits.
#[inline]
fn nibbles(bytes: u64, lower: u64) -> (u64, usize) {
    let n = good(hexadecimal_digits(bytes, lower)).unwrap_or(8);
    let nibbles = (bytes & (0x0f * LOW)) + (bytes >> 6 & LOW) * 9;
    let single_digits = nibbles.unbounded_shl(64 - 8 * n).swap_bytes();
    let two = (single_digits | single_digits >> 4) & 0x00ff_00ff_00ff_00ff;
    let four = (two | two >> 8) & 0x0000_ffff_0000_ffff;
    ((four | four >> 16) & 0xffff_ffff, n as usize)
}

/// The high bit of each byte that is a digit in `bytes`, or a lower-case one in `lower`; not beyond the first that
/// is none, where a carry may spoil it.
#[inline]
const fn hexadecimal_digits(bytes: u64, lower: u64) -> u64 {
    let (digits, letters) = (bytes ^ (0x30 * LOW), lower ^ (0x60 * LOW));
    let is_digit = !(digits.wrapping_add(0x76 * LOW) | digits);
    let is_letter = letters.wrapping_add(0x7f * LOW) & !letters.wrapping_add(0x79 * LOW) & !letters;
    is_digit | is_letter
}

/// Number of lowest bytes that have their high bit set; `None` if all have.
#[inline]
const fn good(bytes: u64) -> Option<u32> {
    let bad = !bytes & HIGH;
    if bad == 0 { None } else { Some(bad.trailing_zeros() / 8) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{decimal, hexadecimal, hexadecimal_length, hexadecimal_word};

    /// Digit by digit.
    fn plain(text: &[u8], radix: u32) -> (u64, usize) {
        let digits = text.iter().map_while(|byte| {
            char::from(*byte).to_digit(radix).filter(|_| !byte.is_ascii_uppercase())
        });
        digits
            .fold((0, 0), |(value, n), digit| (value * u64::from(radix) + u64::from(digit), n + 1))
    }

    fn check(text: &[u8]) {
        let whole = |(_, n): &(u64, usize)| *n < 8;
        assert_eq!(decimal(text), Some(plain(text, 10)).filter(whole), "{text:?}");
        assert_eq!(hexadecimal(text), Some(plain(text, 16)).filter(whole), "{text:?}");
        let any_case = plain(&text.to_ascii_lowercase(), 16);
        assert_eq!(hexadecimal_word(text), any_case, "{text:?}");
        assert_eq!(hexadecimal_length(text), any_case.1, "{text:?}");
    }

    #[test]
    fn each_byte_ends_a_number_or_not() {
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                let mut text = *b"17a94f3e";
                text[at] = byte;
                check(&text);
                let mut text = *b"17394231";
                text[at] = byte;
                check(&text);
            }
        }
        for length in 0..8 {
            check(&b"12345678"[..length]);
        }
    }

    proptest! {
        #[test]
        fn it_reads_what_is_read_digit_by_digit(text in any::<[u8; 8]>(), digits in "[0-9a-f]{8}", n in 0..9_usize) {
            check(&text);
            let mut mixed = text;
            mixed[..n].copy_from_slice(&digits.as_bytes()[..n]);
            check(&mixed);
        }
    }
}
