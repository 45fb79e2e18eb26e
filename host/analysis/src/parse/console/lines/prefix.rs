//! Trace prefixes: everything before the message of a line.
//!
//! Formats of `core/kernel/trace_ext.c` and `lib/libutils/ext/trace.c` of optee_os, by release:
//!
//! ```text
//! 2.0        DBG [0x0] TEE-CORE:func:line: message          (thread part optional)
//! 2.1 - 2.6  DEBUG:   [0x0] TEE-CORE:func:line: message     INFO:    TEE-CORE: message
//! 3.0 - 3.2  D/TC:<thread> func:line message                I/TC:  message
//! 3.3 -      D/TC:<core> <thread> func:line message         I/TC: message
//! 4.x, virt. D/TC:<guest> <core> <thread> func:line message
//! ```
//!
//! Whatever stands to the left of that (stamps, `[TEE]`, mail quotes, `*`) is [`LineHead::left`].

use memchr::{memchr, memmem};

use super::bytes::{blanks, dec};

/// Which image wrote a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LineImage {
    /// The TEE core.
    Core,
    /// The loader of TAs.
    Ldelf,
    /// A TA; the line does not show which.
    Ta,
}

/// A parsed line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineHead<'a> {
    /// Everything before the prefix.
    pub left: &'a [u8],
    /// Image that wrote it.
    pub image: LineImage,
    /// Thread of the TEE core.
    pub thread: Option<u16>,
    /// Function, empty with the short prefix.
    pub function: &'a [u8],
    /// Line of the source that printed it, 0 with the short prefix.
    pub source_line: u32,
    /// The message without leading blanks.
    pub message: &'a [u8],
    /// Bytes from the level letter to the end of the line.
    pub length: usize,
}

/// A line parsed up to its ids.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PrefixEdge<'a> {
    /// Everything before the prefix.
    pub left: &'a [u8],
    /// Image that wrote it.
    pub image: LineImage,
    /// Thread of the TEE core.
    pub thread: Option<u16>,
    /// The text after the ids.
    rest: &'a [u8],
}

/// Finds the first prefix in `line`.
#[inline]
pub(crate) fn find(line: &[u8]) -> Option<LineHead<'_>> {
    let edge = edge(line)?;
    Some(LineHead { length: line.len() - edge.left.len(), ..head(edge) })
}

/// Finds the first prefix in `line`, and parses only its image and ids.
#[inline]
pub(crate) fn edge(line: &[u8]) -> Option<PrefixEdge<'_>> {
    let mut start = 0;
    loop {
        let slash = start + memchr(b'/', &line[start..])?;
        if slash > 0
            && is_level(line[slash - 1])
            && let Some(image) = image(&line[slash + 1..])
        {
            return Some(PrefixEdge::new(&line[..slash - 1], image, &line[slash + 4..]));
        }
        start = slash + 1;
    }
}

/// The prefix of the previous line: most lines have the same one, and comparing is faster than parsing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CachedPrefix<'a> {
    /// The text from the image tag up to the message.
    text: &'a [u8],
    head: LineHead<'a>,
}

impl<'a> CachedPrefix<'a> {
    /// Like [`find`], but faster if the prefix is that of the previous line.
    #[inline]
    pub(crate) fn find(known: &mut Option<Self>, line: &'a [u8]) -> Option<LineHead<'a>> {
        let slash = memchr(b'/', line)?;
        if let Some(known) = known
            && let Some(message) = line[slash + 1..].strip_prefix(known.text)
            && matches!(message.first(), Some(first) if *first != b' ' && *first != b'\t')
            && slash > 0
            && is_level(line[slash - 1])
        {
            let (left, length) = (&line[..slash - 1], line.len() + 1 - slash);
            return Some(LineHead { left, message, length, ..known.head });
        }
        let head = find(line)?;
        // Only a long prefix has an unambiguous end.
        if !head.function.is_empty() && !head.message.is_empty() {
            let (from, to) = (head.left.len() + 2, line.len() - head.message.len());
            *known = line.get(from..to).map(|text| Self { text, head });
        }
        Some(head)
    }
}

#[inline]
const fn is_level(letter: u8) -> bool {
    matches!(letter, b'U' | b'E' | b'I' | b'D' | b'F' | b'M')
}

/// Finds a prefix of releases up to 2.6: `TEE-CORE:` or `USER-TA:`.
pub(crate) fn find_words(line: &[u8]) -> Option<LineHead<'_>> {
    let (at, image, len) = match memmem::find(line, b"TEE-CORE:") {
        Some(at) => (at, LineImage::Core, 9),
        None => (memmem::find(line, b"USER-TA:")?, LineImage::Ta, 8),
    };
    let mut head = head(PrefixEdge::new(&line[..at], image, &line[at + len..]));
    head.thread = words_thread(head.left);
    Some(head)
}

/// Whether `text` has a prefix of releases up to 2.6.
pub(crate) fn has_words(text: &[u8]) -> bool {
    memmem::find(text, b"TEE-CORE:").is_some() || memmem::find(text, b"USER-TA:").is_some()
}

#[inline]
fn image(text: &[u8]) -> Option<LineImage> {
    match text {
        [b'T', b'C', b':', ..] => Some(LineImage::Core),
        [b'T', b'A', b':', ..] => Some(LineImage::Ta),
        [b'L', b'D', b':', ..] => Some(LineImage::Ldelf),
        _ => None,
    }
}

impl<'a> PrefixEdge<'a> {
    #[inline]
    fn new(left: &'a [u8], image: LineImage, after: &'a [u8]) -> Self {
        let (ids, rest) = ids(after);
        // One id is the thread up to 3.2, and the core from 3.3 on.
        let thread = match ids {
            [Some(_), Some(thread), None] | [_, _, Some(thread)] => known_id(thread),
            _ => None,
        };
        Self { left, image, thread, rest }
    }
}

#[inline]
fn head(PrefixEdge { left, image, thread, rest }: PrefixEdge<'_>) -> LineHead<'_> {
    let (function, source_line, message) = function(blanks(rest));
    LineHead { left, image, thread, function, source_line, message, length: 0 }
}

/// Value of an id printed as `?`.
const UNKNOWN: u16 = u16::MAX;

fn known_id(id: u16) -> Option<u16> {
    (id != UNKNOWN).then_some(id)
}

/// Up to three ids of 1 to 3 digits or question marks, each followed by a blank.
#[inline]
fn ids(mut text: &[u8]) -> ([Option<u16>; 3], &[u8]) {
    let mut ids = [None; 3];
    for id in &mut ids {
        let mut value = 0_u16;
        let mut n = 0;
        while n < 3 {
            match text.get(n) {
                // Only a question mark before it can make it saturate, and then it stays unknown.
                Some(digit @ b'0'..=b'9') => {
                    value = value.saturating_mul(10).saturating_add(u16::from(digit - b'0'));
                }
                Some(b'?') => value = UNKNOWN,
                _ => break,
            }
            n += 1;
        }
        if n == 0 || text.get(n) != Some(&b' ') {
            break;
        }
        *id = Some(value);
        text = &text[n + 1..];
    }
    (ids, text)
}

/// `func:line ` of a long prefix; up to 2.6 with one more colon.
#[inline]
fn function(text: &[u8]) -> (&[u8], u32, &[u8]) {
    let name = text.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    if name == 0 || text.get(name) != Some(&b':') {
        return (b"", 0, text);
    }
    match dec(&text[name + 1..]) {
        Some((line, rest)) if matches!(rest.first(), None | Some(b' ' | b':')) => {
            let message = blanks(rest.strip_prefix(b":").unwrap_or(rest));
            (&text[..name], u32::try_from(line).unwrap_or(0), message)
        }
        _ => (b"", 0, text),
    }
}

/// `[0x0]` right before the tag.
fn words_thread(left: &[u8]) -> Option<u16> {
    let text = left.strip_suffix(b"] ")?;
    let open = memchr::memrchr(b'[', text)?;
    let (value, rest) = super::bytes::hex0x(&text[open + 1..])?;
    rest.is_empty().then(|| u16::try_from(value).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{LineImage, find, find_words};

    fn check(line: &str, thread: Option<u16>, function: &str, message: &str) {
        let head = find(line.as_bytes()).or_else(|| find_words(line.as_bytes())).unwrap();
        assert_eq!(head.thread, thread, "{line}");
        assert_eq!(String::from_utf8_lossy(head.function), function, "{line}");
        assert_eq!(String::from_utf8_lossy(head.message), message, "{line}");
    }

    #[test]
    fn an_id_that_damage_mixed_stays_unknown() {
        check("I/TC:0 ?12 buffer: 1", None, "", "buffer: 1");
        check("I/TC:0 1?9 buffer: 1", None, "", "buffer: 1");
    }

    #[test]
    fn every_form_of_prefix_is_taken_apart() {
        check("I/TC: buffer: 1", None, "", "buffer: 1");
        check("I/TC:  buffer: 1", None, "", "buffer: 1");
        check("D/TC:0 panic:12 x", None, "panic", "x");
        check("D/TC:? 0 id_of:490 id 5", Some(0), "id_of", "id 5");
        check("*E/TC:1 00 0x24b0a149", Some(0), "", "0x24b0a149");
        check("D/TC:2 ? 001 f:4 m", Some(1), "f", "m");
        check("E/LD:   arch: arm", None, "", "arch: arm");
        check("DEBUG:   [0x1] TEE-CORE:f:12: m", Some(1), "f", "m");
        check("INFO:    TEE-CORE: m", None, "", "m");
        check("DBG TEE-CORE:f:12: m", None, "f", "m");
    }

    #[test]
    fn paths_before_the_prefix_do_not_hide_it() {
        let head = find(b"drivers/TEE/x [TEE] D/TA:  f:1 m").unwrap();
        assert_eq!(head.image, LineImage::Ta);
        assert_eq!(head.left, b"drivers/TEE/x [TEE] ");
        assert!(find(b"/TC: I/T").is_none());
    }
}
