//! A report as a single self-contained HTML page: works without network, further files or scripts.
//!
//! Invariants:
//! - The page is complete without its script, which only sorts, filters and toggles.
//! - The content security policy allows only the page's own style sheet and script, by hash, so there
//!   are no `style` and no event attributes.
//! - Names from a capture stay text: [`maud`] escapes markup, and [`inert`] escapes control
//!   characters.
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

use crate::{escape::needs_escape, render::view::ReportView};

/// Writes a page.
pub(crate) fn write(view: &ReportView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let page = page::page(view)?.into_string();
    out.write_all(inert(&page).as_bytes())
}

/// Escapes invisible characters and those that change how others look: controls, writing directions,
/// zero-width marks. The escapes are those of JSON, so that embedded data keep their value.
fn inert(page: &str) -> String {
    let mut escaped_page = String::with_capacity(page.len());
    for letter in page.chars() {
        if letter != '\n' && needs_escape(letter) {
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
