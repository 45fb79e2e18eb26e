//! The catalogue: what the messages of OP-TEE and its clients mean, as data.
//!
//! The files of `host/analysis/messages` say for each message what happened, which resource it is
//! about, in which stage, which option decides and what to do next. A user's own file has the same
//! form and goes before the built-in ones ([`Catalogue::add_file`]).
//!
//! Invariant: a line is only matched against the patterns whose literals it contains.

mod entry;
mod file;
mod numbers;
mod pattern;
mod prefilter;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use entry::MessageEntry;
pub(crate) use entry::short;
pub use entry::{LineSource, MessageHit, MessageKind};
use pattern::MessagePattern;
pub(crate) use prefilter::Prefilter;

use crate::{mistake::Mistake, model::Meaning};

/// The built-in files by name.
const FILES: [(&str, &str); 9] = [
    ("core.toml", include_str!("../../messages/core.toml")),
    ("ldelf.toml", include_str!("../../messages/ldelf.toml")),
    ("libutee.toml", include_str!("../../messages/libutee.toml")),
    ("firmware.toml", include_str!("../../messages/firmware.toml")),
    ("xtest.toml", include_str!("../../messages/xtest.toml")),
    ("driver.toml", include_str!("../../messages/driver.toml")),
    ("clients.toml", include_str!("../../messages/clients.toml")),
    ("supplicant.toml", include_str!("../../messages/supplicant.toml")),
    ("anyone.toml", include_str!("../../messages/anyone.toml")),
];

static BUILT_IN: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut catalogue = Catalogue::default();
    for (name, text) in FILES {
        // The tests read each file, so that none is left out here.
        catalogue.entries.extend(file::read(name, text, MessagePattern::new).unwrap_or_default());
    }
    catalogue.index();
    catalogue
});

/// Messages and their meanings.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    entries: Vec<MessageEntry>,
    prefilters: [Prefilter; LineSource::ALL.len()],
}

impl Catalogue {
    /// The built-in catalogue.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Adds the messages of a file, which are tried before all others; `source` is its name in errors.
    ///
    /// # Errors
    /// If the file is not valid; with the place of the mistake.
    pub fn add_file(&mut self, source: &str, text: &str) -> Result<(), Mistake> {
        let mut entries = file::read(source, text, MessagePattern::checked)?;
        let name: Arc<str> = source.into();
        entries.iter_mut().for_each(|entry| entry.user_file = Some(name.clone()));
        self.entries.splice(0..0, entries);
        self.index();
        Ok(())
    }

    /// The user's own files, each with its patterns.
    pub(crate) fn user_files(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for entry in &self.entries {
            if let Some(file) = &entry.user_file {
                files.entry(file).or_default().push(entry.pattern.text());
            }
        }
        files
    }

    fn index(&mut self) {
        for (prefilter, source) in self.prefilters.iter_mut().zip(LineSource::ALL) {
            let literals = self.entries.iter().enumerate();
            let literals = literals.filter(|(_, entry)| entry.sources.contains(&source));
            *prefilter = Prefilter::new(literals.map(|(at, entry)| (at, entry.pattern.literal())));
        }
    }

    /// The first entry that matches `text`, a line or message of `source`.
    #[must_use]
    pub fn find(&self, source: LineSource, text: &[u8]) -> Option<MessageHit> {
        let candidates = self.prefilters[source as usize].candidates(text)?;
        candidates.into_iter().find_map(|at| self.entries.get(at)?.read(source, text))
    }

    /// All meanings with their patterns, for documentation.
    pub fn meanings(&self) -> impl Iterator<Item = (&str, &Arc<Meaning>)> {
        self.entries.iter().map(|entry| (entry.pattern.text(), &entry.meaning))
    }
}

#[cfg(test)]
mod tests;
