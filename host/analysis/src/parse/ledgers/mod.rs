//! Ledgers of the normal world's memory, as the kernel and its tools print them.
//!
//! ```text
//! line ── Line (stamp, task, message) ── the parser of the previous line, else the others ──> NormalWorld
//! ```
//!
//! Each ledger has its own small parser, which recognizes its lines anywhere: in a separate file, within a
//! kernel log, in a terminal log. Invariants: lines read = parsed + ignored + rejected; no number
//! overflows; what has no room is counted.
//!
//! ```
//! use teeleak_analysis::{model::LedgerKind, parse::ledgers::LedgerReader};
//!
//! let mut reader = LedgerReader::new("meminfo");
//! reader.line(b"MemTotal:        1009276 kB");
//! let world = reader.finish();
//! assert_eq!(world.censuses[0].ledger, LedgerKind::MemInfo);
//! assert_eq!(world.censuses[0].rows[0].bytes, 1009276 * 1024);
//! ```

mod binder;
mod binder_log;
mod binder_space;
mod buddyinfo;
mod client_pages;
mod context;
mod cpu_monitor;
mod descriptors;
mod dma_buf;
mod dma_buf_sysfs;
mod dma_heap;
mod dmabuf_dump;
mod fd_listing;
mod fdinfo;
mod fields;
mod iommu;
mod iommu_log;
mod ion_heap;
mod ion_pools;
mod ion_trace;
mod kmemleak;
mod line;
mod meminfo;
mod memleak_tool;
mod merge;
mod one_moment;
mod oom_report;
mod page_owner;
mod processes;
mod procmem;
mod series;
mod shortages;
mod slab;
mod slab_calls;
mod slab_trace;
mod sniff;
mod tables;
mod vmallocinfo;

pub(crate) use binder::{BUFFERS, NODES, REFS, THREADS};
use context::TextContext;
pub(crate) use dmabuf_dump::KERNEL_RSS;
use line::LedgerLine;
pub use meminfo::OWN_SHARED_MEMORY;
use one_moment::OpenLooks;
pub(crate) use oom_report::{ASKED, KILLED, NODE};
pub use sniff::{has_ledgers, has_tables};
pub use tables::Tables;

use super::lines::LineOutcome;
use crate::model::{
    Accounting, Event, LedgerSnapshot, LogFact, LogRecord, Moment, NormalWorld, SourceLocation,
};

/// Longest line that is read, in bytes.
const LINE_BYTES: usize = 1 << 16;

/// Most entries of a snapshot, and most snapshots, statements and events.
const MOST: usize = 1 << 20;

/// Parses the lines of a ledger.
trait Parser {
    /// Reads a line; one of another ledger is ignored.
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        context: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome;

    /// Starts a file that a run reads.
    fn begin(&mut self, _place: &SourceLocation, _context: &TextContext) {}

    /// Skips lines at the start of a text that it has read and parsed before; returns their number of bytes
    /// and of lines.
    fn take_known(&mut self, _text: &[u8]) -> Option<(usize, u64)> {
        None
    }

    /// Ends the ledger: the text continues with something else, or ends.
    fn end(&mut self, _out: &mut LedgerOutput) {}
}

/// Facts read so far, within bounds.
#[derive(Default)]
struct LedgerOutput {
    normal_world: NormalWorld,
    moment: Option<Moment>,
    /// Earlier lines, taken for unrelated, that a later one shows to be of a ledger.
    held_back: u64,
    looks: OpenLooks,
}

impl LedgerOutput {
    /// Adds a whole snapshot.
    fn census(&mut self, mut census: LedgerSnapshot) {
        census.moment = self.moment;
        self.normal_world.lost = self.normal_world.lost.saturating_add(census.lost);
        let next = self.normal_world.censuses.len();
        let continued = self.looks.continued(&census, next);
        if let Some(look) = continued.and_then(|at| self.normal_world.censuses.get_mut(at)) {
            census.rows.drain(..).for_each(|row| add(look, row));
        } else if next < MOST {
            self.normal_world.censuses.push(census);
        } else {
            self.normal_world.lost =
                self.normal_world.lost.saturating_add(census.rows.len() as u64);
        }
    }

    fn say(&mut self, line: &LedgerLine<'_>, said: LogFact) {
        if self.normal_world.sayings.len() < MOST {
            let place = line.place.clone();
            let (by, moment) = (line.by.into(), self.moment);
            self.normal_world.sayings.push(LogRecord { place, by, moment, said });
        } else {
            self.normal_world.lost = self.normal_world.lost.saturating_add(1);
        }
    }

    fn event(&mut self, event: Event) {
        if self.normal_world.events.len() < MOST {
            self.normal_world.events.push(event);
        } else {
            self.normal_world.lost = self.normal_world.lost.saturating_add(1);
        }
    }
}

/// Adds a row if it has room, otherwise counts it as lost.
fn add(census: &mut LedgerSnapshot, row: crate::model::LedgerEntry) {
    if census.rows.len() < MOST {
        census.rows.push(row);
    } else {
        census.lost = census.lost.saturating_add(1);
    }
}

/// Reads texts with any of these ledgers, line by line.
pub struct LedgerReader {
    place: SourceLocation,
    context: TextContext,
    parsers: Vec<Box<dyn Parser + Send>>,
    /// The parser of the previous line.
    last: Option<usize>,
    out: LedgerOutput,
    accounting: Accounting,
}

impl LedgerReader {
    /// A reader of a text; `source` is the name shown in places, and identifies the ledger if it has a path of
    /// `/proc` or `/sys` in it.
    #[must_use]
    pub fn new(source: &str) -> Self {
        Self::with_tables(source, Tables::built_in())
    }

    /// As [`Self::new`], with these tables.
    #[must_use]
    pub fn with_tables(source: &str, tables: &Tables) -> Self {
        let mut reader = Self {
            place: SourceLocation { source: "".into(), at: 0 },
            context: TextContext::default(),
            parsers: parsers(tables),
            last: None,
            out: LedgerOutput::default(),
            accounting: Accounting::default(),
        };
        reader.source(source);
        reader
    }

    /// Starts another text.
    pub fn source(&mut self, name: &str) {
        self.end();
        self.place = SourceLocation { source: name.into(), at: 0 };
        self.context.file(name);
        if self.out.moment.is_some() {
            for parser in &mut self.parsers {
                parser.begin(&self.place, &self.context);
            }
        }
    }

    /// Sets the moment of a run at which the text that follows was read.
    pub fn set_moment(&mut self, moment: Moment) {
        if self.out.moment != Some(moment) {
            self.end();
            self.out.moment = Some(moment);
        }
    }

    /// Reads lines; the last one may have no newline.
    pub fn lines(&mut self, mut text: &[u8]) {
        while !text.is_empty() {
            let last = self.last.and_then(|last| self.parsers.get_mut(last));
            if let Some((bytes, lines)) = last.and_then(|last| last.take_known(text)) {
                self.place.at += lines;
                self.accounting += Accounting { read: lines, parsed: lines, ..Default::default() };
                text = text.get(bytes..).unwrap_or_default();
                continue;
            }
            let (line, rest) = match memchr::memchr(b'\n', text) {
                Some(end) => (&text[..end], &text[end + 1..]),
                None => (text, &text[text.len()..]),
            };
            self.line(line);
            text = rest;
        }
    }

    /// Reads a line whose frames were removed, with the number of lines of the source that end with it.
    pub fn unframed_line(&mut self, bytes: &[u8], lines: u32) {
        let at = self.place.at;
        self.line(bytes);
        self.place.at = at + u64::from(lines);
    }

    /// Reads a line.
    pub fn line(&mut self, bytes: &[u8]) {
        self.place.at += 1;
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LINE_BYTES)]);
        let line = LedgerLine::new(&text, self.place.clone());
        // A text that a run reads has no shell prompts.
        if self.out.moment.is_none() && self.context.prompt(line.raw) {
            self.end();
            self.accounting += LineOutcome::Ignored;
            return;
        }
        let outcome = self.ask(&line);
        self.accounting += outcome;
        let n = std::mem::take(&mut self.out.held_back).min(self.accounting.ignored);
        self.accounting.ignored -= n;
        self.accounting.parsed += n;
    }

    fn ask(&mut self, line: &LedgerLine<'_>) -> LineOutcome {
        let n = self.parsers.len();
        let first = self.last.unwrap_or(0);
        for at in (0..n).map(|step| (first + step) % n) {
            let outcome = self.parsers[at].line(line, &self.context, &mut self.out);
            if outcome != LineOutcome::Ignored {
                if self.last.is_some_and(|last| last != at) {
                    self.parsers[first].end(&mut self.out);
                }
                self.last = Some(at);
                return outcome;
            }
        }
        LineOutcome::Ignored
    }

    fn end(&mut self) {
        for parser in &mut self.parsers {
            parser.end(&mut self.out);
        }
        self.last = None;
    }

    /// Takes what was read since the last time; ends the text.
    #[must_use]
    pub fn take(&mut self) -> NormalWorld {
        self.end();
        let accounting = std::mem::take(&mut self.accounting);
        self.out.looks = OpenLooks::default();
        let mut world = std::mem::take(&mut self.out.normal_world);
        if self.out.moment.is_some() {
            world.name_holders();
        }
        NormalWorld { accounting, ..world }
    }

    /// Everything that was read.
    #[must_use]
    pub fn finish(mut self) -> NormalWorld {
        self.take()
    }
}

fn parsers(tables: &Tables) -> Vec<Box<dyn Parser + Send>> {
    vec![
        Box::<series::PlainSeries>::default(),
        Box::new(tables::TableReader::new(tables)),
        Box::<meminfo::MemInfo>::default(),
        Box::<cpu_monitor::CpuMonitor>::default(),
        Box::<buddyinfo::BuddyInfo>::default(),
        Box::<slab::Slab>::default(),
        Box::<slab_calls::SlabCalls>::default(),
        Box::<slab_trace::SlabTrace>::default(),
        Box::<vmallocinfo::VmallocInfo>::default(),
        Box::<oom_report::OomReport>::default(),
        Box::<shortages::Shortages>::default(),
        Box::<page_owner::PageOwner>::default(),
        Box::<kmemleak::Kmemleak>::default(),
        Box::<memleak_tool::MemleakTool>::default(),
        Box::<descriptors::Descriptors>::default(),
        Box::<fd_listing::FdListing>::default(),
        Box::<client_pages::ClientPages>::default(),
        Box::<dma_heap::DmaHeap>::default(),
        Box::<dma_buf::DmaBuf>::default(),
        Box::<dmabuf_dump::DmaBufDump>::default(),
        Box::<dma_buf_sysfs::DmaBufSysfs>::default(),
        Box::<fdinfo::FdInfo>::default(),
        Box::<procmem::Procmem>::default(),
        Box::<ion_heap::IonHeap>::default(),
        Box::<ion_pools::IonPools>::default(),
        Box::<ion_trace::IonTrace>::default(),
        Box::<iommu::Iommu>::default(),
        Box::<iommu_log::IommuLog>::default(),
        Box::<binder::Binder>::default(),
        Box::<binder_space::BinderSpace>::default(),
        Box::<binder_log::BinderLog>::default(),
        Box::<processes::ProcessList>::default(),
    ]
}
