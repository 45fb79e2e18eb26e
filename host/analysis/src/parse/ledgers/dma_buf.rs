//! `dma_buf/bufinfo` of debugfs (Linux `drivers/dma-buf/dma-buf.c`, `dma_buf_debug_show`).
//!
//! ```text
//! Dma-buf Objects:
//! size            flags           mode            count           exp_name        ino             name
//! 25165824        00000002        00080007        00000002        mtk_mm          05771744        halbuf:b5
//!         Attached Devices:
//!         cam_mem
//! Total 1 devices attached
//!
//! Total 1 objects, 25165824 bytes
//! ```
//!
//! Older kernels print fewer columns: without name and inode, or without exporter.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot};

#[derive(Default)]
pub(super) struct DmaBuf {
    open: Option<LedgerSnapshot>,
    /// Whether the devices of the last buffer follow.
    attached: bool,
}

impl DmaBuf {
    /// Heads of columns, devices, fences, in any number.
    fn other(&mut self, text: &str, line: &LedgerLine<'_>) -> LineOutcome {
        if text.starts_with("Attached Devices:") {
            self.attached = true;
            return LineOutcome::Parsed;
        }
        let is_word = !text.is_empty() && !text.contains([' ', '\t']);
        if self.attached && is_word {
            let row = self.open.as_mut().and_then(|census| census.rows.last_mut());
            let row = row.filter(|row| row.users.len() < DEVICES);
            row.into_iter().for_each(|row| row.users.push(text.into()));
            return LineOutcome::Parsed;
        }
        self.attached &= text.is_empty() || line.raw.starts_with(['\t', ' ']);
        let is_part =
            line.raw.starts_with(['\t', ' ']) || text.is_empty() || text.starts_with("size");
        if is_part { LineOutcome::Parsed } else { LineOutcome::Ignored }
    }
}

/// Devices that are kept per buffer.
const DEVICES: usize = 64;

/// Before 3.13 a row ends with the count, before 5.1 with the exporter; names may have blanks.
fn buffer(text: &str, line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    let words: Vec<_> = text.split_whitespace().collect();
    let [size, flags, mode, count, ref rest @ ..] = words[..] else { return None };
    fields::hex(flags).and(fields::hex(mode)).and(fields::decimal(count))?;
    let (exporter, inode, name) = match rest {
        [] => ("", None, Vec::new()),
        [exporter] => (*exporter, None, Vec::new()),
        [exporter, inode, name @ ..] => (*exporter, Some(fields::decimal(inode)?), name.to_vec()),
    };
    let name = name.join(" ");
    let is_named = !name.is_empty() && name != "<none>" && name != "(null)";
    let mut row = LedgerEntry::new(
        line.place.clone(),
        if is_named { &name } else { exporter },
        1,
        fields::decimal(size)?,
    );
    (row.ids.inode, row.exporter) = (inode, exporter.into());
    Some(row)
}

impl Parser for DmaBuf {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let text = line.text.trim_start();
        if text.starts_with("Dma-buf Objects:") {
            self.end(out);
            self.open = Some(LedgerSnapshot::new(LedgerKind::DmaBuf, "", line.place.clone()));
            return LineOutcome::Parsed;
        }
        let Some(census) = &mut self.open else { return LineOutcome::Ignored };
        if let Some(rest) = text.strip_prefix("Total ") {
            self.attached = false;
            let Some((_, rest)) = rest.split_once(" objects, ") else { return LineOutcome::Parsed };
            census.total = rest.split(' ').next().and_then(fields::decimal);
            return LineOutcome::from(census.total);
        }
        if let Some(row) = buffer(text, line) {
            self.attached = false;
            super::add(census, row);
            return LineOutcome::Parsed;
        }
        self.other(text, line)
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.open.take().into_iter().for_each(|census| out.census(census));
    }
}
