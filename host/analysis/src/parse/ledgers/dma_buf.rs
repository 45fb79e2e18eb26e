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

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot};

#[derive(Default)]
pub(super) struct DmaBuf {
    open: Option<LedgerSnapshot>,
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
            let Some((_, rest)) = rest.split_once(" objects, ") else { return LineOutcome::Parsed };
            census.total = rest.split(' ').next().and_then(fields::decimal);
            return LineOutcome::from(census.total);
        }
        let words: Vec<_> = text.split_whitespace().collect();
        match words[..] {
            [size, flags, mode, count, exporter, inode, ref name @ ..]
                if [flags, mode].iter().all(|word| fields::hex(word).is_some())
                    && [size, count, inode].iter().all(|word| fields::decimal(word).is_some()) =>
            {
                let bytes = fields::decimal(size).unwrap_or_default();
                let name = if name.is_empty() { exporter.to_owned() } else { name.join(" ") };
                let mut row = LedgerEntry::new(line.place.clone(), &name, 1, bytes);
                row.ids.inode = fields::decimal(inode);
                super::add(census, row);
                LineOutcome::Parsed
            }
            // Heads of columns, devices, fences, in any number.
            _ if line.raw.starts_with('\t') || text.is_empty() || text.starts_with("size") => {
                LineOutcome::Parsed
            }
            _ => LineOutcome::Ignored,
        }
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.open.take().into_iter().for_each(|census| out.census(census));
    }
}
