//! The report of the OOM killer in the kernel log (Linux `mm/oom_kill.c`, `mm/show_mem.c`).
//!
//! ```text
//! epgd invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0
//! active_anon:6310 inactive_anon:21844 isolated_anon:0              pages
//! Node 0 active_anon:25240kB ... kernel_stack:5136kB
//! DMA free:21904kB min:22528kB ... managed:1011712kB free_cma:3104kB
//! kmalloc-2k            301404KB     301440KB                       unreclaimable slabs: used, in all
//! [   1432]  1002  1432    38044    10502   241664        0           200 epg-collector
//! Out of memory: Killed process 1432 (epg-collector) total-vm:152176kB, anon-rss:41872kB, file-rss:136kB
//! ```
//!
//! It becomes three snapshots: the memory as rows by the kernel's names, the caches, the tasks. A failed
//! allocation of pages prints the first part alone.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot};

/// What its first line has.
pub(super) const OPENINGS: [&str; 6] =
    [" invoked oom-killer:", ": page allocation failure:", "Kill", PARTS[0], PARTS[1], PARTS[2]];

/// The first lines of its parts: people copy a report without its head.
const PARTS: [&str; 3] = ["memory: usage ", "Mem-Info:", "Tasks state (memory values"];

const PAGE: u64 = 4096;

/// Row with the process that asked for memory.
pub(crate) const ASKED: &str = "asked";

/// Row with the process that was killed, and its resident memory.
pub(crate) const KILLED: &str = "killed";

/// Row with what a cgroup uses, its limit, and how often that was hit; its exporter is the path of the cgroup.
pub(crate) const CGROUP: &str = "cgroup";

/// What the rows of a cgroup's memory by kind have as exporter.
pub(crate) const OF_CGROUP: &str = "of cgroup";

/// Rows of zones have the name of the zone as exporter; these of a node have this one.
pub(crate) const NODE: &str = "node";

#[derive(Default)]
pub(super) struct OomReportReader {
    open: Option<[LedgerSnapshot; 3]>,
    part: Part,
}

/// The list that is read.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Memory,
    Slabs,
    Tasks,
    Cgroup,
}

impl Part {
    /// Index of the snapshot that its rows are in.
    const fn snapshot(self) -> usize {
        match self {
            Self::Memory | Self::Cgroup => 0,
            Self::Slabs => 1,
            Self::Tasks => 2,
        }
    }
}

impl Parser for OomReportReader {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let text = line.text.trim();
        let asks = [" invoked oom-killer:", ": page allocation failure:"];
        if let Some((comm, rest)) = asks.iter().find_map(|ask| text.split_once(ask)) {
            self.end(out);
            self.begin(comm, line);
            self.note_order(rest);
            return LineOutcome::Parsed;
        }
        if self.open.is_none() {
            let is_part = PARTS.iter().any(|part| text.starts_with(part));
            if !is_part && killed(text).is_none() {
                return LineOutcome::Ignored;
            }
            self.begin("", line);
        }
        self.report_line(text, line)
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.part = Part::Memory;
        let censuses = self.open.take().into_iter().flatten();
        censuses.filter(|census| !census.rows.is_empty()).for_each(|census| out.census(census));
    }
}

impl OomReportReader {
    fn begin(&mut self, comm: &str, line: &LedgerLine<'_>) {
        let kinds = [LedgerKind::OomReport, LedgerKind::OomSlabs, LedgerKind::OomTasks];
        let mut parts = kinds.map(|kind| LedgerSnapshot::new(kind, "", line.place.clone()));
        if !comm.is_empty() {
            let mut row = LedgerEntry::new(line.place.clone(), ASKED, 1, 0);
            row.holder = Some(Holder { pid: 0, comm: comm.into() });
            parts[0].rows.push(row);
        }
        self.open = Some(parts);
        self.part = Part::Memory;
    }

    /// The order of `gfp_mask=0x140cca, order=0` or `order:5, mode:0x24040c0`.
    fn note_order(&mut self, rest: &str) {
        let order =
            fields::number_after(rest, "order:").or_else(|| fields::number_after(rest, "order="));
        let asked = self.open.as_mut().and_then(|parts| parts[0].rows.first_mut());
        if let Some(asked) = asked {
            asked.ids.order = order.and_then(|order| u32::try_from(order).ok());
        }
    }

    fn report_line(&mut self, text: &str, line: &LedgerLine<'_>) -> LineOutcome {
        if killed(text).is_some() {
            return self.kill(text, line);
        }
        let heads = [
            ("Mem-Info:", Part::Memory),
            ("Unreclaimable slab info:", Part::Slabs),
            ("Tasks state", Part::Tasks),
            ("[ pid ]", Part::Tasks),
            ("[  pid  ]", Part::Tasks),
        ];
        if let Some((_, part)) = heads.iter().find(|(head, _)| text.starts_with(head)) {
            self.part = *part;
            return LineOutcome::Parsed;
        }
        if let Some(path) = cgroup_path(text) {
            self.name_cgroup(path, line);
            self.part = if text.starts_with("oom-kill:") { self.part } else { Part::Cgroup };
            return LineOutcome::Parsed;
        }
        let Some(parts) = &mut self.open else { return LineOutcome::Ignored };
        let rows = match self.part {
            Part::Slabs => slab(text, line).into_iter().collect(),
            Part::Tasks => task(text, line).into_iter().collect(),
            Part::Cgroup => kind_of_cgroup(text, line).into_iter().collect(),
            Part::Memory => {
                cgroup_limit(text, line).map_or_else(|| memory(text, line), |row| vec![row])
            }
        };
        let index = self.part.snapshot();
        let is_read = !rows.is_empty();
        rows.into_iter().for_each(|row| super::add(&mut parts[index], row));
        // The process that asked is named again, with its number.
        if let Some(pid) = fields::number_after(text, "PID: ")
            && let Some(asked) = parts[0].rows.first_mut().filter(|row| *row.name == *ASKED)
            && let Some(holder) = asked.holder.as_mut().filter(|holder| holder.pid == 0)
        {
            holder.pid = pid;
            return LineOutcome::Parsed;
        }
        let is_of_cgroup = self.part == Part::Cgroup && is_statistic(text);
        if is_read || is_of_cgroup || is_other_part(text) {
            LineOutcome::Parsed
        } else {
            LineOutcome::Ignored
        }
    }

    /// The line with the limit may be missing.
    fn name_cgroup(&mut self, path: &str, line: &LedgerLine<'_>) {
        let Some([memory, ..]) = &mut self.open else { return };
        match memory.rows.iter_mut().find(|row| *row.name == *CGROUP) {
            Some(row) => row.exporter = path.into(),
            None => {
                let mut row = LedgerEntry::new(line.place.clone(), CGROUP, 0, 0);
                row.exporter = path.into();
                memory.rows.push(row);
            }
        }
    }

    fn kill(&mut self, text: &str, line: &LedgerLine<'_>) -> LineOutcome {
        let (Some((pid, comm)), Some(parts)) = (killed(text), &mut self.open) else {
            return LineOutcome::Rejected;
        };
        let resident = ["anon-rss:", "file-rss:", "shmem-rss:"]
            .iter()
            .filter_map(|name| kib(fields::value_after(text, name)?));
        let bytes = resident.fold(0u64, u64::saturating_add);
        let known = parts[0].rows.iter_mut().find(|row| *row.name == *KILLED);
        if let Some(known) = known {
            known.bytes = known.bytes.max(bytes);
            return LineOutcome::Parsed;
        }
        let mut row = LedgerEntry::new(line.place.clone(), KILLED, 1, bytes);
        row.holder = Some(Holder { pid, comm: comm.into() });
        parts[0].rows.push(row);
        LineOutcome::Parsed
    }
}

/// The process of `Out of memory: Killed process 1432 (epg-collector) ...`; before 5.2 `Kill process`.
fn killed(text: &str) -> Option<(u64, &str)> {
    let is_oom = text.contains("Out of memory")
        || text.contains("out of memory")
        || text.starts_with("Killed process ");
    let (_, rest) =
        text.split_once("Killed process ").or_else(|| text.split_once("Kill process "))?;
    let (pid, rest) = rest.split_once([' ', ','])?;
    let comm = rest
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map_or("", |(comm, _)| comm);
    fields::decimal(pid).filter(|_| is_oom).map(|pid| (pid, comm))
}

/// The cgroup whose limit was hit: `Memory cgroup stats for /app:`, `oom-kill:...,oom_memcg=/app,...`; before 4.19
/// `Task in /app/x killed as a result of limit of /app`.
fn cgroup_path(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix("Memory cgroup stats for ") {
        return rest.split(':').next();
    }
    if text.starts_with("oom-kill:") {
        let (_, rest) = text.split_once(",oom_memcg=")?;
        return rest.split(',').next();
    }
    text.split_once(" killed as a result of limit of ").map(|(_, path)| path)
}

/// `memory: usage 262144kB, limit 262144kB, failcnt 812`.
fn cgroup_limit(text: &str, line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    let rest = text.strip_prefix("memory: usage ")?;
    let usage = kib(rest.split(',').next()?)?;
    let limit = kib(fields::value_after(rest, "limit ")?.trim_end_matches(','))?;
    let failures = fields::number_after(rest, "failcnt ")?;
    let mut row = LedgerEntry::new(line.place.clone(), CGROUP, failures, usage);
    row.ids.limit = Some(limit);
    Some(row)
}

/// `anon 251658240`, in bytes.
fn kind_of_cgroup(text: &str, line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    const KINDS: [&str; 8] =
        ["anon", "file", "shmem", "slab", "kernel_stack", "pagetables", "percpu", "sock"];
    let (name, bytes) = text.split_once(' ')?;
    let bytes = fields::decimal(bytes).filter(|_| KINDS.contains(&name))?;
    let mut row = LedgerEntry::new(line.place.clone(), name, 1, bytes);
    row.exporter = OF_CGROUP.into();
    Some(row)
}

/// Any other figure of a cgroup: `pgfault 8185`.
fn is_statistic(text: &str) -> bool {
    text.split_once(' ')
        .is_some_and(|(name, value)| !name.is_empty() && fields::decimal(value).is_some())
}

/// `21904kB` in bytes.
fn kib(word: &str) -> Option<u64> {
    let digits = word.trim_end_matches(['B', 'b']).strip_suffix(['k', 'K'])?;
    fields::decimal(digits)?.checked_mul(1024)
}

/// `name:value` words: pages, or KiB of a node or a zone.
fn memory(text: &str, line: &LedgerLine<'_>) -> Vec<LedgerEntry> {
    let (head, figures) = match text.find(" free:").or_else(|| text.find(" active_anon:")) {
        Some(at) if text.contains("kB") => text.split_at(at),
        _ => ("", text),
    };
    let zone = head.rsplit(' ').next().unwrap_or_default();
    let owner = if text.starts_with("Node ")
        && text.contains(" active_anon:")
        && !text.contains(" free:")
    {
        NODE
    } else {
        zone
    };
    let row = |word: &str| {
        let (name, value) = word.split_once(':')?;
        let pages = || fields::decimal(value).filter(|_| owner.is_empty())?.checked_mul(PAGE);
        let mut row = LedgerEntry::new(line.place.clone(), name, 1, kib(value).or_else(pages)?);
        row.exporter = owner.into();
        Some(row)
    };
    let words: Vec<_> = figures.split_whitespace().collect();
    let is_list = words
        .iter()
        .all(|word| word.contains(':') || matches!(*word, "yes" | "no" | "all_unreclaimable?"));
    if let Some(swap) = ["Free swap", "Total swap"].iter().find(|name| text.starts_with(**name)) {
        let bytes = text.rsplit(' ').next().and_then(kib);
        return bytes
            .map(|bytes| LedgerEntry::new(line.place.clone(), swap, 1, bytes))
            .into_iter()
            .collect();
    }
    if is_list {
        words.into_iter().filter_map(row).collect()
    } else {
        pages(text, line).into_iter().collect()
    }
}

/// `262144 pages RAM`, `9216 pages reserved`.
fn pages(text: &str, line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    let (count, what) = text.split_once(" pages ")?;
    let bytes = fields::decimal(count)?.checked_mul(PAGE)?;
    Some(LedgerEntry::new(line.place.clone(), what, 1, bytes))
}

/// `kmalloc-2k            301404KB     301440KB`.
fn slab(text: &str, line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    let words: Vec<_> = text.split_whitespace().collect();
    let [name @ .., used, total] = &words[..] else { return None };
    let (_, bytes) = (kib(used)?, kib(total)?);
    (!name.is_empty()).then(|| LedgerEntry::new(line.place.clone(), &name.join(" "), 1, bytes))
}

/// `[   1432]  1002  1432    38044    10502   241664        0           200 epg-collector`: the resident pages are
/// the fifth figure; newer kernels split them behind it, and put the score last.
fn task(text: &str, line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    let (pid, rest) = text.strip_prefix('[')?.split_once(']')?;
    let pid = fields::decimal(pid.trim())?;
    let words: Vec<_> = rest.split_whitespace().collect();
    let [_, _, _, rss, .., comm] = words[..] else { return None };
    let bytes = fields::decimal(rss)?.checked_mul(PAGE)?;
    let mut row = LedgerEntry::new(line.place.clone(), comm, 1, bytes);
    row.holder = Some(Holder { pid, comm: comm.into() });
    Some(row)
}

/// Lines of a report without figures that are read.
fn is_other_part(text: &str) -> bool {
    const STARTS: [&str; 9] = [
        "CPU: ",
        "Hardware name:",
        "Call trace:",
        "Call Trace:",
        "lowmem_reserve[]:",
        "Name ",
        "oom-kill:",
        "oom_reaper:",
        "Workqueue:",
    ];
    let is_block_list = text.ends_with("kB") && text.contains("*4kB");
    let is_cache = text.ends_with("pagecache pages") || text.ends_with("in swap cache");
    STARTS.iter().any(|start| text.starts_with(start))
        || is_block_list
        || is_cache
        || fields::function(text).is_some()
}
