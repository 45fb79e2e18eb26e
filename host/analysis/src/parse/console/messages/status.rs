//! A TA's status and region map.
//!
//! Up to 3.5 the TEE core prints them (`core/arch/arm/kernel/user_ta.c`), since 3.6 ldelf does
//! (`ldelf/ta_elf.c`), with the core's `core/kernel/user_mode_ctx.c` as fallback. A vendor's form has
//! `Status of user TA((null) UUID) (pointer)` and adds sessions, stack and memory used.

use super::fact::{ConsoleFact, MapLine, MessageOutcome, RejectReason};
use crate::parse::console::lines::bytes::{blanks, dec32, hex, strip_prefix, text_after, uuid};

/// Reads `Status of ...`.
pub(crate) fn status(rest: &[u8]) -> MessageOutcome {
    let Some(rest) = strip_prefix(rest, b"TA").or_else(|| strip_prefix(rest, b"user TA")) else {
        return MessageOutcome::Ignored;
    };
    let rest = rest.trim_ascii();
    if rest.is_empty() {
        return MessageOutcome::Damaged(RejectReason::Cut);
    }
    let uuid_match = (0..rest.len().min(64)).find_map(|at| uuid(&rest[at..]));
    let context = text_after(rest, b"(0x").and_then(hex).map(|(value, _)| value);
    match (uuid_match, context) {
        (None, None) if rest.len() < 36 => MessageOutcome::Damaged(RejectReason::Cut),
        (found, context) => {
            MessageOutcome::Fact(ConsoleFact::Status { uuid: found.map(|(uuid, _)| uuid), context })
        }
    }
}

/// Reads the text after `region` or `sect`.
pub(crate) fn region(rest: &[u8], sect: bool) -> MessageOutcome {
    let Some((index, rest)) = dec32(blanks(rest)) else { return MessageOutcome::Ignored };
    let rest = blanks(rest);
    let Some(rest) = strip_prefix(rest, b":") else { return MessageOutcome::Ignored };
    match fields(index, blanks(rest), sect) {
        Ok(region) => MessageOutcome::Fact(ConsoleFact::Region(region)),
        Err(why) => MessageOutcome::Damaged(why),
    }
}

fn fields(index: u32, rest: &[u8], sect: bool) -> Result<MapLine, RejectReason> {
    let (va, rest) = named_number(rest, b"va ")?;
    let (pa, rest) = named_number(rest, b"pa ")?;
    let (size, rest) = named_number(rest, if sect { b"" } else { b"size " })?;
    let access = if rest.trim_ascii().is_empty() { 0 } else { flags(blanks(rest))? };
    let stack = rest.trim_ascii_end().ends_with(b"(stack)");
    Ok(MapLine { index, va, pa, size, access, stack })
}

/// `va 0x00100000 `
fn named_number<'a>(text: &'a [u8], name: &[u8]) -> Result<(u64, &'a [u8]), RejectReason> {
    let text = blanks(text);
    let Some(rest) = strip_prefix(text, name) else {
        return Err(if name.starts_with(text) { RejectReason::Cut } else { RejectReason::Garbled });
    };
    let (value, rest) =
        hex(rest).ok_or(if rest.is_empty() { RejectReason::Cut } else { RejectReason::Garbled })?;
    match rest.first() {
        None | Some(b' ') => Ok((value, rest)),
        Some(_) => Err(RejectReason::Garbled),
    }
}

/// `flags rw-s`: 3 letters in 2.6, `rwxRWX` (user, then kernel) from the core since 3.0, `rwxs` from ldelf.
fn flags(text: &[u8]) -> Result<u8, RejectReason> {
    let Some(flags) = strip_prefix(text, b"flags ") else {
        return Err(if b"flags ".starts_with(text) {
            RejectReason::Cut
        } else {
            RejectReason::Garbled
        });
    };
    let len = flags.iter().take_while(|b| **b != b' ').count();
    let letters: &[u8] = match len {
        3 => b"rwx",
        4 => b"rwxs",
        6 => b"rwxRWX",
        _ if len < 6 => return Err(RejectReason::Cut),
        _ => return Err(RejectReason::Garbled),
    };
    let mut access = 0;
    for (n, (letter, flag)) in letters.iter().zip(flags).enumerate() {
        match flag {
            b'-' => {}
            flag if flag == letter && n < 4 && *flag != b'R' => access |= 1 << n,
            flag if flag == letter => {}
            _ => return Err(RejectReason::Garbled),
        }
    }
    Ok(access)
}

/// Reads `[0] UUID @ 0x00100000`.
pub(crate) fn elf(rest: &[u8]) -> MessageOutcome {
    let read = || {
        let (_, rest) = dec32(rest)?;
        let (uuid, rest) = uuid(strip_prefix(rest, b"] ")?)?;
        let (address, _) = hex(strip_prefix(rest, b" @ ")?)?;
        Some(ConsoleFact::Elf(uuid, address))
    };
    read().map_or(MessageOutcome::Ignored, MessageOutcome::Fact)
}

/// Starts of further lines of a status.
const DETAILS: [&[u8]; 12] = [
    b"arch:",
    b"Arch:",
    b"Flags:",
    b"Stack Ptr:",
    b"Memory Used:",
    b"Memory List:",
    b"- load addr :",
    b"- code area :",
    b"- stack:",
    b"stack:",
    b"load addr :",
    b"load address:",
];

/// Reads a further line of a status.
pub(crate) fn detail(message: &[u8]) -> Option<ConsoleFact> {
    let is_detail = DETAILS.iter().any(|start| message.starts_with(start));
    is_detail.then(|| stack(message).unwrap_or(ConsoleFact::StatusDetail))
}

/// `stack: 0x40004000 4096`, up to 3.5.
fn stack(message: &[u8]) -> Option<ConsoleFact> {
    let (start, rest) = hex(strip_prefix(message, b"stack: ")?)?;
    let (size, rest) = dec32(blanks(rest))?;
    rest.is_empty().then_some(ConsoleFact::Stack(start, size.into()))
}

#[cfg(test)]
mod tests {
    use super::{region, status};
    use crate::parse::console::messages::fact::{
        ConsoleFact, MapLine, MessageOutcome, RejectReason,
    };

    fn map(text: &str) -> Result<(u64, u64, u8), RejectReason> {
        match region(text.as_bytes(), false) {
            MessageOutcome::Fact(ConsoleFact::Region(MapLine { va, size, access, .. })) => {
                Ok((va, size, access))
            }
            MessageOutcome::Damaged(why) => Err(why),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_release_of_region_lines_is_read() {
        for text in [
            " 0: va 0x00100000 pa 0x05304000 size 0x002000 flags rw-s (stack)",
            " 0: va 0x100000 pa 0x5304000 size 0x2000 flags rw-RW- [0]",
            " 10: va 0x0000000000100000 pa 0x818ea9ba8 size 0x002000 flags rw-s [0] .text .rodata",
            " 0: va 0x00100000 pa 0x05304000 size 0x002000 flags rw-",
        ] {
            let (va, size, access) = map(text).unwrap();
            assert_eq!((va, size, access & 7), (0x0010_0000, 0x2000, 3), "{text}");
        }
        assert_eq!(map(" 1: va 0x100000 pa 0x5304000 size 0x2000"), Ok((0x10_0000, 0x2000, 0)));
        assert_eq!(map(" 1: va 0 pa 0 size 0 flags ---"), Ok((0, 0, 0)));
    }

    #[test]
    fn damaged_region_lines_are_rejected() {
        assert_eq!(map(" 0: va 0x00100000 pa 0x05"), Err(RejectReason::Cut));
        assert_eq!(map(" 0: va 0x001[ 1.5] 00000 pa 0x05"), Err(RejectReason::Garbled));
        assert_eq!(map(" 0: va 0x1 pa 0x2 size 0x3 flags rw"), Err(RejectReason::Cut));
        assert_eq!(map(" 0: va 0x1 pa 0x2 size 0x3 flags xxxx"), Err(RejectReason::Garbled));
    }

    #[test]
    fn status_names_the_ta_in_every_form() {
        let uuid = "37eb0e02-c43d-48a8-a129-a95dd3d43929";
        for text in [
            format!("TA {uuid}"),
            format!("TA {uuid} (0x32f04e40) (active)"),
            format!("user TA((null) {uuid}) (0x32f04e40)"),
        ] {
            let MessageOutcome::Fact(ConsoleFact::Status { uuid: Some(found), .. }) =
                status(text.as_bytes())
            else {
                panic!("{text}");
            };
            assert_eq!(found.to_string(), uuid);
        }
    }
}
