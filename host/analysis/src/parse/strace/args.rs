//! Arguments and result of a system call, and the fields of a structure.

use memchr::{memchr, memchr2, memrchr};

use super::digits::{leading_signed, nanoseconds};

/// Arguments of a call: the parts between commas outside of brackets, strings and paths. They are split
/// lazily, since the first one rules most calls out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Args<'t>(Option<&'t str>);

impl<'t> Args<'t> {
    /// Whether one of the arguments may be a descriptor with its path.
    pub(super) fn has_path(self) -> bool {
        self.0.is_some_and(|text| memchr(b'<', text.as_bytes()).is_some())
    }

    /// The first arguments, empty those that are missing.
    pub(super) fn first<const N: usize>(mut self) -> [&'t str; N] {
        std::array::from_fn(|_| self.next().unwrap_or_default())
    }

    /// The argument with the index `n`, empty if there are fewer.
    pub(super) fn get(mut self, n: usize) -> &'t str {
        self.nth(n).unwrap_or_default()
    }
}

impl<'t> Iterator for Args<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let text = self.0?;
        let end = end_of_first(text);
        self.0 = text.get(end + 1..);
        Some(text[..end].trim_ascii())
    }
}

/// A finished call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct StraceCall<'t> {
    pub(super) args: Args<'t>,
    /// Return value; `None` if the call did not return.
    pub(super) result: Option<i64>,
    /// Name of the error.
    pub(super) errno: Option<&'t str>,
    /// Path of the returned descriptor (`-y`).
    pub(super) path: Option<&'t str>,
    /// Duration (`-T`), in seconds.
    took: Option<&'t str>,
}

impl StraceCall<'_> {
    /// Duration, in nanoseconds.
    pub(super) fn took_ns(&self) -> Option<u64> {
        nanoseconds(self.took?)
    }
}

/// Parses the text of a call after its opening parenthesis; `None` if the end is missing.
pub(super) fn call(text: &str) -> Option<StraceCall<'_>> {
    let (args, outcome) = halves(text)?;
    let outcome = outcome.trim_ascii_start();
    let (result, rest) = match leading_signed(outcome) {
        Some((number, rest)) => (Some(number), rest),
        None => (None, outcome.strip_prefix('?')?),
    };
    let (rest, took) = took(rest);
    let (path, words) = path(rest)?;
    let errno = words.starts_with('E').then(|| words.split(' ').next()).flatten();
    Some(StraceCall { args: Args(Some(args)), result, errno, path, took })
}

/// Arguments and outcome. strace puts blanks between the parenthesis and the equals sign.
fn halves(text: &str) -> Option<(&str, &str)> {
    let mut end = text.len();
    while let Some(at) = memrchr(b'=', &text.as_bytes()[..end]) {
        let head = text[..at].strip_suffix(' ');
        let tail = text[at + 1..].strip_prefix(' ');
        let args = head.and_then(|before| before.trim_ascii_end().strip_suffix(')'));
        if let (Some(args), Some(after)) = (args, tail) {
            return Some((args, after));
        }
        end = at;
    }
    None
}

/// Splits off the duration, in angle brackets after a blank at the end.
fn took(outcome: &str) -> (&str, Option<&str>) {
    let parts = || {
        let inner_text = outcome.strip_suffix('>')?;
        let bracket = inner_text.bytes().rposition(|byte| byte == b'<')?;
        let time = &inner_text[bracket + 1..];
        time.starts_with(|first: char| first.is_ascii_digit()).then_some(())?;
        Some((inner_text[..bracket].strip_suffix(' ')?, time))
    };
    parts().map_or((outcome, None), |(before, time)| (before, Some(time)))
}

/// The path of a descriptor, which may contain blanks, and the words that strace adds.
fn path(outcome: &str) -> Option<(Option<&str>, &str)> {
    match outcome.strip_prefix('<') {
        Some(inside) => {
            let (path, words) = inside.rsplit_once('>').unwrap_or((inside, ""));
            Some((Some(path), words.trim_ascii_start()))
        }
        None if outcome.is_empty() => Some((None, "")),
        None => Some((None, outcome.strip_prefix(' ')?.trim_ascii_start())),
    }
}

/// `3`, `0x3`, `-1`, `3</dev/tee0>`, `3</dev/tee0<char 238:0>>`.
pub(super) fn descriptor(text: &str) -> (Option<i64>, Option<&str>) {
    let Some((number, rest)) = leading_signed(text) else { return (None, None) };
    match rest.strip_prefix('<') {
        Some(path) => (Some(number), Some(path.strip_suffix('>').unwrap_or(path))),
        None => (Some(number).filter(|_| rest.is_empty()), None),
    }
}

/// Index of the end of the first argument.
fn end_of_first(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0u32, 0);
    while let Some(byte) = bytes.get(at) {
        let previous_byte = || at.checked_sub(1).map_or(0, |before| bytes[before]);
        match byte {
            _ if !IS_SPECIAL[usize::from(*byte)] => {}
            b'"' => at = end_of_string(bytes, at + 1),
            b'(' | b'[' | b'{' => depth += 1,
            // Angle brackets enclose the path of a descriptor (`3<`, `AT_FDCWD<`), or of a device within one
            // (`tee0<`).
            b'<' if previous_byte().is_ascii_alphanumeric() => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'>' if !matches!(previous_byte(), b'=' | b'-') => depth = depth.saturating_sub(1),
            b',' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Bytes that separate arguments, or enclose commas.
static IS_SPECIAL: [bool; 256] = {
    let (mut all, special) = ([false; 256], b"\"([{<>}]),");
    let mut n = 0;
    while n < special.len() {
        all[special[n] as usize] = true;
        n += 1;
    }
    all
};

/// Index of the closing quote of the string that starts at `begin`.
fn end_of_string(bytes: &[u8], begin: usize) -> usize {
    let mut index = begin;
    while let Some(found) = bytes.get(index..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        index += found;
        if bytes[index] == b'"' {
            return index;
        }
        index += 2;
    }
    bytes.len()
}

/// Value of a field in a structure: `session` of `{func=0, session=0x1}` is `0x1`.
pub(super) fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut start = 0;
    while let Some(found) = text[start..].find(name) {
        let position = start + found;
        start = position + name.len();
        let is_word_start =
            position == 0 || matches!(text.as_bytes()[position - 1], b'{' | b' ' | b',');
        if let Some(value) = text[start..].strip_prefix('=').filter(|_| is_word_start) {
            return value.split([',', '}', ']', ' ']).next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::parse::strace::args::*;

    #[test]
    fn arguments_and_results_are_found() {
        let syscall =
            call("AT_FDCWD</tmp>, \"a, ) = \\\" b\", O_RDWR)   = 3</dev/tee0<char 238:0>> <0.01>");
        let syscall = syscall.unwrap();
        let args: Vec<_> = syscall.args.collect();
        assert_eq!(args, ["AT_FDCWD</tmp>", "\"a, ) = \\\" b\"", "O_RDWR"]);
        assert_eq!((syscall.result, syscall.path), (Some(3), Some("/dev/tee0<char 238:0>")));
        assert_eq!(syscall.took_ns(), Some(10_000_000));
    }

    #[test]
    fn failures_and_calls_without_an_end() {
        let syscall = call("9) = -1 EBADF (Bad file descriptor)").unwrap();
        assert_eq!((syscall.result, syscall.errno), (Some(-1), Some("EBADF")));
        assert_eq!(call("0)   = ?").unwrap().result, None);
        assert_eq!(call("3, TEE_IOC_INV"), None);
    }

    #[test]
    fn structures_stay_whole() {
        let syscall =
            call("3</dev/tee0>, TEE_IOC_SHM_ALLOC, {size=1, id=0} => {id=1}) = 0x4").unwrap();
        assert_eq!(syscall.args.get(2), "{size=1, id=0} => {id=1}");
        assert_eq!(syscall.result, Some(4));
        assert_eq!(field("{func=0, session=0x1, cancel_id=0}", "session"), Some("0x1"));
        assert_eq!(field("{ret_origin=4, ret=0}", "ret"), Some("0"));
    }
}
