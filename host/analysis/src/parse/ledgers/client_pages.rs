//! Physical memory behind the mappings of TEE clients, as teeleak's live source joins `/proc/PID/maps` and
//! `pagemap`: the kernel has no such file.
//!
//! ```text
//! pages of clients of the TEE:
//! pid 812 start 4242 page 4096 comm drm-player
//!  0xffff9c1f0000 pa 0x5a3c4000 pages 4 ino 0 anon
//!  0xffff9c200000 pa 0x5b000000 pages 16 ino 1042 /memfd:frame (deleted)
//! ```
//!
//! Each line below a process is a run of pages that are contiguous in both virtual and physical memory.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot};

#[derive(Default)]
pub(super) struct ClientPages {
    open: Option<LedgerSnapshot>,
    of: Option<Client>,
}

/// The process of the lines that follow.
struct Client {
    holder: Holder,
    start: Option<u64>,
    /// Bytes of a page.
    page: u64,
}

impl Parser for ClientPages {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        if line.raw == "pages of clients of the TEE:" {
            self.end(out);
            self.open = Some(LedgerSnapshot::new(LedgerKind::ClientPages, "", line.place.clone()));
            return LineOutcome::Parsed;
        }
        let Some(census) = &mut self.open else { return LineOutcome::Ignored };
        if line.raw.starts_with("pid ") {
            self.of = client(line.raw);
            return if self.of.is_some() { LineOutcome::Parsed } else { LineOutcome::Rejected };
        }
        let Some(text) = line.raw.strip_prefix(' ') else { return LineOutcome::Ignored };
        let Some(row) = self.of.as_ref().and_then(|of| run(text, line, of)) else {
            return LineOutcome::Rejected;
        };
        super::add(census, row);
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.open.take().into_iter().for_each(|census| out.census(census));
        self.of = None;
    }
}

fn client(text: &str) -> Option<Client> {
    let (figures, comm) = text.split_once(" comm ").unwrap_or((text, ""));
    let pid = fields::number_after(figures, "pid ")?;
    let page = fields::number_after(figures, "page ").filter(|page| page.is_power_of_two())?;
    let start = fields::number_after(figures, "start ");
    Some(Client { holder: Holder { pid, comm: comm.into() }, start, page })
}

fn run(text: &str, line: &LedgerLine<'_>, of: &Client) -> Option<LedgerEntry> {
    let mut words = text.splitn(8, ' ');
    let va = fields::number(words.next()?)?;
    let mut value_of = |name: &str| words.next().filter(|word| *word == name).and(words.next());
    let memory = fields::number(value_of("pa")?)?;
    let pages = fields::decimal(value_of("pages")?)?;
    let inode = fields::decimal(value_of("ino")?)?;
    let name = words.next().unwrap_or_default();
    let bytes = pages.checked_mul(of.page).filter(|bytes| memory.checked_add(*bytes).is_some())?;
    let mut row = LedgerEntry::new(line.place.clone(), name, pages, bytes);
    row.holder = Some(of.holder.clone());
    (row.ids.memory, row.ids.va, row.ids.start) = (Some(memory), Some(va), of.start);
    row.ids.inode = Some(inode).filter(|inode| *inode != 0);
    Some(row)
}
