//! Records of `mdbg_check()`: one line for each live allocation.
//!
//! `lib/libutils/isoc/bget_malloc.c` of optee_os prints `buffer: %d bytes %s:%d` in every release, with
//! a newline inside up to 4.0.0 and a word before it (`Ignore`, `Orphaned`) up to 1.0. A vendor's form
//! puts `count: %d, vaddr: 0x%x, ` before it. A file name may be absolute and contain blanks;
//! `unknown` stands for a missing one.

use memchr::memmem;

use super::fact::RejectReason;
use crate::parse::console::lines::{
    bytes::{dec, dec32, strip_prefix},
    digits::hexadecimal_length,
};

/// A record's place in the source and its size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct DumpRecord<'a> {
    /// Source file.
    pub file: &'a str,
    /// Source line; 16 bits in the header.
    pub line: u32,
    /// Bytes requested; 32 bits in the header.
    pub size: u64,
}

/// The value of `count:`, if printed, and the text after `buffer: `.
pub(crate) type RecordSplit<'a> = (Option<u32>, &'a [u8]);

/// Finds the record in a message: the value of its `count:`, and the text after `buffer: `.
///
/// `None`: the message is not a record. `Some(Err(_))`: it is a damaged one.
#[inline]
pub(crate) fn split(message: &[u8]) -> Option<Result<RecordSplit<'_>, RejectReason>> {
    if let Some(tail) = strip_prefix(message, b"buffer: ") {
        return Some(Ok((None, tail)));
    }
    if let Some(rest) = strip_prefix(message, b"count: ") {
        return vendor(rest);
    }
    ["Ignore buffer: ", "Orphaned buffer: "]
        .iter()
        .find_map(|words| strip_prefix(message, words.as_bytes()))
        .map(|tail| Ok((None, tail)))
}

/// `10, vaddr: 0x32efe1e8, buffer: ...`
#[inline]
fn vendor(rest: &[u8]) -> Option<Result<RecordSplit<'_>, RejectReason>> {
    let Some((count, rest)) = dec32(rest) else {
        return memmem::find(rest, b"vaddr: ").map(|_| Err(RejectReason::Garbled));
    };
    let rest = strip_prefix(rest, b", ")?;
    let rest = match strip_prefix(rest, b"vaddr: ") {
        Some(address) => match address_end(address).and_then(|rest| strip_prefix(rest, b", ")) {
            Some(rest) => rest,
            None => return Some(Err(RejectReason::Garbled)),
        },
        None => rest,
    };
    match strip_prefix(rest, b"buffer: ") {
        Some(tail) => Some(Ok((Some(count), tail))),
        None => Some(Err(if rest.len() < 8 { RejectReason::Cut } else { RejectReason::Garbled })),
    }
}

/// The text after a `0x` address, whose value is not needed.
#[inline]
fn address_end(text: &[u8]) -> Option<&[u8]> {
    let digits = strip_prefix(text, b"0x")?;
    let length = match hexadecimal_length(digits) {
        8 => 8 + hexadecimal_length(&digits[8..]),
        length => length,
    };
    let rest = &digits[length..];
    let is_longer = length == 16 && rest.first().is_some_and(u8::is_ascii_hexdigit);
    (length > 0 && !is_longer).then_some(rest)
}

/// Reads the text after `buffer: `: `32 bytes core/arch/arm/mm/mobj.c:168`.
pub(crate) fn read(tail: &[u8]) -> Result<DumpRecord<'_>, RejectReason> {
    let (size, rest) = size(tail)?;
    let rest = match strip_prefix(rest, b" bytes ") {
        Some(rest) => rest,
        None if b" bytes ".starts_with(rest) => return Err(RejectReason::Cut),
        None => return Err(RejectReason::Garbled),
    };
    let rest = rest.trim_ascii_end();
    let colon = memchr::memrchr(b':', rest).ok_or(RejectReason::Cut)?;
    let (file, line) = (&rest[..colon], &rest[colon + 1..]);
    if line.is_empty() {
        return Err(RejectReason::Cut);
    }
    let line = match dec(line) {
        Some((line, [])) if line <= 0xffff => {
            u32::try_from(line).map_err(|_| RejectReason::Number)?
        }
        Some((_, [])) => return Err(RejectReason::Number),
        _ => return Err(RejectReason::Garbled),
    };
    let file = str::from_utf8(file).map_err(|_| RejectReason::Garbled)?;
    if is_file(file.as_bytes()) {
        Ok(DumpRecord { file, line, size })
    } else {
        Err(RejectReason::Garbled)
    }
}

/// Bytes requested, printed with `%d`: negative from 2 GiB on.
fn size(tail: &[u8]) -> Result<(u64, &[u8]), RejectReason> {
    let (negative, digits) = match strip_prefix(tail, b"-") {
        Some(digits) => (true, digits),
        None => (false, tail),
    };
    let (value, rest) = dec(digits).ok_or(if tail.is_empty() {
        RejectReason::Cut
    } else {
        RejectReason::Garbled
    })?;
    match (negative, value) {
        (false, 0..=0x7fff_ffff) => Ok((value, rest)),
        (true, 1..=0x8000_0000) => Ok(((1 << 32) - value, rest)),
        _ => Err(RejectReason::Number),
    }
}

fn is_file(name: &[u8]) -> bool {
    let drive = matches!(name, [b'A'..=b'Z' | b'a'..=b'z', b':', b'/' | b'\\', ..]);
    let name = if drive { &name[2..] } else { name };
    let odd = |b: &u8| {
        b.is_ascii_control() || matches!(b, b':' | b'[' | b']' | b'<' | b'>' | b'|' | b'"')
    };
    // Of the words of another line these are the only ones without a colon.
    let is_spliced = || name.contains(&b' ') && memmem::find(name, b" bytes ").is_some();
    !name.is_empty() && !name.iter().any(odd) && name.first() != Some(&b' ') && !is_spliced()
}

/// Roots of OP-TEE's sources, and ends of their names.
const SOURCES: [&[u8]; 11] = [
    b"core/",
    b"lib/",
    b"ta/",
    b"ldelf/",
    b".c",
    b".h:",
    b".S:",
    b".rs:",
    b".cpp:",
    b"out/",
    b"unknown:",
];

/// Whether a damaged record has a place in a source behind its bytes: `24 bytes core/mm/tee_mm`.
pub(crate) fn has_place(tail: &[u8]) -> bool {
    memmem::find(tail, b" bytes ").is_some_and(|at| {
        let rest = &tail[at + 7..];
        let word = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        SOURCES.iter().any(|part| memmem::find(&rest[..word], part).is_some())
    })
}

/// Whether `line` is a record without its start: ` bytes FILE:LINE`.
pub(crate) fn is_tail(line: &[u8]) -> bool {
    let Some(at) = memmem::find(line, b" bytes ") else { return false };
    ends_in_place(line[at + 7..].trim_ascii_end())
}

/// Whether `rest` ends in the name of a source file and a line: `core/mm/mobj.c:168`.
pub(crate) fn ends_in_place(rest: &[u8]) -> bool {
    let digits = rest.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let file = rest.len() - digits;
    digits > 0
        && rest[..file].ends_with(b":")
        && [b".c:".as_slice(), b".h:", b".S:", b".rs:", b".cpp:", b"unknown:"]
            .iter()
            .any(|end| rest[..file].ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::{DumpRecord, is_tail, read, split};
    use crate::parse::console::messages::fact::RejectReason;

    fn whole(message: &str) -> Result<(Option<u32>, DumpRecord<'_>), RejectReason> {
        let (count, tail) = split(message.as_bytes()).unwrap()?;
        Ok((count, read(tail)?))
    }

    #[test]
    fn every_wording_is_read() {
        let record = |file, line, size| DumpRecord { file, line, size };
        let upstream = whole("buffer: 24 bytes core/mm/tee_mm.c:20");
        assert_eq!(upstream, Ok((None, record("core/mm/tee_mm.c", 20, 24))));
        let vendor =
            whole("count: 10, vaddr: 0x32efe1e8, buffer: 32 bytes core/arch/arm/mm/mobj.c:168");
        assert_eq!(vendor, Ok((Some(10), record("core/arch/arm/mm/mobj.c", 168, 32))));
        let first = whole("Orphaned buffer: 0 bytes unknown:0");
        assert_eq!(first, Ok((None, record("unknown", 0, 0))));
        let blank = whole("buffer: -1 bytes /home/j doe/ta.c:65535 ");
        assert_eq!(blank, Ok((None, record("/home/j doe/ta.c", 65535, 0xffff_ffff))));
    }

    #[test]
    fn damage_is_distinguished_from_other_messages() {
        assert_eq!(split(b"something else"), None);
        for (message, why) in [
            ("buffer: ", RejectReason::Cut),
            ("buffer: 24 by", RejectReason::Cut),
            ("buffer: 24 bytes core/mm/tee", RejectReason::Cut),
            ("buffer: 24 bytes core/mm/tee_mm.c:", RejectReason::Cut),
            ("buffer: 24 bytes core/mm/tee_mm.c:2x", RejectReason::Garbled),
            ("buffer: 24 bytes core/[  1.5] mm/tee_mm.c:20", RejectReason::Garbled),
            ("buffer: 24 bytes a.c:20I/TC: buffer: 28 bytes a.c:20", RejectReason::Garbled),
            ("buffer: 24 bytes a.c:65536", RejectReason::Number),
            ("buffer: 4294967295 bytes a.c:1", RejectReason::Number),
            ("count: 10, vaddr: 0x32e", RejectReason::Garbled),
        ] {
            assert_eq!(whole(message), Err(why), "{message}");
        }
    }

    #[test]
    fn tails_of_records_are_known() {
        assert!(is_tail(b"fer: 24 bytes core/mm/tee_mm.c:20"));
        assert!(!is_tail(b"copied 24 bytes in 3 s"));
        assert!(!is_tail(b"24 bytes from 1.1.1.1: icmp_seq=1"));
    }
}
