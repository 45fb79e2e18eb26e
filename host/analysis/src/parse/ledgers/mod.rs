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
mod dumpsys_meminfo;
mod fd_listing;
mod fdinfo;
mod fields;
mod iommu;
mod iommu_faults;
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
mod open_failure;
mod openings;
mod page_owner;
mod processes;
mod procmem;
mod series;
mod series_file;
mod shortages;
mod slab;
mod slab_calls;
mod slab_trace;
mod sniff;
mod step_values;
mod tables;
mod trace_excerpt;
mod vmallocinfo;

use std::sync::Arc;

pub(crate) use binder::{BUFFERS, NODES, REFS, THREADS};
use context::TextContext;
pub(crate) use dmabuf_dump::KERNEL_RSS;
use line::LedgerLine;
pub use meminfo::{OWN_ANONYMOUS_MEMORY, OWN_SHARED_MEMORY};
use one_moment::OpenLooks;
pub(crate) use oom_report::{ASKED, CGROUP, KILLED, NODE, OF_CGROUP};
use openings::Openings;
pub use series_file::SeriesFile;
pub use sniff::{has_ledgers, has_tables};
pub(crate) use step_values::VALUE;
pub use step_values::add_step_values;
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

    /// Words of its first line beside those of the list of parsers.
    fn opening_words(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Whether it has seen lines that only the next one can show to be of its ledger.
    fn is_waiting(&self) -> bool {
        false
    }

    /// Skips lines at the start of a text that it has read and parsed before; returns their number of bytes
    /// and of lines.
    fn take_known(&mut self, _text: &[u8]) -> Option<(usize, u64)> {
        None
    }

    /// Ends the ledger: the text continues with something else, or ends.
    fn end(&mut self, _out: &mut LedgerOutput) {}

    /// Ends the text, after [`Self::end`].
    fn end_text(&mut self, _out: &mut LedgerOutput) {}
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
        self.record(LogRecord {
            place: line.place.clone(),
            by: line.by.into(),
            moment: self.moment,
            said,
        });
    }

    fn record(&mut self, record: LogRecord) {
        if self.normal_world.sayings.len() < MOST {
            self.normal_world.sayings.push(record);
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
    parsers: [LedgerParser; PARSERS],
    openings: Arc<Openings>,
    /// Bits of the parsers that have begun something, which any line may continue.
    begun: u64,
    /// Bits of the parsers that wait for the next line.
    waiting: u64,
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
        let parsers = parsers(tables);
        let openings = if tables.is_built_in() {
            Openings::built_in()
        } else {
            Arc::new(Openings::new(&parsers))
        };
        let mut reader = Self {
            place: SourceLocation { source: "".into(), at: 0 },
            context: TextContext::default(),
            parsers,
            openings,
            begun: 0,
            waiting: 0,
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
            self.begun = u64::MAX;
            for LedgerParser { parser, .. } in &mut self.parsers {
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
            if let Some((bytes, lines)) = last.and_then(|last| last.parser.take_known(text)) {
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
            let output = TextContext::behind_command(line.raw);
            let output = output.map(|output| LedgerLine::new(output, line.place.clone()));
            let outcome = output.map_or(LineOutcome::Ignored, |output| self.ask(&output));
            self.accounting += outcome;
            return;
        }
        let outcome = self.ask(&line);
        self.accounting += outcome;
        let n = std::mem::take(&mut self.out.held_back).min(self.accounting.ignored);
        self.accounting.ignored -= n;
        self.accounting.parsed += n;
    }

    fn ask(&mut self, line: &LedgerLine<'_>) -> LineOutcome {
        let Some(last) = self.last else { return self.ask_others(line, 0) };
        match self.ask_one(last, line) {
            LineOutcome::Ignored => self.ask_others(line, last),
            outcome => outcome,
        }
    }

    fn ask_one(&mut self, at: usize, line: &LedgerLine<'_>) -> LineOutcome {
        self.parsers[at].parser.line(line, &self.context, &mut self.out)
    }

    /// Asks those that a line may be of, but for that of the previous line.
    fn ask_others(&mut self, line: &LedgerLine<'_>, first: usize) -> LineOutcome {
        let candidates = self.begun | self.waiting | self.openings.candidates(line.raw);
        for at in (0..PARSERS).map(|step| (first + step) % PARSERS) {
            if candidates & (1 << at) == 0 || self.last == Some(at) {
                continue;
            }
            let outcome = self.ask_one(at, line);
            if outcome != LineOutcome::Ignored {
                self.switch_to(at);
                return outcome;
            }
            let is_waiting = self.parsers[at].parser.is_waiting();
            self.waiting = self.waiting & !(1 << at) | u64::from(is_waiting) << at;
        }
        LineOutcome::Ignored
    }

    fn switch_to(&mut self, next: usize) {
        if let Some(last) = self.last.replace(next) {
            self.parsers[last].parser.end(&mut self.out);
            self.begun &= !(1 << last);
        }
        self.begun |= 1 << next;
    }

    fn end(&mut self) {
        for LedgerParser { parser, .. } in &mut self.parsers {
            parser.end(&mut self.out);
            parser.end_text(&mut self.out);
        }
        (self.last, self.begun, self.waiting) = (None, 0, 0);
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

/// A parser, and words of which the first line of its ledger has one; without any, it is asked about each line, and
/// has to see at one look that most are not its own.
struct LedgerParser {
    parser: Box<dyn Parser + Send>,
    openings: &'static [&'static str],
}

impl LedgerParser {
    fn opening_words(&self) -> Vec<&str> {
        [self.openings, &self.parser.opening_words()].concat()
    }
}

fn parser<P: Parser + Send + Default + 'static>(openings: &'static [&'static str]) -> LedgerParser {
    LedgerParser { parser: Box::<P>::default(), openings }
}

/// Number of parsers, each of which has a bit in the masks of the reader.
const PARSERS: usize = 35;

const _: () = assert!(PARSERS <= u64::BITS as usize, "a mask has a bit for each parser");

fn parsers(tables: &Tables) -> [LedgerParser; PARSERS] {
    [
        parser::<series::PlainSeries>(&[]),
        LedgerParser { parser: Box::new(tables::TableReader::new(tables)), openings: &[] },
        parser::<meminfo::MemInfo>(&[" kB", "MemTotal:"]),
        parser::<cpu_monitor::CpuMonitor>(&["--Mem State", "Memory-Total:"]),
        parser::<buddyinfo::BuddyInfo>(&[", zone "]),
        parser::<slab::Slab>(&[" Objsize ", "<active_objs>", "slabinfo - version:", " : tunables"]),
        parser::<slab_calls::SlabCalls>(&[" age="]),
        parser::<slab_trace::SlabTrace>(&["TRACE "]),
        parser::<vmallocinfo::VmallocInfo>(&["-0x"]),
        parser::<oom_report::OomReportReader>(&oom_report::OPENINGS),
        parser::<shortages::Shortages>(&shortages::OPENINGS),
        parser::<page_owner::PageOwner>(&page_owner::OPENINGS),
        parser::<kmemleak::Kmemleak>(&["unreferenced object "]),
        parser::<memleak_tool::MemleakTool>(&["stacks with outstanding allocations:"]),
        parser::<descriptors::Descriptors>(&["descriptors of "]),
        parser::<fd_listing::FdListing>(&["/proc/", "COMMAND", " -> "]),
        parser::<client_pages::ClientPages>(&["pages of clients of the TEE:"]),
        parser::<dma_heap::DmaHeap>(&["size(Byte):"]),
        parser::<dma_buf::DmaBuf>(&["Dma-buf Objects:"]),
        // The name of a process comes before the line that shows what it is the name of.
        parser::<dmabuf_dump::DmaBufDump>(&[]),
        parser::<dma_buf_sysfs::DmaBufSysfs>(&["dma-buf buffers:"]),
        parser::<fdinfo::FdInfo>(&fdinfo::OPENINGS),
        parser::<procmem::Procmem>(&["`pidof ", "dmabuf"]),
        parser::<ion_heap::IonHeap>(&["client"]),
        parser::<ion_pools::IonPools>(&[" pages in "]),
        parser::<ion_trace::IonTrace>(&[": ion_"]),
        parser::<iommu::Iommu>(&["0x"]),
        parser::<iommu_log::IommuLog>(&iommu_log::OPENINGS),
        parser::<binder::Binder>(&["binder proc state:", "binder state:", "transaction "]),
        parser::<binder_space::BinderSpace>(&["binder"]),
        parser::<binder_log::BinderLog>(&["binder", "Too many open files"]),
        parser::<processes::ProcessList>(&["ps ", "PID"]),
        parser::<dumpsys_meminfo::DumpsysMeminfo>(&dumpsys_meminfo::OPENINGS),
        parser::<iommu_faults::IommuFaults>(&iommu_faults::OPENINGS),
        parser::<trace_excerpt::TraceExcerpt>(&trace_excerpt::OPENINGS),
    ]
}
