//! `/proc/PID/fdinfo/FD` of a dma-buf (Linux `drivers/dma-buf/dma-buf.c`, `dma_buf_show_fdinfo`; `ino` since
//! 5.14). Process and descriptor are in the path.
//!
//! ```text
//! pos:    0
//! flags:  02
//! mnt_id: 8
//! ino:    5771744
//! size:   25165824
//! count:  1
//! exp_name:       mtk_mm
//! name:   25165824x-BLOB-halbuf:b5
//! ```

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot};

#[derive(Default)]
pub(super) struct FdInfo {
    open: Option<LedgerSnapshot>,
    /// Bits of the fields that the open one has: vendors print them in any order.
    seen: u8,
}

/// What its first line has.
pub(super) const OPENINGS: [&str; 8] =
    ["pos:", "flags:", "mnt_id:", "ino:", "size:", "count:", "exp_name:", "name:"];

const FIELDS: [&str; 8] = ["pos", "flags", "mnt_id", "ino", "size", "count", "exp_name", "name"];

impl FdInfo {
    /// Starts a descriptor; only `pos` is a sign where the path names none.
    fn begin(
        &mut self,
        name: &str,
        line: &LedgerLine<'_>,
        context: &TextContext,
        out: &mut LedgerOutput,
    ) -> bool {
        self.end(out);
        let descriptor = context.descriptor();
        if descriptor.is_none() && name != "pos" {
            return false;
        }
        let mut row = LedgerEntry::new(line.place.clone(), "", 1, 0);
        row.holder = descriptor.map(|(pid, _)| Holder { pid, comm: "".into() });
        row.ids.fds.extend(descriptor.map(|(_, fd)| fd));
        let mut census = LedgerSnapshot::new(LedgerKind::FdInfo, "", line.place.clone());
        census.rows.push(row);
        self.open = Some(census);
        true
    }
}

impl Parser for FdInfo {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        context: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let Some((name, value)) = line.text.split_once(':') else { return LineOutcome::Ignored };
        let value = value.trim();
        let Some(field) = FIELDS.iter().position(|known| *known == name) else {
            return LineOutcome::Ignored;
        };
        let is_new = self.open.is_none() || self.seen & (1 << field) != 0;
        if is_new && !self.begin(name, line, context, out) {
            return LineOutcome::Ignored;
        }
        self.seen |= 1 << field;
        let Some(row) = self.open.as_mut().and_then(|census| census.rows.last_mut()) else {
            return LineOutcome::Ignored;
        };
        let number = fields::decimal(value);
        match name {
            "ino" => row.ids.inode = number,
            "size" => row.bytes = number.unwrap_or(0),
            "exp_name" => row.exporter = value.into(),
            "name" => row.name = value.into(),
            _ => return LineOutcome::Parsed,
        }
        if matches!(name, "ino" | "size") { LineOutcome::from(number) } else { LineOutcome::Parsed }
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.seen = 0;
        // Descriptors of files other than dma-bufs have no size.
        let census = self.open.take().filter(|census| census.rows.iter().any(|row| row.bytes > 0));
        let census = census.map(|mut census| {
            let nameless = census.rows.iter_mut().filter(|row| row.name.is_empty());
            nameless.for_each(|row| row.name = row.exporter.clone());
            census
        });
        census.into_iter().for_each(|census| out.census(census));
    }
}
