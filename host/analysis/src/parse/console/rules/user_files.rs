//! Files that the user named: which of them the lines fit, and which lines nearly do.

use std::sync::Arc;

use super::near_lines::{BestLines, PatternWords};
use crate::model::UserFileKind;

/// A file that the user named.
#[derive(Clone, Debug)]
pub(in crate::parse::console) struct UserFile {
    pub(in crate::parse::console) kind: UserFileKind,
    pub(in crate::parse::console) name: Arc<str>,
    words: PatternWords,
}

/// Some of the files, by their position.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(in crate::parse::console) struct FileSet(u64);

impl FileSet {
    pub(in crate::parse::console) fn for_file(file: usize) -> Self {
        Self(u32::try_from(file).ok().and_then(|file| 1_u64.checked_shl(file)).unwrap_or(0))
    }

    #[inline]
    pub(in crate::parse::console) const fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether the file is one of them, or has no place in a set: nothing is said about such a file.
    pub(in crate::parse::console) fn contains(self, file: usize) -> bool {
        let set = Self::for_file(file);
        set == Self::default() || self.0 & set.0 != 0
    }

    pub(in crate::parse::console) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// The files that the user named.
#[derive(Clone, Debug, Default)]
pub(in crate::parse::console) struct UserFiles(pub(in crate::parse::console) Arc<Vec<UserFile>>);

impl UserFiles {
    /// Adds a file of patterns.
    pub(super) fn add_patterns<'p>(
        &mut self,
        kind: UserFileKind,
        name: &str,
        patterns: impl Iterator<Item = &'p str>,
    ) {
        self.add(kind, name, PatternWords::of_patterns(patterns));
    }

    /// Adds a file with names.
    pub(super) fn add_names<'n>(
        &mut self,
        kind: UserFileKind,
        name: &str,
        names: impl Iterator<Item = &'n str>,
    ) {
        self.add(kind, name, PatternWords::new(names.map(str::as_bytes)));
    }

    fn add(&mut self, kind: UserFileKind, name: &str, words: PatternWords) {
        Arc::make_mut(&mut self.0).push(UserFile { kind, name: name.into(), words });
    }

    /// The set of the file that is added next.
    pub(super) fn next_set(&self) -> FileSet {
        FileSet::for_file(self.0.len())
    }

    /// For each file that no line of `chunk` fits, the lines that nearly do. A line that is a step of any rule is
    /// one that somebody understands.
    pub(in crate::parse::console) fn near_lines(
        &self,
        chunk: &[u8],
        used: FileSet,
    ) -> Vec<(usize, BestLines)> {
        let files = self.0.iter().enumerate();
        let is_open = |file: usize, kind| match kind {
            UserFileKind::Rules | UserFileKind::Messages => !used.contains(file),
            UserFileKind::Protocol => used.is_empty(),
        };
        let unused = files.filter(|(file, one)| is_open(*file, one.kind));
        let best = unused.map(|(at, one)| {
            let mut best = BestLines::default();
            one.words.collect(chunk, &mut best);
            (at, best)
        });
        best.filter(|(_, best)| !best.0.is_empty()).collect()
    }
}
