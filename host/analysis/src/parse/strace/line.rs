//! One line of strace: task, time and event.
//!
//! ```text
//! [pid   184] 1795272821.061500 dup(3</dev/tee0>) = 4</dev/tee0>        -f to the terminal
//! 174   14:53:38.560411 ioctl(3, TEE_IOC_INVOKE, {...} <unfinished ...>  -f -o FILE
//! ```

use super::digits::{leading, leading_nanoseconds};

/// The time stamp of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stamp {
    /// Nanoseconds of the day (`-t`, `-tt`).
    Day(u64),
    /// Nanoseconds since 1970 (`-ttt`).
    Epoch(u64),
    /// Nanoseconds since the previous line (`-r`).
    Delta(u64),
}

/// The event of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StraceBody<'t> {
    /// A system call, with the text after its opening parenthesis.
    Call { name: &'t str, text: &'t str },
    /// The first part of a call; `attached` is the task of strace's own message in the middle of it.
    Begun { name: &'t str, text: &'t str, attached: Option<u32> },
    /// The rest of a call.
    Resumed { name: &'t str, text: &'t str },
    /// The rest of a line that a message of strace interrupted.
    Rest(&'t str),
    /// A new task is traced.
    Attached(u32),
    /// A task ended; `signal` if one killed it.
    Ended { signal: Option<&'t str> },
    /// Another line of strace.
    Other,
    /// Not a line of strace.
    Foreign,
}

/// A line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct StraceLine<'t> {
    pub(super) task: Option<u32>,
    /// Name of the task (`-Y`).
    pub(super) comm: Option<&'t str>,
    pub(super) stamp: Option<Stamp>,
    pub(super) body: StraceBody<'t>,
}

/// End of a line whose call another task's line interrupts.
const UNFINISHED: &str = "<unfinished ...>";

/// Start of strace's own message in the middle of a line.
const PROCESS: &str = "strace: Process ";

/// Parses a line.
pub(super) fn parse(text: &str) -> StraceLine<'_> {
    let text = text.trim_ascii_end();
    let (task, comm, rest) = match task(text) {
        Some((task, comm, rest)) => (Some(task), comm, rest),
        None => (None, None, text),
    };
    let (stamp, rest) = stamp(rest.trim_ascii_start());
    StraceLine { task, comm, stamp, body: body(rest.trim_ascii_start()) }
}

/// `[pid 12]`, `[pid 12<name>]`, `12 ` or `12<name> `: number, name and the text after them.
fn task(text: &str) -> Option<(u32, Option<&str>, &str)> {
    if let Some(inside) = text.strip_prefix("[pid ") {
        let (inside, rest) = inside.split_once("] ")?;
        let (number, comm) = leading(inside.trim_ascii_start())?;
        return Some((u32::try_from(number).ok()?, bracketed_name(comm)?, rest));
    }
    let (number, after) = leading(text)?;
    let (comm, rest) = match after.strip_prefix(' ') {
        Some(rest) => (None, rest),
        None => {
            after.split_once(' ').and_then(|(comm, rest)| Some((bracketed_name(comm)?, rest)))?
        }
    };
    Some((u32::try_from(number).ok()?, comm, rest))
}

/// The name in `<name>`, if there is one.
fn bracketed_name(text: &str) -> Option<Option<&str>> {
    match text.strip_prefix('<') {
        Some(comm) => Some(comm.strip_suffix('>')),
        None => text.is_empty().then_some(None),
    }
}

fn stamp(text: &str) -> (Option<Stamp>, &str) {
    let stamp = of_day(text).or_else(|| seconds(text));
    let stamp = stamp.and_then(|(stamp, rest)| Some((stamp, rest.strip_prefix(' ')?)));
    stamp.map_or((None, text), |(stamp, rest)| (Some(stamp), rest))
}

/// `14:53:38` or `14:53:38.560411`.
fn of_day(text: &str) -> Option<(Stamp, &str)> {
    let (hours, rest) = two_digits(text).filter(|(hours, _)| *hours <= 23)?;
    let (minutes, rest) = two_digits(rest).filter(|(minutes, _)| *minutes <= 59)?;
    let (ns, rest) = leading_nanoseconds(rest)?;
    Some((Stamp::Day((hours * 3600 + minutes * 60) * 1_000_000_000 + ns), rest))
}

/// The two-digit number before a colon, and the text after the colon.
fn two_digits(text: &str) -> Option<(u64, &str)> {
    let [tens @ b'0'..=b'9', ones @ b'0'..=b'9', b':', ..] = text.as_bytes() else { return None };
    Some((u64::from(tens - b'0') * 10 + u64::from(ones - b'0'), &text[3..]))
}

/// `1795272821.061500`, or `0.057018` since the previous line.
fn seconds(text: &str) -> Option<(Stamp, &str)> {
    /// Lowest absolute time: no trace is older than 1973, and no pause lasts three years.
    const BEGIN_NS: u64 = 100_000_000 * 1_000_000_000;
    let (ns, rest) = leading_nanoseconds(text)?;
    let word = &text[..text.len() - rest.len()];
    (word.len() >= 9 || word.contains('.')).then_some(())?;
    Some((if ns < BEGIN_NS { Stamp::Delta(ns) } else { Stamp::Epoch(ns) }, rest))
}

fn body(text: &str) -> StraceBody<'_> {
    let first = text.as_bytes().first().copied().unwrap_or_default();
    let special = if matches!(first, b'+' | b'<' | b'-' | b's' | b',' | b')') {
        parse_special(text)
    } else {
        None
    };
    special.unwrap_or_else(|| call(text))
}

/// A line that does not start with the name of a call.
fn parse_special(text: &str) -> Option<StraceBody<'_>> {
    if let Some(rest) = text.strip_prefix("+++ ") {
        return Some(parse_end(rest));
    }
    if let Some(rest) = text.strip_prefix("<... ") {
        let (name, rest) = name(rest);
        return Some(StraceBody::Resumed { name, text: rest.strip_prefix(" resumed>")? });
    }
    if let Some(task) = attached_task(text) {
        return Some(StraceBody::Attached(task));
    }
    if text.starts_with("--- ") || text.starts_with("strace: ") {
        return Some(StraceBody::Other);
    }
    (text.starts_with(", ") || text.starts_with(") ")).then_some(StraceBody::Rest(text))
}

fn parse_end(text: &str) -> StraceBody<'_> {
    if text.starts_with("exited with ") {
        return StraceBody::Ended { signal: None };
    }
    match text.strip_prefix("killed by ") {
        Some(rest) => StraceBody::Ended { signal: rest.split(' ').next() },
        None => StraceBody::Other,
    }
}

fn attached_task(text: &str) -> Option<u32> {
    text.strip_prefix(PROCESS)?.strip_suffix(" attached")?.parse().ok()
}

fn call(text: &str) -> StraceBody<'_> {
    let (name, rest) = name(text);
    match rest.strip_prefix('(').filter(|_| !name.is_empty()) {
        Some(text) => interrupted(name, text).unwrap_or(StraceBody::Call { name, text }),
        None => StraceBody::Foreign,
    }
}

/// The name of a call, and the text after it.
fn name(text: &str) -> (&str, &str) {
    let of_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.split_at(text.bytes().position(|byte| !of_name(byte)).unwrap_or(text.len()))
}

/// A call that does not end on its line; the last byte rules most lines out.
fn interrupted<'t>(name: &'t str, text: &'t str) -> Option<StraceBody<'t>> {
    match text.as_bytes().last()? {
        b'>' => {
            Some(StraceBody::Begun { name, text: text.strip_suffix(UNFINISHED)?, attached: None })
        }
        // A task ends in it: `exit(0 <unfinished ...>) = ?`.
        b'?' => {
            let (text, rest) = text.rsplit_once(UNFINISHED)?;
            let ends = rest.trim_ascii_start().starts_with(')');
            ends.then_some(StraceBody::Begun { name, text, attached: None })
        }
        b'd' => {
            let (text, new) = text.split_at(text.find(PROCESS)?);
            Some(StraceBody::Begun { name, text, attached: Some(attached_task(new)?) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::strace::line::*;

    #[test]
    fn prefixes_of_all_kinds_are_taken_off() {
        let close = StraceBody::Call { name: "close", text: "3) = 0" };
        let line = |task, comm, stamp| StraceLine { task, comm, stamp, body: close };
        let day = Stamp::Day(53_618_560_411_000);
        let epoch = Stamp::Epoch(1_795_272_821_061_500_000);
        for (text, expected) in [
            ("close(3) = 0", line(None, None, None)),
            ("174   close(3) = 0", line(Some(174), None, None)),
            ("[pid   174] close(3) = 0", line(Some(174), None, None)),
            ("[pid 174<a b>] close(3) = 0", line(Some(174), Some("a b"), None)),
            ("174<sh> 14:53:38.560411 close(3) = 0", line(Some(174), Some("sh"), Some(day))),
            ("14:53:38.560411 close(3) = 0", line(None, None, Some(day))),
            ("174   1795272821.061500 close(3) = 0", line(Some(174), None, Some(epoch))),
            ("     0.057018 close(3) = 0", line(None, None, Some(Stamp::Delta(57_018_000)))),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_call_is_distinguished() {
        for (text, expected) in [
            ("+++ exited with 0 +++", StraceBody::Ended { signal: None }),
            ("12 +++ killed by SIGKILL +++", StraceBody::Ended { signal: Some("SIGKILL") }),
            ("--- SIGCHLD {si_signo=SIGCHLD} ---", StraceBody::Other),
            ("strace: Process 7 attached", StraceBody::Attached(7)),
            ("7 <... close resumed>) = 0", StraceBody::Resumed { name: "close", text: ") = 0" }),
            (
                "close(3 <unfinished ...>",
                StraceBody::Begun { name: "close", text: "3 ", attached: None },
            ),
            ("D/TC:0 0 tee_ta_open_session:1 a", StraceBody::Foreign),
            ("", StraceBody::Foreign),
        ] {
            assert_eq!(parse(text).body, expected, "{text}");
        }
    }
}
