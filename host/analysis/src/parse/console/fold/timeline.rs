//! Snapshots: which dumps, maps and tables belong to the same moment, and to which iteration.

use std::sync::Arc;

use super::{names::LogSites, record_run::ConsoleDump};
use crate::model::{
    Completeness, Gap, Instance, Moment, OwnerId, Pool, Reason, Sample, Session, Site,
    SourceLocation, Stage, Time,
};

/// Snapshots that are kept; at twice as many, every second one is dropped.
const MOST: usize = 512;

/// Site groups that are kept in all snapshots together.
const GROUPS: usize = 1 << 17;

/// Dump, region maps and pools of one moment.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    place: SourceLocation,
    time: Option<Time>,
    /// Number of boots before it, and of marks since the last boot.
    boot: u32,
    mark: u32,
    dump: Option<ConsoleDump>,
    instances: Vec<Instance>,
    pools: Vec<Pool>,
    sessions: Vec<Session>,
}

/// What starts a new sheet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Dump,
    Map,
}

/// How a text is split into iterations.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct IterationSplit {
    /// Warmup iterations at the start, which don't count.
    pub warmup: u32,
    /// Whether iterations start at marks; otherwise each dump ends one.
    pub marked: bool,
}

/// All sheets, in order.
pub(super) struct SampleTimeline {
    cut: IterationSplit,
    sheets: Vec<Sheet>,
    lead: Option<Lead>,
    groups: usize,
    boot: u32,
    /// Marks, and dumps, since the TEE booted.
    marks: u32,
    since: u64,
    /// Dumps of the text, and how many of them one snapshot stands for.
    pub(super) dumps: u64,
    pub(super) stride: u64,
    /// Dumps skipped since the last kept one.
    skip: u64,
}

impl SampleTimeline {
    pub(super) const fn new(cut: IterationSplit) -> Self {
        let sheets = Vec::new();
        Self {
            cut,
            sheets,
            lead: None,
            groups: 0,
            boot: 0,
            marks: 0,
            since: 0,
            dumps: 0,
            stride: 1,
            skip: 0,
        }
    }

    /// The current iteration.
    pub(super) fn iteration(&self) -> Option<u32> {
        let n = if self.cut.marked {
            self.marks
        } else {
            u32::try_from(self.since / self.stride).unwrap_or(u32::MAX)
        };
        (n > 0).then_some(n)
    }

    /// Starts a boot.
    pub(super) const fn boot(&mut self) {
        self.boot += 1;
        (self.marks, self.since) = (0, 0);
    }

    /// Starts an iteration.
    pub(super) const fn mark(&mut self) {
        self.marks = self.marks.saturating_add(1);
    }

    /// Adds a finished dump; `sessions` are open.
    pub(super) fn dump(
        &mut self,
        place: SourceLocation,
        dump: ConsoleDump,
        sessions: Vec<Session>,
    ) {
        self.dumps += 1;
        self.since += 1;
        if self.stride > 1 && !self.cut.marked {
            self.skip += 1;
            if self.skip < self.stride {
                return;
            }
            self.skip = 0;
        }
        self.lead.get_or_insert(Lead::Dump);
        let fresh = |sheet: &Sheet| sheet.dump.is_some();
        self.groups += dump.groups.len();
        let time = dump.time;
        let sheet = self.sheet(place, time, fresh);
        sheet.dump = Some(dump);
        sheet.sessions = sessions;
        self.thin();
    }

    /// Adds a region map, or a TA's heap.
    pub(super) fn instance(
        &mut self,
        place: SourceLocation,
        time: Option<Time>,
        instance: Instance,
    ) {
        let lead = *self.lead.get_or_insert(Lead::Map);
        let id = instance.id;
        let fresh = move |sheet: &Sheet| {
            lead == Lead::Map && sheet.instances.iter().any(|known| known.id == id)
        };
        // A mark ends a map, a dump does not.
        let is_late = lead == Lead::Dump && !self.cut.marked;
        let sheet = match self.sheet_before(&place).filter(|_| is_late) {
            Some(n) => &mut self.sheets[n],
            None => self.sheet(place, time, fresh),
        };
        match sheet.instances.iter_mut().find(|known| known.id == id) {
            Some(known) => *known = instance,
            None => sheet.instances.push(instance),
        }
        self.thin();
    }

    /// Adds a pool.
    pub(super) fn table(&mut self, place: SourceLocation, table: Pool) {
        let lead = *self.lead.get_or_insert(Lead::Map);
        let kind = table.kind.clone();
        let fresh = move |sheet: &Sheet| {
            lead == Lead::Map && sheet.pools.iter().any(|pool| pool.kind == kind)
        };
        let sheet = self.sheet(place, None, fresh);
        match sheet.pools.iter_mut().find(|pool| pool.kind == table.kind) {
            Some(known) => *known = table,
            None => sheet.pools.push(table),
        }
    }

    /// The sheet whose dump that place follows: a map ends only with the next one, after another dump.
    fn sheet_before(&self, place: &SourceLocation) -> Option<usize> {
        let is_before = |sheet: &Sheet| {
            let is_same_text = sheet.boot == self.boot && sheet.place.source == place.source;
            is_same_text && sheet.place.at < place.at
        };
        self.sheets.iter().rposition(is_before)
    }

    /// The sheet to add to: a new one if `fresh` returns true for the last one.
    fn sheet(
        &mut self,
        place: SourceLocation,
        time: Option<Time>,
        fresh: impl Fn(&Sheet) -> bool,
    ) -> &mut Sheet {
        let (boot, mark) = (self.boot, self.marks);
        let is_marked = self.cut.marked;
        let is_ended = |last: &Sheet| if is_marked { last.mark != mark } else { fresh(last) };
        let new = self.sheets.last().is_none_or(|last| last.boot != boot || is_ended(last));
        if new {
            self.sheets.push(Sheet {
                place,
                time,
                boot,
                mark,
                dump: None,
                instances: Vec::new(),
                pools: Vec::new(),
                sessions: Vec::new(),
            });
        }
        let last = self.sheets.len() - 1;
        &mut self.sheets[last]
    }

    /// Drops every second snapshot when there are too many.
    fn thin(&mut self) {
        if self.sheets.len() < 2 * MOST && (self.groups < GROUPS || self.sheets.len() < 8) {
            return;
        }
        let mut n = 0;
        self.sheets.retain(|_| {
            n += 1;
            n % 2 == 1
        });
        self.stride *= 2;
        self.skip = 0;
        let dumps = self.sheets.iter().filter_map(|sheet| sheet.dump.as_ref());
        self.groups = dumps.map(|dump| dump.groups.len()).sum();
    }

    /// The boot with the most snapshots; the last one of several.
    pub(super) fn best_boot(&self) -> u32 {
        let boots = self.sheets.chunk_by(|a, b| a.boot == b.boot);
        boots.max_by_key(|sheets| sheets.len()).map_or(self.boot, |sheets| sheets[0].boot)
    }

    /// Number of snapshots of other boots.
    pub(super) fn elsewhere(&self, boot: u32) -> u64 {
        self.sheets.iter().filter(|sheet| sheet.boot != boot).count() as u64
    }

    /// All snapshots of a boot.
    pub(super) fn finish(self, boot: u32, names: &LogSites) -> Vec<Sample> {
        let Self { cut, sheets, stride, .. } = self;
        let stride = u32::try_from(stride).unwrap_or(u32::MAX);
        let sheets = sheets.into_iter().filter(|sheet| sheet.boot == boot);
        let numbered_sheets = (0_u32..).zip(sheets);
        let moment_of = |n, mark| moment(if cut.marked { mark / stride } else { n }, cut.warmup);
        numbered_sheets
            .map(|(n, sheet)| (moment_of(n, sheet.mark), sheet))
            .map(|(moment, sheet)| sample(sheet, moment, names))
            .collect()
    }
}

fn moment(iteration: u32, warmup: u32) -> Moment {
    match iteration {
        0 => Moment { stage: Stage::Before, iteration: 0 },
        n if n <= warmup => Moment { stage: Stage::Warmup, iteration: n },
        n => Moment { stage: Stage::Measured, iteration: n - warmup },
    }
}

fn sample(sheet: Sheet, moment: Moment, names: &LogSites) -> Sample {
    let instances = if sheet.instances.is_empty() {
        absent("TA instances")
    } else {
        let instance_gap =
            gap("TA instances that printed no region map", Reason::NotOffered, None, 0);
        Completeness::Partial(sheet.instances, instance_gap)
    };
    let pools = if sheet.pools.is_empty() {
        absent("pools")
    } else {
        let pool_gap = gap("pools not in the log", Reason::NotOffered, None, 0);
        Completeness::Partial(sheet.pools, pool_gap)
    };
    let sessions = if sheet.sessions.is_empty() {
        absent("sessions")
    } else {
        let session_gap =
            gap("sessions, whose ids OP-TEE does not print on open", Reason::NotOffered, None, 0);
        Completeness::Partial(sheet.sessions, session_gap)
    };
    Sample {
        moment,
        time: sheet.time,
        place: sheet.place,
        epoch: None,
        sites: sites(sheet.dump.as_ref(), names),
        owners: absent("owners of allocations"),
        instances,
        sessions,
        pools,
    }
}

/// The gap of something not observed at all.
pub(super) fn absent<T>(what: &str) -> Completeness<T> {
    Completeness::Unobserved(gap(what, Reason::NotOffered, None, 0))
}

fn sites(dump: Option<&ConsoleDump>, names: &LogSites) -> Completeness<Vec<Site>> {
    let Some(dump) = dump else {
        let remedy = "call mdbg_check(1) in an OP-TEE built with CFG_TEE_CORE_MALLOC_DEBUG=y";
        return Completeness::Unobserved(gap(
            "allocation sites",
            Reason::NotOffered,
            Some(remedy),
            0,
        ));
    };
    let sites = dump.groups.iter().filter_map(|(id, count)| {
        let name = names.get(*id)?;
        Some(Site {
            file: Arc::clone(&name.file),
            line: name.line,
            size: name.size,
            count: u64::from(*count),
            owner: OwnerId::Unknown,
            server: OwnerId::Unknown,
            session: None,
            epoch: None,
            caller: None,
        })
    });
    let mut sites: Vec<_> = sites.collect();
    sites.sort_unstable_by(|a, b| (&a.file, a.line, a.size).cmp(&(&b.file, b.line, b.size)));
    match dump.lost {
        0 => Completeness::Complete(sites),
        lost => Completeness::Partial(sites, gap("records of a dump", Reason::Damaged, None, lost)),
    }
}

/// A gap.
pub(super) fn gap(what: &str, reason: Reason, remedy: Option<&str>, lost: u64) -> Gap {
    Gap { what: what.into(), reason, remedy: remedy.map(Into::into), lost }
}
