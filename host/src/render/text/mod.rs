//! Text for a person in a hurry: the answer first, what it rests on below.

pub(crate) mod clients;
pub(crate) mod diff;
pub(crate) mod differential;
pub(crate) mod doctor;
pub(crate) mod dump;
pub(crate) mod finding;
mod gaps;
pub(crate) mod incident;
pub(crate) mod report;
pub(crate) mod snapshot;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

/// Headings.
pub(crate) const HEAD: Style = Style::new().bold();
/// Bad news.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Neither good nor bad.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// Good news.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Details.
pub(crate) const DIM: Style = Style::new().dimmed();

/// What `write` writes, without colours.
pub(crate) fn plain(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut bytes = Vec::new();
    // Writing to memory never fails.
    let _ = write(&mut anstream::StripStream::new(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}
