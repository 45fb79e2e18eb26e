//! Which of the user's files the text fits.

use crate::{
    model::{NearLine, SourceLocation, UnusedFile, UserFileKind},
    parse::console::{
        chunk_facts::ChunkFacts,
        rules::{BestLines, FileSet, UserFile, UserFiles},
    },
};

/// What is known of each file so far.
#[derive(Clone, Debug, Default)]
pub(super) struct FileUse {
    files: UserFiles,
    used: FileSet,
    /// The nearest lines of each file.
    near: Vec<BestLines>,
}

impl FileUse {
    /// Adds what a chunk shows; `place` is that of a line before which so many lines of the chunk are.
    pub(super) fn add(&mut self, harvest: &mut ChunkFacts, place: impl Fn(u64) -> SourceLocation) {
        if harvest.files.0.is_empty() {
            return;
        }
        self.files = harvest.files.clone();
        self.used.add(harvest.steps.used);
        self.near.resize_with(self.files.0.len(), BestLines::default);
        for (file, mut lines) in harvest.near.drain(..) {
            lines.0.iter_mut().for_each(|line| line.place = place(line.place.at));
            if let Some(best) = self.near.get_mut(file) {
                best.merge(lines);
            }
        }
    }

    /// Notes that a message of this file explains a line.
    pub(super) fn note_message(&mut self, name: &str) {
        let is_file = |file: &UserFile| file.kind == UserFileKind::Messages && *file.name == *name;
        if let Some(at) = self.files.0.iter().position(is_file) {
            self.used.add(FileSet::for_file(at));
        }
    }

    /// The files that no line fits. Whether events fit a protocol is not known here: each is listed.
    pub(super) fn finish(self) -> Vec<UnusedFile> {
        let is_unused = |file: usize| !self.used.contains(file);
        let files = self.files.0.iter().zip(self.near).enumerate();
        let unused = files.filter(|(at, _)| is_unused(*at)).map(|(_, (file, best))| {
            // Where rules fit, the names of their steps are what to compare a protocol with.
            let is_shown = file.kind != UserFileKind::Protocol || self.used.is_empty();
            let nearest = best.0.into_iter().filter(|_| is_shown);
            UnusedFile {
                kind: file.kind,
                name: file.name.clone(),
                nearest: nearest
                    .map(|line| NearLine { place: line.place, text: line.text.into() })
                    .collect(),
            }
        });
        unused.collect()
    }
}
