//! Lines about sessions and instances (`core/kernel/tee_ta_manager.c` and the loaders of TAs).
//!
//! An open prints no session id in any release, only a close does.

use super::fact::SessionLine;
use crate::parse::console::lines::{
    bytes::{blanks, dec32, hex, hex32, strip_prefix, uuid},
    prefix::LineHead,
};

/// Starts of the lines that name a TA, and their meaning.
const NAMED: [(&[u8], LineMeaning); 9] = [
    (b"Re-open trusted service ", LineMeaning::Reopen),
    (b"Re-open TA ", LineMeaning::Reopen),
    (b"... Re-open TA ", LineMeaning::Reopen),
    (b"Lookup pseudo TA ", LineMeaning::Lookup),
    (b"Load user TA ", LineMeaning::Load),
    (b"Loading TA ", LineMeaning::Load),
    (b"Loading TS ", LineMeaning::Load),
    (b"Lookup user TA ELF ", LineMeaning::Elf),
    (b"Lookup user TA ", LineMeaning::Load),
];

#[derive(Clone, Copy)]
enum LineMeaning {
    Reopen,
    Lookup,
    Load,
    Elf,
}

/// Reads a line about a session; `None` for an unrelated line.
pub(crate) fn read(head: &LineHead<'_>) -> Option<SessionLine> {
    let message = head.message;
    match message.first()? {
        b'R' | b'L' => read_named(message),
        b'.' => read_named(message).or_else(|| end(strip_prefix(message, b"... ")?)),
        b'D' => end(message),
        b'O' => strip_prefix(message, b"Open ").map(|_| SessionLine::OpenPta),
        b'i' => init_failed(message).or_else(|| close_id(head, message)),
        b'c' => strip_prefix(message, b"csess ").and_then(|rest| {
            let (_, rest) = hex(rest)?;
            close_id(head, blanks(rest))
        }),
        b't' => strip_prefix(message, b"tee_ta_close_session(0x").map(|_| SessionLine::Close(None)),
        b's' => not_found(message),
        b'l' => loader_failed(message),
        b'F' => read_failure(message),
        b'E' | b'=' => invoke_error(message),
        _ => None,
    }
}

fn read_named(message: &[u8]) -> Option<SessionLine> {
    let (rest, meaning) =
        NAMED.iter().find_map(|(start, meaning)| Some((strip_prefix(message, start)?, meaning)))?;
    let (uuid, _) = uuid(rest)?;
    match meaning {
        LineMeaning::Reopen => Some(SessionLine::Reopen(uuid)),
        LineMeaning::Lookup => Some(SessionLine::LookupPta(uuid)),
        LineMeaning::Load => Some(SessionLine::Load(uuid)),
        // Printed for each store that is tried; `Loading` is printed once.
        LineMeaning::Elf => None,
    }
}

fn end(message: &[u8]) -> Option<SessionLine> {
    if message == b"Destroy session" {
        return Some(SessionLine::Destroy);
    }
    message.starts_with(b"Destroy TA ctx").then_some(SessionLine::DestroyContext)
}

/// `id 5`, which has a meaning only if `tee_ta_close_session` prints it.
fn close_id(head: &LineHead<'_>, message: &[u8]) -> Option<SessionLine> {
    if !head.function.is_empty() && head.function != b"tee_ta_close_session" {
        return None;
    }
    match dec32(strip_prefix(message, b"id ")?)? {
        // 3.7 prints UINT_MAX for a session that does not exist.
        (u32::MAX, []) => Some(SessionLine::NotFound),
        (id, []) => Some(SessionLine::Close(Some(id))),
        _ => None,
    }
}

fn init_failed(message: &[u8]) -> Option<SessionLine> {
    let (result, rest) = hex32(strip_prefix(message, b"init session failed ")?)?;
    rest.is_empty().then_some(SessionLine::Failed(None, result))
}

fn loader_failed(message: &[u8]) -> Option<SessionLine> {
    let (result, rest) = hex32(strip_prefix(message, b"ldelf failed with res: ")?)?;
    rest.is_empty().then_some(SessionLine::LoaderFailed(result))
}

fn read_failure(message: &[u8]) -> Option<SessionLine> {
    if let Some(rest) = strip_prefix(message, b"Failed for TA ") {
        let (uuid, rest) = uuid(rest)?;
        let (result, _) = hex32(strip_prefix(rest, b". Return error ")?)?;
        return Some(SessionLine::Failed(Some(uuid), result));
    }
    let (result, _) = hex32(strip_prefix(message, b"Failed. Return error ")?)?;
    Some(SessionLine::Failed(None, result))
}

/// `session id 3 to be removed is not found`, with a pointer up to 4.9.
fn not_found(message: &[u8]) -> Option<SessionLine> {
    message.starts_with(b"session ").then_some(())?;
    message.ends_with(b" to be removed is not found").then_some(SessionLine::NotFound)
}

/// `Error: ffff000c of 3`; up to 2.0 after `=> `.
fn invoke_error(message: &[u8]) -> Option<SessionLine> {
    let message = strip_prefix(message, b"=> ").unwrap_or(message);
    let (result, rest) = hex32(strip_prefix(message, b"Error: ")?)?;
    let (_, rest) = dec32(strip_prefix(rest, b" of ")?)?;
    rest.is_empty().then_some(SessionLine::InvokeError(result))
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::parse::console::{lines::prefix::find, messages::fact::SessionLine};

    fn check(line: &str) -> Option<SessionLine> {
        read(&find(line.as_bytes()).unwrap())
    }

    #[test]
    fn closes_are_read_in_every_form() {
        for line in [
            "D/TC:? 00 tee_ta_close_session:490 csess 0x24b78bf8 id 5",
            "D/TC:? 0 tee_ta_close_session:513 id 5",
        ] {
            assert_eq!(check(line), Some(SessionLine::Close(Some(5))), "{line}");
        }
        let old = check("D/TC:0 tee_ta_close_session:400 tee_ta_close_session(0xe123)");
        assert_eq!(old, Some(SessionLine::Close(None)));
        assert_eq!(check("D/TC:? 0 other:1 id 5"), None);
        let missing = check("D/TC:? 0 tee_ta_close_session:1 csess 0x1 id 4294967295");
        assert_eq!(missing, Some(SessionLine::NotFound));
    }

    #[test]
    fn opens_are_read_in_every_form() {
        let uuid = "37eb0e02-c43d-48a8-a129-a95dd3d43929";
        for words in ["Re-open TA", "Re-open trusted service", " ... Re-open TA"] {
            let line = format!("D/TC:? 00 tee_ta_init_session_with_context:583 {words} {uuid}");
            assert!(matches!(check(&line), Some(SessionLine::Reopen(_))), "{line}");
        }
        for words in ["Load user TA", "Lookup user TA", "Loading TA", "Loading TS"] {
            let line = format!("D/LD:  ldelf:159 {words} {uuid} (REE)");
            assert!(matches!(check(&line), Some(SessionLine::Load(_))), "{line}");
        }
    }

    #[test]
    fn failures_carry_their_result() {
        let line = "E/TC:? 0 tee_ta_open_session:771 Failed for TA \
                    37eb0e02-c43d-48a8-a129-a95dd3d43929. Return error 0xffff000c";
        assert!(matches!(check(line), Some(SessionLine::Failed(Some(_), 0xffff_000c))));
        let line = "E/TC:? 0 ldelf_init_with_ldelf:152 ldelf failed with res: 0xffff000c";
        assert_eq!(check(line), Some(SessionLine::LoaderFailed(0xffff_000c)));
        let line = "D/TC:? 0 tee_ta_invoke_command:831 Error: ffff000c of 4";
        assert_eq!(check(line), Some(SessionLine::InvokeError(0xffff_000c)));
    }
}
