//! Ledgers that are kernel files: their paths, intervals and kernel options.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Result;
use teeleak_analysis::{
    model::{LedgerFiles, LedgerKind},
    parse::ledgers,
};

use super::{
    Depth,
    bytes::{LedgerText, MOST_BYTES, read, send_text},
    gaps::{LedgerObstacle, MissedLedgers},
    own_memory, page_owner,
};
use crate::source::Sink;

/// Most files per pattern.
const MOST_FILES: usize = 1024;

/// Most bytes of all texts of one ledger.
const MOST_OF_LEDGER: usize = 32 << 20;

/// A ledger in one or several files.
struct LedgerFile {
    ledger: LedgerKind,
    place: LedgerFiles,
}

/// All of them, in the order of the table.
fn files() -> impl Iterator<Item = LedgerFile> {
    let ledgers = LedgerKind::ALL.iter();
    ledgers.filter_map(|ledger| Some(LedgerFile { ledger: *ledger, place: ledger.info().files? }))
}

/// Passes on all ledgers that are due.
pub(super) fn sample(
    root: &Path,
    depth: Depth,
    missed: &mut MissedLedgers,
    sink: &mut dyn Sink,
) -> Result<()> {
    let is_due = |file: &LedgerFile| !file.place.is_slow || depth == Depth::Whole;
    files().filter(is_due).try_for_each(|file| file.sample(root, missed, sink))
}

/// Each non-vendor ledger, and why it can't be read.
pub(super) fn look(root: &Path) -> Vec<(LedgerKind, Option<LedgerObstacle>)> {
    files()
        .filter(|file| !file.place.is_optional)
        .map(|file| (file.ledger, file.missing(root)))
        .collect()
}

impl LedgerFile {
    fn sample(&self, root: &Path, missed: &mut MissedLedgers, sink: &mut dyn Sink) -> Result<()> {
        let paths = self.existing(root);
        if paths.is_empty() {
            let missing = self.missing(root).filter(|_| !self.place.is_optional);
            missing.into_iter().for_each(|missing| missed.add(missing, 0));
            return Ok(());
        }
        if let (Some(command), Some(file)) = (self.place.command, paths.first()) {
            // Where the write is refused, kmemleak still scans every ten minutes.
            let _ = fs::write(file, command);
        }
        let mut budget = MOST_OF_LEDGER;
        for path in paths {
            match self.text(&path, budget.min(MOST_BYTES), missed) {
                Ok(mut text) => {
                    self.append_own(root, &mut text);
                    budget = budget.saturating_sub(text.text.len());
                    send_text(self.ledger, &display_path(root, &path), &text, missed, sink)?;
                }
                Err(error) => {
                    let ledger = self.ledger.info().name;
                    missed.add(LedgerObstacle::of_error(ledger, &error, self.place.option), 0);
                }
            }
        }
        Ok(())
    }

    /// Appends what the memory in use includes of teeleak's own.
    fn append_own(&self, root: &Path, text: &mut LedgerText) {
        if self.ledger != LedgerKind::MemInfo {
            return;
        }
        let own_memory = [
            (ledgers::OWN_SHARED_MEMORY, own_memory::ring_bytes(root)),
            (ledgers::OWN_ANONYMOUS_MEMORY, own_memory::anonymous_bytes(root)),
        ];
        for (name, bytes) in own_memory.into_iter().filter(|(_, bytes)| *bytes > 0) {
            let line = format!("{name}: {} kB\n", bytes / 1024);
            text.text.extend_from_slice(line.as_bytes());
        }
    }

    fn text(&self, path: &Path, most: usize, missed: &mut MissedLedgers) -> io::Result<LedgerText> {
        if self.ledger != LedgerKind::PageOwner {
            return read(path, most);
        }
        let (text, lost) = page_owner::read(path)?;
        if lost > 0 {
            missed.add(LedgerObstacle::of_room("blocks of page_owner"), lost);
        }
        Ok(text)
    }

    /// The files of the first candidate path that exists.
    fn existing(&self, root: &Path) -> Vec<PathBuf> {
        let places = self.place.paths.iter().map(|path| expand(root, path));
        { places }.find(|paths| !paths.is_empty()).unwrap_or_default()
    }

    /// Why it can't be read, if it can't.
    fn missing(&self, root: &Path) -> Option<LedgerObstacle> {
        let what = self.ledger.info().name;
        let Some(path) = self.existing(root).into_iter().next() else {
            let path = self.place.paths.first()?;
            return Some(LedgerObstacle::of_path(root, path, what, self.place.option));
        };
        let error = read(&path, 1).err()?;
        Some(LedgerObstacle::of_error(what, &error, self.place.option))
    }
}

/// The path without `root`, as on the live system.
pub(super) fn display_path(root: &Path, path: &Path) -> String {
    let relative_path = path.strip_prefix(root).unwrap_or(path);
    format!("/{}", relative_path.to_string_lossy())
}

/// The files that match a pattern, sorted.
fn expand(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let Some((folder, rest)) = pattern.split_once('*') else {
        let path = root.join(pattern);
        return if path.exists() { vec![path] } else { Vec::new() };
    };
    let rest = rest.trim_start_matches('/');
    let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
    let paths = entries.map(|entry| match rest {
        "" => entry.path(),
        rest => entry.path().join(rest),
    });
    let mut files: Vec<_> = paths.filter(|path| path.is_file()).take(MOST_FILES).collect();
    files.sort();
    files
}
