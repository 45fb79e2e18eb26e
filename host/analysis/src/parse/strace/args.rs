//! Arguments and result of a system call, and the fields of a structure.

use memchr::memrchr;
use smallvec::SmallVec;

use super::line::nanoseconds;

/// Arguments of a call; few have more than these.
pub(super) type Args<'t> = SmallVec<[&'t str; 6]>;

/// A finished call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Call<'t> {
    pub(super) args: Args<'t>,
    /// What it returned; `None` for one that did not return.
    pub(super) result: Option<i64>,
    /// Name of the error.
    pub(super) errno: Option<&'t str>,
    /// Path of the descriptor that it returned (`-y`).
    pub(super) path: Option<&'t str>,
    /// How long it took (`-T`), in nanoseconds.
    pub(super) took_ns: Option<u64>,
}

/// Takes a call's text after its opening parenthesis apart; `None` when the end is missing.
pub(super) fn call(text: &str) -> Option<Call<'_>> {
    let (args, outcome) = halves(text)?;
    let (outcome, took_ns) = took(outcome.trim());
    let (value, rest) = value(outcome);
    let (number, path) = descriptor(value);
    let errno = rest.split(' ').next().filter(|word| word.starts_with('E'));
    if number.is_none() && value != "?" {
        return None;
    }
    Some(Call { args: split(args), result: number, errno, path, took_ns })
}

/// Arguments and outcome. strace puts blanks between the parenthesis and the equals sign.
fn halves(text: &str) -> Option<(&str, &str)> {
    let mut end = text.len();
    while let Some(at) = memrchr(b'=', &text.as_bytes()[..end]) {
        let before = text[..at].strip_suffix(' ');
        let after = text[at + 1..].strip_prefix(' ');
        let args = before.and_then(|before| before.trim_end().strip_suffix(')'));
        if let (Some(args), Some(after)) = (args, after) {
            return Some((args, after));
        }
        end = at;
    }
    None
}

/// The value, which may have a path with blanks in it, and what strace adds in words.
fn value(outcome: &str) -> (&str, &str) {
    let blank = outcome.find(' ').unwrap_or(outcome.len());
    let end = match outcome.rfind('>') {
        Some(end) if outcome[..blank].contains('<') => end + 1,
        _ => blank,
    };
    (&outcome[..end], outcome[end..].trim_start())
}

/// `0 <0.000012>`
fn took(outcome: &str) -> (&str, Option<u64>) {
    let parts = outcome.strip_suffix('>').and_then(|outcome| outcome.rsplit_once(" <"));
    match parts.and_then(|(before, time)| Some((before, nanoseconds(time)?))) {
        Some((before, ns)) => (before, Some(ns)),
        None => (outcome, None),
    }
}

/// `3`, `0x3`, `-1`, `3</dev/tee0>`, `3</dev/tee0<char 238:0>>`.
pub(super) fn descriptor(text: &str) -> (Option<i64>, Option<&str>) {
    let (number, path) = match text.split_once('<') {
        Some((number, path)) => (number, Some(path.strip_suffix('>').unwrap_or(path))),
        None => (text, None),
    };
    (signed(number), path)
}

fn signed(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(text) => number(text).and_then(|n| 0i64.checked_sub_unsigned(n)),
        None => number(text).map(u64::cast_signed),
    }
}

/// `12` or `0xc`.
pub(in crate::parse) fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Arguments, split at the commas that are in no bracket, string or path.
fn split(text: &str) -> Args<'_> {
    let mut args = Args::new();
    let (mut begin, mut depth, mut quoted, mut escaped) = (0, 0u32, false, false);
    let mut before = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'(' | b'[' | b'{' => depth += 1,
            b'<' if is_path(before) => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'>' if !matches!(before, b'=' | b'-') => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                args.push(text[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
        before = byte;
    }
    args.push(text[begin..].trim());
    args
}

/// Whether what is in angle brackets after this byte is the path of a descriptor (`3<`,
/// `AT_FDCWD<`), or of a device within one (`tee0<`).
const fn is_path(before: u8) -> bool {
    before.is_ascii_alphanumeric()
}

/// Value of a field of a structure: `session` of `{func=0, session=0x1}` is `0x1`.
pub(super) fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut from = 0;
    while let Some(found) = text[from..].find(name) {
        let at = from + found;
        from = at + name.len();
        let begins = at == 0 || matches!(text.as_bytes()[at - 1], b'{' | b' ' | b',');
        if let Some(value) = text[from..].strip_prefix('=').filter(|_| begins) {
            return value.split([',', '}', ']', ' ']).next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_and_results_are_found() {
        let told =
            call("AT_FDCWD</tmp>, \"a, ) = \\\" b\", O_RDWR)   = 3</dev/tee0<char 238:0>> <0.01>");
        let told = told.unwrap();
        assert_eq!(told.args[..], ["AT_FDCWD</tmp>", "\"a, ) = \\\" b\"", "O_RDWR"]);
        assert_eq!((told.result, told.path), (Some(3), Some("/dev/tee0<char 238:0>")));
        assert_eq!(told.took_ns, Some(10_000_000));
    }

    #[test]
    fn failures_and_calls_without_an_end() {
        let told = call("9) = -1 EBADF (Bad file descriptor)").unwrap();
        assert_eq!((told.result, told.errno), (Some(-1), Some("EBADF")));
        assert_eq!(call("0)   = ?").unwrap().result, None);
        assert_eq!(call("3, TEE_IOC_INV"), None);
    }

    #[test]
    fn structures_stay_whole() {
        let told =
            call("3</dev/tee0>, TEE_IOC_SHM_ALLOC, {size=1, id=0} => {id=1}) = 0x4").unwrap();
        assert_eq!(told.args[2], "{size=1, id=0} => {id=1}");
        assert_eq!(told.result, Some(4));
        assert_eq!(field("{func=0, session=0x1, cancel_id=0}", "session"), Some("0x1"));
        assert_eq!(field("{ret_origin=4, ret=0}", "ret"), Some("0"));
    }
}
