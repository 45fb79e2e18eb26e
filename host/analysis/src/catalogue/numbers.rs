//! Numbers and names in messages, in the forms in which people print them.

use teeleak_proto::Uuid;

use crate::parse::console::{dec, hex, hex32, uuid};

/// A result code: hexadecimal, with or without `0x`, or the signed decimal form.
pub(super) fn code(text: &[u8]) -> Option<u32> {
    let (digits, negative) = match text {
        [b'-', digits @ ..] => (digits, true),
        digits => (digits, false),
    };
    if negative {
        let (value, _) = dec(digits)?;
        return Some(u32::try_from(value).ok()?.wrapping_neg());
    }
    hex32(digits).filter(|(_, rest)| rest.is_empty()).map(|(code, _)| code)
}

/// Names of the origins of results, in the order of their numbers from 1.
const ORIGINS: [&[u8]; 4] =
    [b"_ORIGIN_API", b"_ORIGIN_COMMS", b"_ORIGIN_TEE", b"_ORIGIN_TRUSTED_APP"];

/// An origin of a result, as `3`, `0x3` or `TEEC_ORIGIN_TEE`.
pub(super) fn origin(text: &[u8]) -> Option<u8> {
    if let Some(at) = ORIGINS.iter().position(|name| text.ends_with(name)) {
        return u8::try_from(at + 1).ok();
    }
    let (value, _) = hex(text)?;
    u8::try_from(value).ok().filter(|origin| (1..=4).contains(origin))
}

/// A number of bytes, decimal or after `0x`.
pub(super) fn size(text: &[u8]) -> Option<u64> {
    let number = if text.starts_with(b"0x") { hex(text) } else { dec(text) };
    number.map(|(value, _)| value)
}

/// Words before a size: `size=8192`, `malloc(6144)`.
const BEFORE: [&[u8]; 6] = [b"size=", b"size: ", b"size ", b"lloc(", b"len=", b"length "];

/// The size in a message that no group names: `12288 bytes`, `size=8192`, `malloc(6144)`.
pub(super) fn size_in(text: &[u8]) -> Option<u64> {
    let size_before = || BEFORE.iter().find_map(|words| size(&text[end_of_word(text, words)?..]));
    let bytes = memchr::memmem::find_iter(text, b" byte").find_map(|end| last_number(&text[..end]));
    bytes.or_else(size_before)
}

fn end_of_word(text: &[u8], words: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, words).map(|at| at + words.len())
}

/// The number that `text` ends with.
fn last_number(text: &[u8]) -> Option<u64> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric();
    let start = text.iter().rposition(|byte| !is_word(byte)).map_or(0, |at| at + 1);
    let word = text.get(start..)?;
    size(word).filter(|_| word.first().is_some_and(u8::is_ascii_digit))
}

/// The first UUID in a message.
pub(super) fn uuid_in(text: &[u8]) -> Option<Uuid> {
    let dashes = memchr::memchr_iter(b'-', text);
    let starts = dashes.filter_map(|dash| dash.checked_sub(8));
    starts.filter_map(|start| uuid(&text[start..])).map(|(uuid, _)| uuid).next()
}

#[cfg(test)]
mod tests {
    use super::{code, origin, size_in, uuid_in};

    #[test]
    fn sizes_are_found_in_the_words_of_others() {
        for (text, size) in [
            ("Failed to allocate 12288 bytes for queue 3", Some(12288)),
            ("Failed to allocate scratch buffer, size=8192", Some(8192)),
            ("TEE_Malloc(6144) failed", Some(6144)),
            ("no memory for context (208 bytes)", Some(208)),
            ("alloc of 0x1000 bytes failed", Some(4096)),
            ("calloc failed: out of memory", None),
            ("queue 3: no memory", None),
            ("alloc of x12 bytes failed", None),
        ] {
            assert_eq!(size_in(text.as_bytes()), size, "{text}");
        }
    }

    #[test]
    fn codes_origins_and_uuids_are_read_in_every_form() {
        assert_eq!(code(b"0xffff000c"), Some(0xffff_000c));
        assert_eq!(code(b"FFFF000C"), Some(0xffff_000c));
        assert_eq!(code(b"-65524"), Some(0xffff_000c));
        assert_eq!((origin(b"0x3"), origin(b"4"), origin(b"9")), (Some(3), Some(4), None));
        assert_eq!(origin(b"TEEC_ORIGIN_TEE"), Some(3));
        assert_eq!(origin(b"TEE_ORIGIN_TRUSTED_APP"), Some(4));
        let text = b"optee-ta-ab7a617c-b8e7-4d8f-8301-d09b61036b64: failed";
        assert_eq!(uuid_in(text).unwrap().to_string(), "ab7a617c-b8e7-4d8f-8301-d09b61036b64");
    }
}
