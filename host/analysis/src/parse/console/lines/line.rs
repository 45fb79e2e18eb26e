//! Splits lines, and removes what a terminal, a mail or a transfer left in them.

use memchr::{memchr, memchr2};

/// Longest line that is read, in bytes. A trace line has at most 254 (`MAX_PRINT_SIZE` of optee_os
/// `lib/libutils/ext/include/trace.h`); the limit leaves room for stamps and symbols.
pub const MAX_LINE: usize = 64 * 1024;

/// Length of the longest trace line, in bytes, without what stands left of its prefix.
pub(crate) const FULL: usize = 254;

const ESCAPE: u8 = 0x1b;

/// Removes the first line from `text`: the line without its newline, and whether it had one.
#[inline]
pub(crate) fn take<'a>(text: &mut &'a [u8]) -> (&'a [u8], bool) {
    match memchr(b'\n', text) {
        Some(end) => {
            let line = &text[..end];
            *text = &text[end + 1..];
            (line, true)
        }
        None => (std::mem::take(text), false),
    }
}

/// `line` without carriage returns, blanks and Markdown ticks at its ends.
///
/// The kernel's log writes a carriage return as `\\x0d` (Linux Documentation/ABI/testing/dev-kmsg).
#[inline]
pub(crate) fn trim(line: &[u8]) -> &[u8] {
    let mut line = line.strip_suffix(b"\\x0d").unwrap_or(line);
    while let [rest @ .., b'\r' | b' ' | b'\t' | b'`'] = line {
        line = rest;
    }
    while let [b'\r', rest @ ..] = line {
        line = rest;
    }
    line
}

/// Whether [`without_controls`] would change `line`.
#[inline]
pub(crate) fn has_controls(line: &[u8]) -> bool {
    memchr2(ESCAPE, 0, line).is_some()
}

/// Copies `line` to `clean`, without NUL bytes and terminal control sequences.
pub(crate) fn without_controls(line: &[u8], clean: &mut Vec<u8>) {
    clean.clear();
    let mut rest = line;
    while let [byte, after @ ..] = rest {
        rest = match *byte {
            0 => after,
            ESCAPE => beyond_sequence(after),
            byte => {
                clean.push(byte);
                after
            }
        };
    }
    clean.truncate(trim(clean).len());
}

/// The text after a control sequence: after ESC, `[` parameters letter, or one byte (ECMA-48).
fn beyond_sequence(text: &[u8]) -> &[u8] {
    match text {
        [b'[', parameters @ ..] => {
            let end = parameters.iter().position(|b| (0x40..0x7f).contains(b));
            end.map_or(b"", |end| &parameters[end + 1..])
        }
        [_, rest @ ..] => rest,
        [] => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{take, trim, without_controls};

    #[test]
    fn lines_end_at_newlines_only() {
        let mut text = b"a\r\nb".as_slice();
        assert_eq!(take(&mut text), (b"a\r".as_slice(), true));
        assert_eq!(take(&mut text), (b"b".as_slice(), false));
        assert_eq!(trim(b"\ra `\r"), b"a");
        assert_eq!(trim(b"a\\x0d"), b"a");
    }

    #[test]
    fn control_sequences_vanish() {
        let mut clean = Vec::new();
        without_controls(b"\x1b[1;31mI/T\0C: x\x1b[0m ", &mut clean);
        assert_eq!(clean, b"I/TC: x");
        without_controls(b"a\x1b[1;3", &mut clean);
        assert_eq!(clean, b"a");
    }
}
