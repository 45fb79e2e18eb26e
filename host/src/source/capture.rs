//! A capture file as a source.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use super::{Sink, Source};
use crate::capture::{CapturePiece, CaptureReader};

/// A capture file.
pub(crate) struct CaptureFile {
    path: PathBuf,
    reader: CaptureReader<File>,
}

impl CaptureFile {
    /// Opens a file and checks its head.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if is_text(path) {
            bail!("{0} is a text, not a capture: type `teeleak analyze {0}`", path.display());
        }
        let open = || CaptureReader::new(File::open(path)?);
        let reader = open().with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { path: path.to_owned(), reader })
    }
}

/// Bytes at the start of a file that show whether it is a text.
const BEGIN: u64 = 512;

fn is_text(path: &Path) -> bool {
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(BEGIN).read_to_end(&mut begin));
    read.is_ok() && begin.contains(&b'\n') && !begin.contains(&0)
}

impl Source for CaptureFile {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn feed(&mut self, sink: &mut dyn Sink) -> Result<()> {
        while let Some(piece) = self.reader.next_piece().context("cannot read the capture")? {
            match piece {
                CapturePiece::Frame { kind, payload } => sink.frame(kind, payload)?,
                CapturePiece::Damage(damage) => sink.damage(damage),
            }
        }
        Ok(())
    }
}
