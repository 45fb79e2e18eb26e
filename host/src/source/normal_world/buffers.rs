//! All dma-bufs of the system: `dma_buf/bufinfo` of debugfs, else the sysfs folders, one line each.

use std::{
    fmt::Write as _,
    fs,
    io::{self, ErrorKind},
    path::Path,
};

use anyhow::Result;
use teeleak_analysis::model::LedgerKind;

use super::{
    bytes::{LedgerText, MOST_BYTES, read, send_text},
    files::display_path,
    gaps::{LedgerObstacle, MissedLedgers},
};
use crate::source::Sink;

/// debugfs: all buffers with their attachments.
const DEBUGFS: &str = "sys/kernel/debug/dma_buf/bufinfo";

/// sysfs: a folder per buffer (`CONFIG_DMABUF_SYSFS_STATS`, Linux 5.13).
const SYSFS: &str = "sys/kernel/dmabuf/buffers";

/// What brings the file of debugfs.
const BUFINFO: &str = "CONFIG_DMA_SHARED_BUFFER=y";

/// Most buffers to list.
const MOST: usize = 1 << 16;

/// Passes on the better of the two sources.
pub(super) fn sample(root: &Path, missed: &mut MissedLedgers, sink: &mut dyn Sink) -> Result<()> {
    match text(root) {
        Ok((path, text)) => send_text(
            LedgerKind::DmaBuf,
            &display_path(root, &root.join(path)),
            &text,
            missed,
            sink,
        ),
        Err(error) => {
            missed.add(missing(root, &error), 0);
            Ok(())
        }
    }
}

/// Why neither can be read.
pub(super) fn look(root: &Path) -> Option<LedgerObstacle> {
    text(root).err().map(|error| missing(root, &error))
}

fn text(root: &Path) -> io::Result<(&'static str, LedgerText)> {
    match (read(&root.join(DEBUGFS), MOST_BYTES), list(&root.join(SYSFS))) {
        (Ok(text), _) => Ok((DEBUGFS, text)),
        (Err(_), Ok(text)) => Ok((SYSFS, text)),
        (Err(error), Err(_)) => Err(error),
    }
}

fn missing(root: &Path, error: &io::Error) -> LedgerObstacle {
    let ledger = LedgerKind::DmaBuf.info().name;
    let option = format!("{BUFINFO}, or CONFIG_DMABUF_SYSFS_STATS=y and /{SYSFS}");
    match error.kind() {
        ErrorKind::NotFound => LedgerObstacle::of_path(root, DEBUGFS, ledger, &option),
        _ => LedgerObstacle::of_error(ledger, error, &option),
    }
}

/// The sysfs folders as lines; buffers freed meanwhile are skipped.
fn list(folder: &Path) -> io::Result<LedgerText> {
    let mut text = String::from("dma-buf buffers:\n");
    let mut entries = fs::read_dir(folder)?.flatten();
    for entry in entries.by_ref().take(MOST) {
        let attribute = |name: &str| fs::read_to_string(entry.path().join(name)).ok();
        let (inode, size) = (entry.file_name(), attribute("size"));
        let Some(size) = size else { continue };
        let exporter = attribute("exporter_name").unwrap_or_default();
        let (inode, size, exporter) = (inode.to_string_lossy(), size.trim(), exporter.trim());
        // Writing to memory never fails.
        let _ = writeln!(text, "ino {inode} size {size} exporter {exporter}");
    }
    Ok(LedgerText { text: text.into_bytes(), cut: entries.next().is_some() })
}
