//! A story as a log in the words of a release, behind the frames of a transport.

use crate::{
    release::{Release, fill},
    story::{Census, PoolTable, SiteName, Step, Story},
    transport::Transport,
};

/// A line of a log.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Without its end.
    pub(crate) text: Vec<u8>,
    /// Whether it is not what was printed.
    pub(crate) is_hurt: bool,
    /// Whether the story can't be known without it.
    pub(crate) is_only: bool,
}

/// The lines of a log.
pub(crate) type Log = Vec<Line>;

/// The story's log; `None` if the release can't print something of it.
pub(crate) fn render(story: &Story, release: &Release, transport: &Transport) -> Option<Log> {
    let mut writer =
        Writer { release, transport, lines: Vec::new(), micros: 57_288_043_962, open: Vec::new() };
    writer.boot()?;
    for step in &story.steps {
        writer.step(step)?;
    }
    Some(writer.lines)
}

struct Writer<'w> {
    release: &'w Release,
    transport: &'w Transport,
    lines: Log,
    /// Time of the next line.
    micros: u64,
    /// Open sessions of the normal world: their TAs and ids, youngest last.
    open: Vec<(&'static str, u32)>,
}

impl Writer<'_> {
    fn boot(&mut self) -> Option<()> {
        let release = self.release.name.split(' ').next()?;
        self.open.clear();
        self.message(self.release.boot, &[("release", release)]);
        Some(())
    }

    fn step(&mut self, step: &Step) -> Option<()> {
        match step {
            Step::Boot => self.boot()?,
            Step::Once(step) => {
                let from = self.lines.len();
                self.step(step)?;
                self.lines[from..].iter_mut().for_each(|line| line.is_only = true);
            }
            Step::App(text) => self.app(text),
            Step::Dump(census) => self.dump(census)?,
            Step::TaDump(census) => {
                let prefix = self.release.prefixes.ta_info?;
                for site in records(census) {
                    self.secure(&format!("{prefix}buffer: {} bytes {}", site.size, site.place));
                }
            }
            Step::Open(ta) => self.open(ta)?,
            Step::Close(ta) => self.close(ta)?,
            Step::FailedOpen(ta, code) => {
                let values = [("uuid", *ta), ("code", *code)];
                self.messages(self.release.sessions?.failed_open, &values);
            }
            Step::Regions(ta, count) => self.regions(ta, *count)?,
            // A short prefix has no function, by which rules know a line.
            Step::Ta(..) if !self.release.prefixes.ta.contains('@') => return None,
            Step::Ta(function, text) => self.message(&format!("TA {function} {text}"), &[]),
            Step::OutOfMemory(size) => self.out_of_memory(*size)?,
            Step::TaPanic(ta, code) => {
                let code = format!("{code:x}");
                self.messages(self.release.status?.panic, &[("code", &code)]);
                self.regions(ta, 5)?;
            }
            Step::CorePanic => self.messages(self.release.core_panic, &[]),
            Step::Pool(table) => self.pool(*table),
            Step::TaHeap(ta, used) => self.ta_heap(ta, *used),
        }
        Some(())
    }

    /// A line of the normal world begins a second of its own.
    fn app(&mut self, text: &str) {
        self.micros += 1_000_000;
        self.normal(text);
    }

    fn secure(&mut self, text: &str) {
        self.push(self.transport.secure, text);
    }

    fn normal(&mut self, text: &str) {
        self.push(self.transport.normal, text);
    }

    fn push(&mut self, frame: &str, text: &str) {
        let (seconds, micros) = (self.micros / 1_000_000, self.micros % 1_000_000);
        let frame = fill(
            frame,
            &[
                ("s", &format!("{seconds:5}")),
                ("us", &format!("{micros:06}")),
                ("ms", &format!("{:03}", micros / 1000)),
                ("usec", &self.micros.to_string()),
                ("n", &(1000 + self.lines.len()).to_string()),
            ],
        );
        let text = format!("{frame}{text}").into_bytes();
        self.lines.push(Line { text, is_hurt: false, is_only: false });
        self.micros += 1400;
    }

    fn message(&mut self, message: &str, values: &[(&str, &str)]) {
        let text = self.release.prefixes.line(&fill(message, values));
        self.secure(&text);
    }

    fn messages(&mut self, messages: &[&str], values: &[(&str, &str)]) {
        for message in messages {
            self.message(message, values);
        }
    }

    fn dump(&mut self, census: &Census) -> Option<()> {
        let statistics = self.release.sessions.map_or(&[][..], |words| words.statistics);
        if !statistics.is_empty() {
            self.messages(statistics, &[]);
            self.open.push((STATISTICS, self.next_id()));
        }
        for (n, site) in records(census).into_iter().enumerate() {
            let (count, va) = ((n + 1).to_string(), format!("{:x}", 0x32ef_e1e8 + 64 * n));
            let size = site.size.to_string();
            let values = [("n", &*count), ("va", &va), ("size", &size), ("site", site.place)];
            self.message(self.release.record, &values);
        }
        if !statistics.is_empty() {
            self.close(STATISTICS)?;
        }
        Some(())
    }

    /// Ids go on from the youngest session.
    fn next_id(&self) -> u32 {
        self.open.last().map_or(1, |(_, id)| id + 1)
    }

    fn open(&mut self, ta: &&'static str) -> Option<()> {
        let words = self.release.sessions?;
        let values = [("uuid", *ta)];
        if self.open.iter().any(|(open, _)| open == ta) {
            self.message(words.reopen, &values);
        } else {
            self.messages(words.load, &values);
        }
        self.open.push((ta, self.next_id()));
        Some(())
    }

    fn close(&mut self, ta: &str) -> Option<()> {
        let words = self.release.sessions?;
        let (_, id) = self.open.remove(self.open.iter().rposition(|(open, _)| *open == ta)?);
        let (session, context) = (format!("e1a2b8{id:02x}"), format!("e1a2c0{id:02x}"));
        let values = [("id", &*id.to_string()), ("session", &session), ("context", &context)];
        self.messages(words.close, &values);
        if ta != STATISTICS && self.open.iter().all(|(open, _)| *open != ta) {
            self.message(words.destroy, &values);
        }
        Some(())
    }

    fn regions(&mut self, ta: &str, count: usize) -> Option<()> {
        let words = self.release.status?;
        self.messages(words.head, &[("uuid", ta), ("context", "e1a3b40")]);
        for n in 0..count {
            let (va, pa) = (0x4020_0000 + n * 0x2000, 0x3c00_0000 + n * 0x5000);
            let (index, va, pa) = (n.to_string(), format!("{va:x}"), format!("{pa:x}"));
            let values = [("n", &*index), ("va", &va), ("pa", &pa), ("size", "1000")];
            self.message(words.region, &values);
        }
        Some(())
    }

    fn out_of_memory(&mut self, size: u64) -> Option<()> {
        let at = self.release.out_of_memory?;
        let text = format!("E {at} Memory allocation failed: size {size} context 0x24b62694");
        let stack = ["E - Call stack:", "E -  0x24b0a149", "E -  0x24b3e2f7", "E -  0x24b1c8cb"];
        self.message(&text, &[]);
        self.message("E - TEE load address @ 0x24b00000", &[]);
        self.messages(&stack, &[]);
        Some(())
    }

    fn pool(&mut self, table: PoolTable) {
        for (name, value) in [
            ("Pool:", "Heap".to_owned()),
            ("Bytes allocated:", table.allocated.to_string()),
            ("Max bytes allocated:", (table.allocated + 4096).to_string()),
            ("Size of pool:", "262144".to_owned()),
            ("Number of failed allocations:", table.failed.to_string()),
            ("Size of larges allocation failure:", table.biggest_failed.to_string()),
            (
                "Total bytes allocated at that failure:",
                (if table.failed > 0 { table.allocated } else { 0 }).to_string(),
            ),
        ] {
            let width = if name == "Pool:" { 21 } else { 39 };
            self.normal(&format!("{name:width$}{value}"));
        }
    }

    fn ta_heap(&mut self, ta: &str, used: u64) {
        // xtest leaves out the last dash.
        let (head, tail) = ta.rsplit_once('-').unwrap_or((ta, ""));
        self.normal(&format!("ta({head}{tail})"));
        self.normal("\tpanicked(0) -- True if TA has panicked");
        self.normal("\tsession number(1)");
        self.normal("\tHeap Status:");
        for (name, value) in [
            ("Bytes allocated:", used),
            ("Max bytes allocated:", used + 512),
            ("Size of pool:", 32_768),
            ("Number of failed allocations:", 0),
            ("Size of larges allocation failure:", 0),
            ("Total bytes allocated at that failure:", 0),
        ] {
            self.normal(&format!("\t\t{name:39}{value}"));
        }
    }
}

/// The records of a dump; the table of the pools is the last one.
fn records(census: &Census) -> Vec<&SiteName> {
    let sites = census.iter().flat_map(|(site, n)| (0..*n).map(move |_| site));
    let mut sites: Vec<_> = sites.collect();
    sites.sort_by_key(|site| site.place.contains("bget_malloc"));
    sites
}

/// Stands for the statistics PTA among the open sessions.
const STATISTICS: &str = "statistics";
