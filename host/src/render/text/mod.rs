//! Text for people: the verdict first, the evidence below.

pub(crate) mod clients;
pub(crate) mod diff;
pub(crate) mod differential;
pub(crate) mod doctor;
pub(crate) mod dump;
pub(crate) mod finding;
mod gaps;
pub(crate) mod holdings;
pub(crate) mod incident;
mod lanes;
mod line;
pub(crate) mod one_look;
mod page;
pub(crate) mod report;
pub(crate) mod snapshot;
pub(crate) mod spark;

use std::io;

pub(crate) use line::{TextLine, Tone, columns};
pub(crate) use page::{TextLayout, TextPage};

/// Renders text for a file: complete and without colours.
pub(crate) fn plain(write: impl FnOnce(&mut TextPage<'_>) -> io::Result<()>) -> String {
    let mut bytes = Vec::new();
    // Writing to memory never fails.
    let _ =
        write(&mut TextPage::new(&mut anstream::StripStream::new(&mut bytes), TextLayout::FILE));
    String::from_utf8_lossy(&bytes).into_owned()
}
