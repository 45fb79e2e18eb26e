//! One line of strace: who, when, and what.
//!
//! ```text
//! [pid   184] 1795272821.061500 dup(3</dev/tee0>) = 4</dev/tee0>        -f to the terminal
//! 174   14:53:38.560411 ioctl(3, TEE_IOC_INVOKE, {...} <unfinished ...>  -f -o FILE
//! ```

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// When, as far as the line tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stamp {
    /// Nanoseconds of the day (`-t`, `-tt`).
    Day(u64),
    /// Nanoseconds since 1970 (`-ttt`).
    Epoch(u64),
    /// Nanoseconds since the line before (`-r`).
    Delta(u64),
}

/// What the line says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Body<'t> {
    /// A system call with all of its text after the opening parenthesis.
    Call { name: &'t str, text: &'t str },
    /// The begin of one; `attached` is what strace itself said in the middle of the line.
    Begun { name: &'t str, text: &'t str, attached: Option<u32> },
    /// The rest of one.
    Resumed { name: &'t str, text: &'t str },
    /// The rest of the line before, which strace itself has interrupted.
    Rest(&'t str),
    /// A new task is traced.
    Attached(u32),
    /// A task ended, and was killed by this signal if there is one.
    Ended { signal: Option<&'t str> },
    /// Something else that strace prints.
    Other,
    /// Not a line of strace.
    Foreign,
}

/// A line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Line<'t> {
    pub(super) task: Option<u32>,
    /// Name of the task (`-Y`).
    pub(super) comm: Option<&'t str>,
    pub(super) stamp: Option<Stamp>,
    pub(super) body: Body<'t>,
}

/// Where a call is interrupted by another task's.
const UNFINISHED: &str = "<unfinished ...>";

/// Where strace itself says something in the middle of a line.
const PROCESS: &str = "strace: Process ";

/// How these are searched for: most lines have neither.
static UNFINISHED_IN: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(UNFINISHED));
static PROCESS_IN: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(PROCESS));

/// Takes a line apart.
pub(super) fn parse(text: &str) -> Line<'_> {
    let (task, comm, rest) = task(text.trim_end());
    let (stamp, rest) = stamp(rest.trim_start());
    Line { task, comm, stamp, body: body(rest.trim_start()) }
}

/// `[pid 12]`, `[pid 12<name>]`, `12 ` or `12<name> `.
fn task(text: &str) -> (Option<u32>, Option<&str>, &str) {
    let (inside, rest) = match text.strip_prefix("[pid ") {
        Some(inside) => match inside.split_once("] ") {
            Some(parts) => parts,
            None => return (None, None, text),
        },
        None => match text.split_once(' ') {
            Some(parts) => parts,
            None => return (None, None, text),
        },
    };
    let inside = inside.trim_start();
    let (number, comm) = match inside.split_once('<') {
        Some((number, comm)) => (number, comm.strip_suffix('>')),
        None => (inside, None),
    };
    match number.parse() {
        Ok(number) => (Some(number), comm, rest),
        Err(_) => (None, None, text),
    }
}

fn stamp(text: &str) -> (Option<Stamp>, &str) {
    let Some((word, rest)) = text.split_once(' ') else { return (None, text) };
    let parsed = if word.contains(':') { of_day(word) } else { seconds(word) };
    match parsed {
        Some(stamp) => (Some(stamp), rest),
        None => (None, text),
    }
}

/// `14:53:38` or `14:53:38.560411`.
fn of_day(word: &str) -> Option<Stamp> {
    let mut parts = word.splitn(3, ':');
    let mut whole = |most: u64| parts.next()?.parse::<u64>().ok().filter(|n| *n <= most);
    let (hours, minutes) = (whole(23)?, whole(59)?);
    let ns = nanoseconds(parts.next()?)?;
    Some(Stamp::Day((hours * 3600 + minutes * 60) * 1_000_000_000 + ns))
}

/// `1795272821.061500`, or `0.057018` since the line before.
fn seconds(word: &str) -> Option<Stamp> {
    /// No trace is from before 1973, and no pause lasts three years.
    const BEGIN_NS: u64 = 100_000_000 * 1_000_000_000;
    let ns = nanoseconds(word).filter(|_| word.contains('.') || word.len() >= 9)?;
    Some(if ns < BEGIN_NS { Stamp::Delta(ns) } else { Stamp::Epoch(ns) })
}

/// Seconds with up to nine decimals.
pub(in crate::parse) fn nanoseconds(word: &str) -> Option<u64> {
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let scale = 10u64.pow(9 - u32::try_from(fraction.len()).ok()?);
    let part = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()? * scale };
    whole.parse::<u64>().ok()?.checked_mul(1_000_000_000)?.checked_add(part)
}

fn body(text: &str) -> Body<'_> {
    if let Some(rest) = text.strip_prefix("+++ ") {
        return ended(rest);
    }
    if let Some(rest) = text.strip_prefix("<... ") {
        return match rest.split_once(" resumed>") {
            Some((name, text)) => Body::Resumed { name, text },
            None => Body::Foreign,
        };
    }
    if let Some(task) = attached(text) {
        return Body::Attached(task);
    }
    if text.starts_with("--- ") || text.starts_with("strace: ") {
        return Body::Other;
    }
    if text.starts_with(", ") || text.starts_with(") ") {
        return Body::Rest(text);
    }
    call(text)
}

fn ended(text: &str) -> Body<'_> {
    if text.starts_with("exited with ") {
        return Body::Ended { signal: None };
    }
    match text.strip_prefix("killed by ") {
        Some(rest) => Body::Ended { signal: rest.split(' ').next() },
        None => Body::Other,
    }
}

fn attached(text: &str) -> Option<u32> {
    text.strip_prefix(PROCESS)?.strip_suffix(" attached")?.parse().ok()
}

fn call(text: &str) -> Body<'_> {
    let Some((name, text)) = text.split_once('(') else { return Body::Foreign };
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || !name.bytes().all(known) {
        return Body::Foreign;
    }
    if UNFINISHED_IN.find(text.as_bytes()).is_some()
        && let Some((begin, rest)) = text.rsplit_once(UNFINISHED)
        && (rest.is_empty() || rest.trim_start().starts_with(')'))
    {
        return Body::Begun { name, text: begin, attached: None };
    }
    if let Some(at) = PROCESS_IN.find(text.as_bytes()) {
        return match attached(&text[at..]) {
            Some(task) => Body::Begun { name, text: &text[..at], attached: Some(task) },
            None => Body::Call { name, text },
        };
    }
    Body::Call { name, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_of_all_kinds_are_taken_off() {
        let close = Body::Call { name: "close", text: "3) = 0" };
        let line = |task, comm, stamp| Line { task, comm, stamp, body: close };
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
    fn what_is_no_call_is_told_apart() {
        for (text, expected) in [
            ("+++ exited with 0 +++", Body::Ended { signal: None }),
            ("12 +++ killed by SIGKILL +++", Body::Ended { signal: Some("SIGKILL") }),
            ("--- SIGCHLD {si_signo=SIGCHLD} ---", Body::Other),
            ("strace: Process 7 attached", Body::Attached(7)),
            ("7 <... close resumed>) = 0", Body::Resumed { name: "close", text: ") = 0" }),
            ("close(3 <unfinished ...>", Body::Begun { name: "close", text: "3 ", attached: None }),
            ("D/TC:0 0 tee_ta_open_session:1 a", Body::Foreign),
            ("", Body::Foreign),
        ] {
            assert_eq!(parse(text).body, expected, "{text}");
        }
    }
}
