//! A capture file as a source.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::{Sink, Source};
use crate::capture::{Piece, Reader};

/// A capture file.
pub(crate) struct CaptureFile {
    path: PathBuf,
    reader: Reader<File>,
}

impl CaptureFile {
    /// Opens a file and checks its head.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let open = || Reader::new(File::open(path)?);
        let reader = open().with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { path: path.to_owned(), reader })
    }
}

impl Source for CaptureFile {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn feed(&mut self, sink: &mut dyn Sink) -> Result<()> {
        while let Some(piece) = self.reader.next_piece().context("cannot read the capture")? {
            match piece {
                Piece::Frame { kind, payload } => sink.frame(kind, payload)?,
                Piece::Damage(damage) => sink.damage(damage),
            }
        }
        Ok(())
    }
}
