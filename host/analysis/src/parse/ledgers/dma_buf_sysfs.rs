//! `/sys/kernel/dmabuf/buffers` (Linux 5.13, `drivers/dma-buf/dma-buf-sysfs-stats.c`), a directory for each
//! buffer, named by its inode. teeleak's live source writes a line for each:
//!
//! ```text
//! dma-buf buffers:
//! ino 5771744 size 25165824 exporter mtk_mm
//! ```

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot};

#[derive(Default)]
pub(super) struct DmaBufSysfs {
    open: Option<LedgerSnapshot>,
}

impl Parser for DmaBufSysfs {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        if line.raw == "dma-buf buffers:" {
            self.end(out);
            self.open = Some(LedgerSnapshot::new(LedgerKind::DmaBuf, "", line.place.clone()));
            return LineOutcome::Parsed;
        }
        let Some(census) = self.open.as_mut().filter(|_| line.raw.starts_with("ino ")) else {
            return LineOutcome::Ignored;
        };
        let row = buffer(line);
        let outcome = LineOutcome::from(row.as_ref());
        row.into_iter().for_each(|row| super::add(census, row));
        outcome
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.open.take().into_iter().for_each(|census| out.census(census));
    }
}

fn buffer(line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    let bytes = fields::number_after(line.raw, "size ")?;
    let exporter = fields::value_after(line.raw, "exporter ").unwrap_or_default();
    let mut row = LedgerEntry::new(line.place.clone(), exporter, 1, bytes);
    row.ids.inode = Some(fields::number_after(line.raw, "ino ")?);
    Some(row)
}
