//! A TA's status and region map.
//!
//! Up to 3.5 the TEE core prints them (`core/arch/arm/kernel/user_ta.c`), since 3.6 ldelf does
//! (`ldelf/ta_elf.c`), with the core's `core/kernel/user_mode_ctx.c` as fallback. A vendor's form has
//! `Status of user TA((null) UUID) (pointer)` and adds sessions, stack and memory used.

use super::fact::{MapLine, Outcome, What, Why};
use crate::parse::console::lines::bytes::{blanks, dec32, hex, strip_prefix, text_after, uuid};

/// Reads `Status of ...`.
pub(crate) fn status(rest: &[u8]) -> Outcome {
    let Some(rest) = strip_prefix(rest, b"TA").or_else(|| strip_prefix(rest, b"user TA")) else {
        return Outcome::Ignored;
    };
    let rest = rest.trim_ascii();
    if rest.is_empty() {
        return Outcome::Damaged(Why::Cut);
    }
    let uuid_match = (0..rest.len().min(64)).find_map(|at| uuid(&rest[at..]));
    let context = text_after(rest, b"(0x").and_then(hex).map(|(value, _)| value);
    match (uuid_match, context) {
        (None, None) if rest.len() < 36 => Outcome::Damaged(Why::Cut),
        (found, context) => {
            Outcome::Fact(What::Status { uuid: found.map(|(uuid, _)| uuid), context })
        }
    }
}

/// Reads the text after `region` or `sect`.
pub(crate) fn region(rest: &[u8], sect: bool) -> Outcome {
    let Some((index, rest)) = dec32(blanks(rest)) else { return Outcome::Ignored };
    let rest = blanks(rest);
    let Some(rest) = strip_prefix(rest, b":") else { return Outcome::Ignored };
    match fields(index, blanks(rest), sect) {
        Ok(region) => Outcome::Fact(What::Region(region)),
        Err(why) => Outcome::Damaged(why),
    }
}

fn fields(index: u32, rest: &[u8], sect: bool) -> Result<MapLine, Why> {
    let (va, rest) = named_number(rest, b"va ")?;
    let (pa, rest) = named_number(rest, b"pa ")?;
    let (size, rest) = named_number(rest, if sect { b"" } else { b"size " })?;
    let access = if rest.trim_ascii().is_empty() { 0 } else { flags(blanks(rest))? };
    Ok(MapLine { index, va, pa, size, access })
}

/// `va 0x00100000 `
fn named_number<'a>(text: &'a [u8], name: &[u8]) -> Result<(u64, &'a [u8]), Why> {
    let text = blanks(text);
    let Some(rest) = strip_prefix(text, name) else {
        return Err(if name.starts_with(text) { Why::Cut } else { Why::Garbled });
    };
    let (value, rest) = hex(rest).ok_or(if rest.is_empty() { Why::Cut } else { Why::Garbled })?;
    match rest.first() {
        None | Some(b' ') => Ok((value, rest)),
        Some(_) => Err(Why::Garbled),
    }
}

/// `flags rw-s`: 3 letters in 2.6, `rwxRWX` (user, then kernel) from the core since 3.0, `rwxs` from ldelf.
fn flags(text: &[u8]) -> Result<u8, Why> {
    let Some(flags) = strip_prefix(text, b"flags ") else {
        return Err(if b"flags ".starts_with(text) { Why::Cut } else { Why::Garbled });
    };
    let len = flags.iter().take_while(|b| **b != b' ').count();
    let letters: &[u8] = match len {
        3 => b"rwx",
        4 => b"rwxs",
        6 => b"rwxRWX",
        _ if len < 6 => return Err(Why::Cut),
        _ => return Err(Why::Garbled),
    };
    let mut access = 0;
    for (n, (letter, flag)) in letters.iter().zip(flags).enumerate() {
        match flag {
            b'-' => {}
            flag if flag == letter && n < 4 && *flag != b'R' => access |= 1 << n,
            flag if flag == letter => {}
            _ => return Err(Why::Garbled),
        }
    }
    Ok(access)
}

/// Reads `[0] UUID @ 0x00100000`.
pub(crate) fn elf(rest: &[u8]) -> Outcome {
    let read = || {
        let (_, rest) = dec32(rest)?;
        let (uuid, rest) = uuid(strip_prefix(rest, b"] ")?)?;
        let (address, _) = hex(strip_prefix(rest, b" @ ")?)?;
        Some(What::Elf(uuid, address))
    };
    read().map_or(Outcome::Ignored, Outcome::Fact)
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

/// Whether the message is a further line of a status.
pub(crate) fn is_detail(message: &[u8]) -> bool {
    DETAILS.iter().any(|start| message.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::{region, status};
    use crate::parse::console::messages::fact::{MapLine, Outcome, What, Why};

    fn map(text: &str) -> Result<(u64, u64, u8), Why> {
        match region(text.as_bytes(), false) {
            Outcome::Fact(What::Region(MapLine { va, size, access, .. })) => Ok((va, size, access)),
            Outcome::Damaged(why) => Err(why),
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
        assert_eq!(map(" 0: va 0x00100000 pa 0x05"), Err(Why::Cut));
        assert_eq!(map(" 0: va 0x001[ 1.5] 00000 pa 0x05"), Err(Why::Garbled));
        assert_eq!(map(" 0: va 0x1 pa 0x2 size 0x3 flags rw"), Err(Why::Cut));
        assert_eq!(map(" 0: va 0x1 pa 0x2 size 0x3 flags xxxx"), Err(Why::Garbled));
    }

    #[test]
    fn status_names_the_ta_in_every_form() {
        let uuid = "37eb0e02-c43d-48a8-a129-a95dd3d43929";
        for text in [
            format!("TA {uuid}"),
            format!("TA {uuid} (0x32f04e40) (active)"),
            format!("user TA((null) {uuid}) (0x32f04e40)"),
        ] {
            let Outcome::Fact(What::Status { uuid: Some(found), .. }) = status(text.as_bytes())
            else {
                panic!("{text}");
            };
            assert_eq!(found.to_string(), uuid);
        }
    }
}
