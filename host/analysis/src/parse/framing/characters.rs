//! Characters that web pages and editors put in: HTML's entities and tags, blanks that are none, typography.

use memchr::{memchr, memmem};

/// Entities of texts that were copied from the source of a page.
const ENTITIES: [(&[u8], &str); 9] = [
    (b"&gt;", ">"),
    (b"&lt;", "<"),
    (b"&amp;", "&"),
    (b"&nbsp;", " "),
    (b"&quot;", "\""),
    (b"&apos;", "'"),
    (b"&#39;", "'"),
    (b"&#160;", " "),
    (b"&#x27;", "'"),
];

/// Tags of a page's text; whatever else is in angle brackets may be OP-TEE's.
const TAGS: [&[u8]; 16] = [
    b"pre",
    b"code",
    b"br",
    b"p",
    b"div",
    b"span",
    b"td",
    b"tr",
    b"table",
    b"tbody",
    b"tt",
    b"font",
    b"blockquote",
    b"html",
    b"body",
    b"li",
];

/// Tags that end a line.
const BREAKS: [&[u8]; 1] = [b"br"];

/// Blanks, invisible characters and those of typography, and what stands for them.
const SPACES: [(&str, &str); 27] = [
    ("\u{a0}", " "),
    ("\u{2002}", " "),
    ("\u{2003}", " "),
    ("\u{2007}", " "),
    ("\u{2009}", " "),
    ("\u{202f}", " "),
    ("\u{3000}", " "),
    ("\u{200b}", ""),
    ("\u{200c}", ""),
    ("\u{200d}", ""),
    ("\u{2060}", ""),
    ("\u{feff}", ""),
    ("\u{ad}", ""),
    ("\u{2010}", "-"),
    ("\u{2011}", "-"),
    ("\u{2013}", "-"),
    ("\u{2014}", "-"),
    ("\u{2212}", "-"),
    ("\u{201c}", "\""),
    ("\u{201d}", "\""),
    ("\u{2018}", "'"),
    ("\u{2019}", "'"),
    ("\u{fb00}", "ff"),
    ("\u{fb01}", "fi"),
    ("\u{fb02}", "fl"),
    ("\u{fb03}", "ffi"),
    ("\u{fb04}", "ffl"),
];

/// Whether lines of a text end with carriage returns alone, as old editors and some terminals save them.
pub(super) fn has_returns(text: &[u8]) -> bool {
    let newlines = memchr::memchr_iter(b'\n', text).count();
    let is_lone = |at: &usize| !matches!(text.get(at + 1), None | Some(b'\n' | b'\r'));
    // A single newline may be the end of a progress bar.
    let most = if newlines == 0 { 0 } else { 2 + 4 * newlines };
    memchr::memchr_iter(b'\r', text).filter(is_lone).nth(most).is_some()
}

/// Whether a line has what may be HTML in a page.
pub(super) fn may_be_html(line: &[u8]) -> bool {
    memchr::memchr2_iter(b'&', b'<', line).any(|at| {
        let rest = &line[at..];
        ENTITIES.iter().any(|(entity, _)| rest.starts_with(entity)) || tag(rest).is_some()
    })
}

/// Whether a text has entities or tags of HTML.
pub(super) fn has_html(text: &[u8]) -> bool {
    let mut has_close = None;
    memchr::memchr2_iter(b'&', b'<', text).any(|at| {
        let rest = &text[at..];
        ENTITIES.iter().any(|(entity, _)| rest.starts_with(entity))
            || tag(rest).is_some_and(|_| {
                rest.starts_with(b"<pre")
                    || rest.starts_with(b"<br")
                    || *has_close.get_or_insert_with(|| memmem::find(text, b"</").is_some())
            })
    })
}

/// Whether a text has blanks, invisible characters or typography beyond ASCII.
pub(super) fn has_spaces(text: &[u8]) -> bool {
    !text.is_ascii()
        && SPACES.iter().any(|(space, _)| memmem::find(text, space.as_bytes()).is_some())
}

/// Appends a line without HTML; a tag that ends a line becomes a newline. Returns whether it had any.
pub(super) fn without_html(line: &[u8], text: &mut Vec<u8>) -> bool {
    let start = line.len();
    let mut rest = line;
    let mut is_changed = false;
    while let Some(at) = memchr::memchr2(b'&', b'<', rest) {
        text.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let entity = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity));
        if let Some((entity, character)) = entity {
            text.extend_from_slice(character.as_bytes());
            rest = &rest[entity.len()..];
        } else if let Some((length, is_break)) = tag(rest) {
            text.extend_from_slice(if is_break { b"\n" } else { b"" });
            rest = &rest[length..];
        } else {
            text.push(rest[0]);
            rest = &rest[1..];
            continue;
        }
        is_changed = true;
    }
    text.extend_from_slice(rest);
    debug_assert!(is_changed || start == line.len());
    is_changed
}

/// Length of the tag that a text starts with, and whether it ends a line.
fn tag(text: &[u8]) -> Option<(usize, bool)> {
    let tag = text.strip_prefix(b"<")?;
    let tag = tag.strip_prefix(b"/").unwrap_or(tag);
    let length = tag.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let is_tag = |name: &[u8]| name.eq_ignore_ascii_case(&tag[..length]);
    TAGS.iter().find(|name| is_tag(name))?;
    let character_after = tag.get(length)?;
    matches!(character_after, b'>' | b' ' | b'/').then_some(())?;
    let end = memchr(b'>', &text[..text.len().min(512)])?;
    Some((end + 1, BREAKS.iter().any(|name| is_tag(name))))
}

/// Appends a line with plain characters for typography, and without invisible ones. Returns whether it
/// had any.
pub(super) fn with_plain_spaces(line: &[u8], text: &mut Vec<u8>) -> bool {
    let mut rest = line;
    let mut is_changed = false;
    while let Some(at) = rest.iter().position(|byte| !byte.is_ascii()) {
        text.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let space = SPACES.iter().find(|(space, _)| rest.starts_with(space.as_bytes()));
        let (length, plain) = match space {
            Some((space, plain)) => (space.len(), plain.as_bytes()),
            None => (1, &rest[..1]),
        };
        text.extend_from_slice(plain);
        rest = &rest[length..];
        is_changed |= space.is_some();
    }
    text.extend_from_slice(rest);
    is_changed
}

#[cfg(test)]
mod tests {
    use super::{has_html, with_plain_spaces, without_html};

    #[test]
    fn pages_become_text() {
        let mut text = Vec::new();
        let line =
            b"<pre class=\"log\">&gt; Panic at a.c:1 &lt;f&gt;<br/>x &amp;&nbsp;y <init></pre>";
        assert!(has_html(line) && without_html(line, &mut text));
        assert_eq!(String::from_utf8_lossy(&text), "> Panic at a.c:1 <f>\nx & y <init>");
    }

    #[test]
    fn angle_brackets_alone_are_no_page() {
        for line in
            [b"Panic at core/a.c:12 <init_primary>".as_slice(), b"<6>[ 1.5] a && b </dev/tee0>"]
        {
            assert!(!has_html(line));
            let mut text = Vec::new();
            assert!(!without_html(line, &mut text));
            assert_eq!(text, line);
        }
    }

    #[test]
    fn spaces_become_plain() {
        let mut text = Vec::new();
        assert!(with_plain_spaces(
            "\u{feff}I/TC:\u{a0}b\u{200b}u\u{fb00}er ü\u{2013}".as_bytes(),
            &mut text
        ));
        assert_eq!(text, "I/TC: buffer ü-".as_bytes());
    }
}
