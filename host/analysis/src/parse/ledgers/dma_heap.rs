//! `/proc/dma_heap/heaps/*` of MediaTek's kernels (as in a field report of a 5.10 kernel).
//!
//! ```text
//! inode:5771744 size(Byte):25165824 count:1 cache_sg:1 exp:mtk_mm name:25165824x-BLOB-halbuf:b5
//!     buf_priv: uncached:0 alloc_pid:784(allocator@4.0-s)tid:784(allocator@4.0-s) alloc_time:48446499954us
//!     buf_priv: tab:0 dom:2 map:1 iova:0x29ca00000 attr:0x20 dir:0 dev:cam_mem
//!     pid:29202(camerahalserver) inode:5771744 size:25165824 fd_cnt:1 mmap_cnt:0 fd_list:400
//! ```
//!
//! A buffer has one row for each process that holds it, or one row without a holder.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot};

/// Descriptors that are kept per row.
const FDS: usize = 4096;

#[derive(Default)]
pub(super) struct DmaHeap {
    open: Option<LedgerSnapshot>,
}

impl Parser for DmaHeap {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        context: &TextContext,
        _: &mut LedgerOutput,
    ) -> LineOutcome {
        let text = line.text.trim_start();
        if text.starts_with("inode:") && text.contains("size(Byte):") {
            return LineOutcome::from(self.buffer(text, line, context));
        }
        let Some(census) = &mut self.open else { return LineOutcome::Ignored };
        if text.starts_with("buf_priv:") {
            let address = fields::number_after(text, "iova:");
            if let (Some(row), Some(_)) = (census.rows.last_mut(), address) {
                row.ids.address = address;
            }
            return LineOutcome::Parsed;
        }
        if text.starts_with("pid:") && text.contains("fd_cnt:") {
            return LineOutcome::from(holder(text, line, census));
        }
        LineOutcome::Ignored
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.open.take().into_iter().for_each(|census| out.census(census));
    }
}

impl DmaHeap {
    fn buffer(&mut self, text: &str, line: &LedgerLine<'_>, context: &TextContext) -> Option<()> {
        let inode = fields::number_after(text, "inode:")?;
        let bytes = fields::number_after(text, "size(Byte):")?;
        let name = fields::rest(text, "name:").unwrap_or_default();
        // Pages put a blank in front of the colon.
        let exporter = ["exp:", "exp :"].iter().find_map(|name| fields::value_after(text, name));
        let heap = exporter.unwrap_or_else(|| context.name());
        let census = self.open.get_or_insert_with(|| {
            LedgerSnapshot::new(LedgerKind::DmaHeap, heap, line.place.clone())
        });
        let mut row = LedgerEntry::new(line.place.clone(), name, 1, bytes);
        row.ids.inode = Some(inode);
        super::add(census, row);
        Some(())
    }
}

fn holder(text: &str, line: &LedgerLine<'_>, census: &mut LedgerSnapshot) -> Option<()> {
    let (pid, comm) = fields::number_and_name(fields::rest(text, "pid:")?)?;
    let inode = fields::number_after(text, "inode:")?;
    let list = fields::rest(text, "fd_list:").unwrap_or_default();
    let fds = list.split([',', ' ']).filter_map(fields::decimal).take(FDS).collect();
    let maps = fields::number_after(text, "mmap_cnt:");
    let is_same = |row: &&mut LedgerEntry| row.ids.inode == Some(inode);
    let buffer_row = census.rows.iter_mut().rev().take(FDS).find(is_same)?;
    let holder = Some(Holder { pid, comm: comm.into() });
    if buffer_row.holder.is_none() {
        (buffer_row.place, buffer_row.holder) = (line.place.clone(), holder);
        (buffer_row.ids.fds, buffer_row.ids.maps) = (fds, maps);
    } else {
        let mut row = LedgerEntry { place: line.place.clone(), holder, ..buffer_row.clone() };
        (row.ids.fds, row.ids.maps) = (fds, maps);
        super::add(census, row);
    }
    Some(())
}
