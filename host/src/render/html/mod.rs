//! A report as one page of HTML that needs nothing else: no network, no folder beside it, no script.
//!
//! Invariants:
//! - Everything is in the page before its script runs; that only sorts, filters and switches.
//! - The policy of the page allows its own style sheet and script by their hashes and nothing else,
//!   so there are no `style` and no event attributes.
//! - Whatever a capture names things, it stays text: [`maud`] escapes what is markup, and [`inert`]
//!   shows what a terminal or a browser would obey.
//! - The same observation and report give the same bytes.

mod coverage;
mod data;
mod evidence;
mod finding;
mod lanes;
mod page;
mod plot;
mod policy;
mod regions;
mod scale;
mod sites;
mod summary;
mod timeline;

use std::io::{self, Write};

use crate::{escape::obeyed, render::view::ReportView};

/// Writes a page.
pub(crate) fn write(told: &ReportView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let page = page::page(told)?.into_string();
    out.write_all(inert(&page).as_bytes())
}

/// Shows what is not seen or changes how the rest is: controls, directions of writing, marks of no
/// width. They are told as JSON tells them, so that data stay what they are.
fn inert(page: &str) -> String {
    let mut escaped_page = String::with_capacity(page.len());
    for letter in page.chars() {
        if letter != '\n' && obeyed(letter) {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                escaped_page.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped_page.push(letter);
        }
    }
    escaped_page
}

#[cfg(test)]
mod tests {
    use super::inert;

    #[test]
    fn what_would_be_obeyed_is_shown() {
        let shown = inert("a\u{1b}[31m\u{202e}b\0\u{e0041}\n\u{e9}\u{4e2d}");
        assert_eq!(shown, "a\\u001b[31m\\u202eb\\u0000\\udb40\\udc41\n\u{e9}\u{4e2d}");
    }
}
