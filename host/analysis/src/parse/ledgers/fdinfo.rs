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
        if name == "pos" {
            self.end(out);
            let Some((pid, fd)) = context.descriptor() else { return LineOutcome::Ignored };
            let mut row = LedgerEntry::new(line.place.clone(), "", 1, 0);
            row.holder = Some(Holder { pid, comm: "".into() });
            row.ids.fds.push(fd);
            let mut census = LedgerSnapshot::new(LedgerKind::FdInfo, "", line.place.clone());
            census.rows.push(row);
            self.open = Some(census);
            return LineOutcome::Parsed;
        }
        let Some(row) = self.open.as_mut().and_then(|census| census.rows.last_mut()) else {
            return LineOutcome::Ignored;
        };
        let number = fields::decimal(value);
        match name {
            "flags" | "mnt_id" | "count" => return LineOutcome::Parsed,
            "ino" => row.ids.inode = number,
            "size" => row.bytes = number.unwrap_or(0),
            "exp_name" if row.name.is_empty() => row.name = value.into(),
            "name" => row.name = value.into(),
            "exp_name" => {}
            _ => return LineOutcome::Ignored,
        }
        if matches!(name, "ino" | "size") { LineOutcome::from(number) } else { LineOutcome::Parsed }
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        // Descriptors of files other than dma-bufs have no size.
        let census = self.open.take().filter(|census| census.rows.iter().any(|row| row.bytes > 0));
        census.into_iter().for_each(|census| out.census(census));
    }
}
