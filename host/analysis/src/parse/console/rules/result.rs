//! The result that a text states: a code in any form that people print, or words.

use std::sync::Arc;

use crate::{
    model::StepResult,
    parse::console::lines::bytes::{dec, hex},
};

/// Words for success.
const SUCCESS: [&[u8]; 10] = [
    b"ok",
    b"okay",
    b"success",
    b"successful",
    b"succeeded",
    b"passed",
    b"done",
    b"no error",
    b"TEE_SUCCESS",
    b"TEEC_SUCCESS",
];

/// What may stand around a result that a pattern such as `\S+` takes along.
const AROUND: &[u8] = b" \t\r,.;:!()[]{}<>'\"`=";

/// Longest words that are kept, in bytes: a result, not a story.
const LONGEST: usize = 64;

/// Digits of a code without `0x`.
const BARE: usize = 8;

/// Reads results; the words of the last one are most likely also those of the next.
#[derive(Clone, Debug, Default)]
pub(super) struct ResultReader {
    last: Option<Arc<str>>,
}

impl ResultReader {
    /// The result in `text`, which is hexadecimal where `0x` precedes it; `None` of an empty one.
    #[inline]
    pub(super) fn read(&mut self, text: &[u8], is_hex: bool) -> Option<StepResult> {
        if let Some(code) = code(text, is_hex) {
            return Some(StepResult::Code(code));
        }
        self.read_around(text, is_hex)
    }

    /// Reads what is not just a number.
    #[cold]
    fn read_around(&mut self, text: &[u8], is_hex: bool) -> Option<StepResult> {
        let text = trim(text);
        if text.is_empty() {
            return None;
        }
        // A remark after a number explains it: `-12 (ENOMEM)`.
        let first = text.split(|byte| b" ([,;".contains(byte)).next().unwrap_or(text);
        let remark = &text[first.len()..];
        let is_explained = remark.is_empty() || trim(remark).len() + 1 < remark.len();
        if let Some(code) = code(first, is_hex).filter(|_| is_explained) {
            return Some(StepResult::Code(code));
        }
        if SUCCESS.iter().any(|word| word.eq_ignore_ascii_case(text)) {
            return Some(StepResult::SUCCESS);
        }
        let named = str::from_utf8(first).ok().and_then(StepResult::named_code);
        Some(named.map_or_else(|| StepResult::Words(self.words(text)), StepResult::Code))
    }

    fn words(&mut self, text: &[u8]) -> Arc<str> {
        let words = String::from_utf8_lossy(&text[..text.len().min(LONGEST)]);
        match &self.last {
            Some(last) if **last == *words => Arc::clone(last),
            _ => Arc::clone(self.last.insert(words.into())),
        }
    }
}

fn trim(text: &[u8]) -> &[u8] {
    let is_kept = |byte: &u8| !AROUND.contains(byte);
    let Some(start) = text.iter().position(is_kept) else { return &[] };
    let end = text.iter().rposition(is_kept).map_or(start, |last| last + 1);
    &text[start..end]
}

/// A number that is nothing else: decimal, hexadecimal after `0x`, or eight hexadecimal digits.
fn code(text: &[u8], is_hex: bool) -> Option<u32> {
    let (digits, is_negative) = match text {
        [b'-', digits @ ..] => (digits, true),
        digits => (digits, false),
    };
    let value = match digits {
        [b'0', b'x' | b'X', digits @ ..] => whole(hex(digits)),
        digits if is_hex => whole(hex(digits)),
        digits => whole(dec(digits)).or_else(|| bare(digits)),
    }?;
    // The low half of a 64-bit register, of a sign-extended one too.
    let low = (value & 0xffff_ffff) as u32;
    Some(if is_negative { low.wrapping_neg() } else { low })
}

fn whole(number: Option<(u64, &[u8])>) -> Option<u64> {
    number.filter(|(_, rest)| rest.is_empty()).map(|(value, _)| value)
}

/// A code as `%08x` prints it. Letters alone may be a word.
fn bare(digits: &[u8]) -> Option<u64> {
    let is_code = digits.len() == BARE && digits.iter().any(u8::is_ascii_digit);
    whole(is_code.then(|| hex(digits))?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::ResultReader;
    use crate::model::StepResult;

    fn read(text: &str) -> Option<StepResult> {
        ResultReader::default().read(text.as_bytes(), false)
    }

    #[test]
    fn a_code_is_read_in_every_form() {
        for (text, code) in [
            ("0", 0),
            ("0,", 0),
            ("0xffff000c", 0xffff_000c),
            ("0XFFFF000C", 0xffff_000c),
            ("(0xffff000c)", 0xffff_000c),
            ("ffff000c", 0xffff_000c),
            ("FFFF0008.", 0xffff_0008),
            ("0xffffffffffff000c", 0xffff_000c),
            ("4294901772", 0xffff_000c),
            ("-65524", 0xffff_000c),
            ("-12", 0xffff_fff4),
            ("-12 (ENOMEM)", 0xffff_fff4),
            ("ENOMEM", 0xffff_fff4),
            ("-ENOMEM", 0xffff_fff4),
            ("TEE_ERROR_OUT_OF_MEMORY", 0xffff_000c),
            ("TEEC_ERROR_COMMUNICATION", 0xffff_000e),
            ("TEE_ERROR_ITEM_NOT_FOUND (no such key)", 0xffff_0008),
            ("ok", 0),
            ("Success", 0),
            ("TEEC_SUCCESS;", 0),
        ] {
            assert_eq!(read(text), Some(StepResult::Code(code)), "{text}");
        }
    }

    #[test]
    fn words_stay_words() {
        for (text, words) in [
            ("failed", "failed"),
            ("nok", "nok"),
            ("\"out of memory\"", "out of memory"),
            ("deadbeef", "deadbeef"),
            ("3 retries failed", "3 retries failed"),
            ("12abc", "12abc"),
            ("0xzz", "0xzz"),
            ("TEE_ERROR_VENDOR_7", "TEE_ERROR_VENDOR_7"),
        ] {
            assert_eq!(read(text), Some(StepResult::Words(words.into())), "{text}");
        }
        assert_eq!((read(""), read(" , ")), (None, None));
    }

    #[test]
    fn digits_after_0x_are_hexadecimal() {
        let result = ResultReader::default().read(b"80000001", true);
        assert_eq!(result, Some(StepResult::Code(0x8000_0001)));
        assert_eq!(read("80000001"), Some(StepResult::Code(80_000_001)));
    }

    proptest! {
        #[test]
        fn a_code_is_the_same_in_all_forms(code: u32) {
            let forms = [
                format!("{code:#x}"),
                code.to_string(),
                code.cast_signed().to_string(),
                format!("{code:#010x}:"),
            ];
            for form in forms {
                prop_assert_eq!(read(&form), Some(StepResult::Code(code)), "{}", form);
            }
        }

        #[test]
        fn no_text_breaks_it_and_words_are_bounded(text: Vec<u8>, is_hex: bool) {
            let result = ResultReader::default().read(&text, is_hex);
            if let Some(words) = result.as_ref().and_then(StepResult::words) {
                // A byte that is no UTF-8 takes three.
                prop_assert!(words.len() <= 3 * super::LONGEST);
            }
        }
    }
}
