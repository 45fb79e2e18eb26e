//! Lines of the secure world that lost or changed some bytes.
//!
//! A record of a dump ends in `bytes FILE:LINE` and nothing else does, so it is recognized by its end
//! wherever the damage is; a region line by its number. Only lines that no parser knows come here.

use memchr::{memchr, memmem, memrchr};

use super::{
    fact::{LostLine, RejectReason},
    mdbg,
};
use crate::parse::console::lines::{
    bytes::{blanks, dec, dec32},
    prefix::{self, LineHead, LineImage},
};

/// What a damaged line hides.
pub(crate) fn lost_line(line: &[u8]) -> LostLine {
    if let Some(region) = lost_region(line) {
        return region;
    }
    let words: [&[u8]; 3] = [b"buffer: ", b" bytes ", b"mdbg_check:"];
    if ends_in_place(line) || words.iter().any(|word| contains(line, word)) {
        return LostLine::Record;
    }
    match prefix::find(line) {
        Some(head) if head.image == LineImage::Ta || !head.function.is_empty() => LostLine::Message,
        _ => LostLine::Unknown,
    }
}

/// `region  1: va 0x40`, with whatever comes before and after it.
fn lost_region(line: &[u8]) -> Option<LostLine> {
    let words: [(&[u8], usize); 2] = [(b"region ", 7), (b"sect ", 5)];
    let at = words.iter().find_map(|(word, n)| Some(memmem::find(line, word)? + n))?;
    let Some((index, rest)) = dec32(blanks(&line[at..])) else {
        return contains(line, b"va 0x").then_some(LostLine::Region(None));
    };
    Some(LostLine::Region((blanks(rest).first() == Some(&b':')).then_some(index)))
}

/// Why a message that no parser knows is a damaged one; `None` if it is unrelated.
pub(crate) fn damage(head: &LineHead<'_>) -> Option<RejectReason> {
    let message = head.message;
    if is_record(head) {
        Some(RejectReason::Garbled)
    } else if head.image == LineImage::Core
        && head.function.is_empty()
        && !message.is_empty()
        && b"buffer: ".starts_with(message)
    {
        Some(RejectReason::Cut)
    } else if is_torn(message) {
        Some(RejectReason::Garbled)
    } else {
        None
    }
}

/// Whether the message was a record: of the function that prints them, or by its end.
fn is_record(head: &LineHead<'_>) -> bool {
    let dumps = head.function.ends_with(b"mdbg_check");
    let may_dump = dumps || head.function.is_empty();
    match head.image {
        LineImage::Core => dumps || may_dump && ends_in_place(head.message),
        LineImage::Ta => may_dump && mdbg::is_tail(head.message),
        LineImage::Ldelf => false,
    }
}

/// Whether the line ends in `FILE:LINE`.
fn ends_in_place(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    line.last().is_some_and(u8::is_ascii_digit) && mdbg::ends_in_place(line)
}

/// What programs write for bytes that are no text.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Whether another writer's bytes stand in the message: no text, or a stamp of the kernel.
fn is_torn(message: &[u8]) -> bool {
    let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    let is_damaged_text = || str::from_utf8(message).is_err() || contains(message, REPLACEMENT);
    message.iter().any(is_control) || has_stamp(message) || !message.is_ascii() && is_damaged_text()
}

/// `[   12.345678] ` within the message.
fn has_stamp(message: &[u8]) -> bool {
    let mut rest = message;
    while let Some(at) = memchr(b'[', rest) {
        rest = &rest[at + 1..];
        let is_stamp = || {
            let (_, after) = dec(blanks(rest))?;
            let digits = after.strip_prefix(b".")?;
            let (_, end) = dec(digits)?;
            (digits.len() - end.len() == 6 && end.starts_with(b"]")).then_some(())
        };
        if is_stamp().is_some() {
            return true;
        }
    }
    false
}

/// Whether a line without a prefix is OP-TEE's, and its prefix lost or changed a byte.
pub(crate) fn is_headless(line: &[u8]) -> bool {
    let Some(colon) = memchr(b':', line) else { return false };
    has_damaged_prefix(&line[..=colon])
        && matches!(lost_line(line), LostLine::Record | LostLine::Region(_))
}

/// Whether a record without a prefix once had one: `I/C: ` or `ITC:2 00 gen_mdbg_check:652 ` before it.
pub(crate) fn is_torn_off(record: &[u8]) -> bool {
    let Some(at) = memmem::find(record, b"buffer: ") else { return false };
    let prefix = &record[..at];
    contains(prefix, b"mdbg_check")
        || contains(prefix, b"TEE-")
        || is_split_off(prefix)
        || prefix
            .split(|byte| *byte == b' ')
            .any(|word| !word.is_empty() && has_damaged_prefix(word))
}

/// Whether a vendor's record starts in the middle: `639 count: 29, ` after the end of a prefix.
fn is_split_off(prefix: &[u8]) -> bool {
    let start = prefix.trim_ascii_start();
    let digits = start.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = start[digits..].strip_prefix(b":").unwrap_or(&start[digits..]);
    start.len() > rest.len() && rest.trim_ascii_start().starts_with(b"count: ")
}

/// Whether `text` ends in `I/TC:` with one byte missing, added or changed.
fn has_damaged_prefix(text: &[u8]) -> bool {
    let start = memrchr(b' ', text).map_or(0, |at| at + 1).max(text.len().saturating_sub(6));
    let word = &text[start..];
    // The longest common subsequence with the five classes of bytes.
    let mut lengths = [0_u8; 6];
    for byte in word {
        let mut diagonal = 0;
        for (n, class) in PREFIX.iter().enumerate() {
            let length_above = lengths[n + 1];
            let is_match = class.contains(byte);
            let best = length_above.max(lengths[n]);
            lengths[n + 1] = if is_match { best.max(diagonal + 1) } else { best };
            diagonal = length_above;
        }
    }
    word.len() >= 3 && lengths[5] >= 4
}

/// The bytes that each place of a prefix may be.
const PREFIX: [&[u8]; 5] = [b"UEIDFM", b"/", b"TL", b"CAD", b":"];

fn contains(text: &[u8], word: &[u8]) -> bool {
    memmem::find(text, word).is_some()
}

#[cfg(test)]
mod tests {
    use super::{damage, is_headless, is_torn_off, lost_line};
    use crate::parse::console::{
        lines::prefix::find,
        messages::fact::{LostLine, RejectReason},
    };

    fn of(line: &[u8]) -> Option<RejectReason> {
        damage(&find(line).unwrap())
    }

    #[test]
    fn records_are_known_by_their_end_or_their_function() {
        for line in [
            "I/TC: ber: 24 bytes core/mm/tee_mm.c:131",
            "I/TC: b112 bytes core/tee/tee_obj.c:73",
            "I/TC: bbytes core/tee/tee_obj.c:73",
            "I/TC: 112 core/tee/tee_obj.c:73",
            "I/TC:2 00 gen_mdbg_check:652 ber: 24 bytes core/mm/tee_mm.c:131",
            "I/TC:2 00 gen_mdbg_check:652 b",
            "I/TA:  gen_mdbg_check:652 ber: 24 bytes ta.c:131",
        ] {
            assert_eq!(of(line.as_bytes()), Some(RejectReason::Garbled), "{line}");
            assert_eq!(lost_line(line.as_bytes()), LostLine::Record, "{line}");
        }
        assert_eq!(of(b"I/TC: bu"), Some(RejectReason::Cut));
    }

    #[test]
    fn other_messages_are_none() {
        for line in [
            "I/TC: ",
            "D/TC:0 0 init:12 see core/x.c:12",
            "D/TA:  foo:1 failed at ta.c:12",
            "E/TC:? 0 Panic at core/x.c:12 <f>",
            "D/TA: [1.5] \u{e9}",
            "I/TC: Primary CPU initializing",
        ] {
            assert_eq!(of(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn bytes_of_another_writer_are_seen() {
        assert!(of(b"D/TA:  close_chan[  88.120311] usb 1-2: reset").is_some());
        assert!(of(b"D/TA:  clos\xff\xfe_channel").is_some());
        assert!(of("I/TC:3 0 gen_\u{fffd}_chan[  88.1] mmc0: Timeout".as_bytes()).is_some());
    }

    #[test]
    fn a_damaged_prefix_is_one_byte_away() {
        for prefix in ["I/C:", "ITC:", "I/T:", "/TC:", "X/TC:", "I/XC:", "IITC:", "I//TC:"] {
            let record = format!("{prefix} buffer: 24 bytes core/mm/tee_mm.c:131");
            assert!(is_torn_off(record.as_bytes()), "{record}");
            let region = format!("{prefix}? 0  region  3: va 0x40");
            assert!(is_headless(region.as_bytes()), "{region}");
        }
        assert!(is_torn_off(b"639 count: 29, vaddr: 0x32efe8e8, buffer: 16 bytes core/x.c:9"));
        assert!(!is_torn_off(b"count: 29, vaddr: 0x32efe8e8, buffer: 16 bytes core/x.c:9"));
        assert!(!is_torn_off(b"[    1.5] buffer: 24 bytes core/mm/tee_mm.c:131"));
        assert!(!is_torn_off(b"buffer: 24 bytes core/mm/tee_mm.c:131"));
        assert!(!is_headless(b"ETA: 5 min"));
        assert!(!is_headless(b"[  1.5] region 3: va 0x40"));
    }

    #[test]
    fn the_number_of_a_damaged_region_counts() {
        let lost = |text: &str| lost_line(text.as_bytes());
        assert_eq!(lost("E/TC:? 0  region  1: va 0x4020usb"), LostLine::Region(Some(1)));
        assert_eq!(lost("E/TC:? 0  region  1x va 0x4020usb"), LostLine::Region(None));
        assert_eq!(lost("E/TC:? 0 something"), LostLine::Unknown);
        assert_eq!(lost("D/TC:? 0 open:12 something"), LostLine::Message);
    }
}
