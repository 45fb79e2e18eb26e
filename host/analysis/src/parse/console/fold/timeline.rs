//! Snapshots: which dumps, maps and tables belong to the same moment, and to which iteration.

use std::collections::BTreeMap;

use super::{
    dump_reader::DumpReader,
    misread::mend_misread,
    names::LogSites,
    record_run::ConsoleDump,
    restored::restore_lost,
    sheet::{self, Sheet, absent, gap},
    torn_dumps::{Renumbering, mend_torn},
};
use crate::model::{
    Completeness, Instance, Moment, Pool, Reason, Sample, Session, SourceLocation, Stage, TaName,
    Time,
};

/// Snapshots that are kept; at twice as many, every second one is dropped. Those kept have the numbers
/// of their own iterations.
const MOST: usize = 512;

/// Site groups, regions and sessions that are kept in all snapshots together.
const GROUPS: usize = 1 << 17;

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
    /// Marks, dumps and snapshots since the TEE booted.
    marks: u32,
    since: u32,
    next: u32,
    /// Dumps of the text, and the distance of the iterations whose snapshots are kept.
    pub(super) dumps: u64,
    pub(super) stride: u32,
    /// Instances that a snapshot had no room for.
    pub(super) dropped_instances: u64,
    /// Pools that a snapshot had no room for.
    pub(super) dropped_pools: u64,
    /// Snapshots of boots that had fewer of them than another one.
    dropped_boots: u64,
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
            next: 0,
            dumps: 0,
            stride: 1,
            dropped_instances: 0,
            dropped_pools: 0,
            dropped_boots: 0,
        }
    }

    /// The current iteration, if that many dumps were printed but not yet added.
    pub(super) fn iteration(&self, pending: Option<u32>) -> Option<u32> {
        let n = if self.cut.marked { self.marks } else { self.since.saturating_add(pending?) };
        (n > 0).then_some(n)
    }

    /// Starts a boot. Of the others only the one with the most snapshots is kept, whose number it returns.
    pub(super) fn boot(&mut self) -> u32 {
        let best = self.best_boot();
        let before = self.sheets.partition_point(|sheet| sheet.boot < self.boot);
        let losers = if best == self.boot {
            self.sheets.drain(..before)
        } else {
            self.sheets.drain(before..)
        };
        for sheet in losers {
            self.dropped_boots += 1;
            self.groups = self.groups.saturating_sub(sheet.weight());
        }
        self.boot = self.boot.saturating_add(1);
        (self.marks, self.since, self.next) = (0, 0, 0);
        best
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
        self.since = self.since.saturating_add(1);
        self.lead.get_or_insert(Lead::Dump);
        let fresh = |sheet: &Sheet| sheet.dump.is_some();
        self.groups += dump.groups.len() + sessions.len();
        let time = dump.time;
        let sheet = self.sheet(place, time, fresh);
        sheet.dump = Some(dump);
        sheet.sessions = sessions;
        self.thin();
    }

    /// Adds a dump of the heap of the TA with that number: a second one of the same TA starts a snapshot.
    pub(super) fn heap(&mut self, place: SourceLocation, ta: usize, dump: ConsoleDump) {
        self.lead.get_or_insert(Lead::Dump);
        let fresh = |sheet: &Sheet| sheet.heaps.iter().any(|(known, _)| *known == ta);
        let is_first = self.is_new(&fresh);
        self.dumps += u64::from(is_first);
        self.since = self.since.saturating_add(u32::from(is_first));
        self.groups += dump.groups.len();
        let sheet = self.sheet(place, dump.time, fresh);
        sheet.heaps.retain(|(known, _)| *known != ta);
        sheet.heaps.push((ta, dump));
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
        let weight = sheet::weight_of(&instance);
        let n_dropped = sheet.add_instance(instance);
        self.groups += weight;
        self.dropped_instances += n_dropped;
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
        let had_room = sheet.add_pool(table);
        self.dropped_pools += u64::from(!had_room);
        self.groups += sheet::POOL_WEIGHT;
        self.thin();
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
        if self.is_new(&fresh) {
            self.drop_skipped();
            let number = if self.cut.marked { mark } else { self.next };
            self.next = self.next.saturating_add(1);
            self.sheets.push(Sheet {
                place,
                time,
                boot,
                number,
                dump: None,
                instances: Vec::new(),
                pools: Vec::new(),
                sessions: Vec::new(),
                heaps: Vec::new(),
            });
        }
        let last = self.sheets.len() - 1;
        &mut self.sheets[last]
    }

    /// Drops the last snapshot, now complete, if its iteration is not among those kept.
    fn drop_skipped(&mut self) {
        let stride = self.stride;
        if let Some(last) = self.sheets.pop_if(|last| !last.number.is_multiple_of(stride)) {
            self.groups = self.groups.saturating_sub(last.weight());
        }
    }

    /// Whether the next fact starts a new sheet.
    fn is_new(&self, fresh: &impl Fn(&Sheet) -> bool) -> bool {
        let is_marked = self.cut.marked;
        let is_ended =
            |last: &Sheet| if is_marked { last.number != self.marks } else { fresh(last) };
        self.sheets.last().is_none_or(|last| last.boot != self.boot || is_ended(last))
    }

    /// Drops every second snapshot when there are too many.
    fn thin(&mut self) {
        if self.groups >= GROUPS {
            // What was replaced or dropped was counted, too.
            self.groups = self.sheets.iter().map(Sheet::weight).sum();
        }
        if self.sheets.len() < 2 * MOST && (self.groups < GROUPS || self.sheets.len() < 8) {
            return;
        }
        self.stride = self.stride.saturating_mul(2);
        let (stride, last) = (self.stride, self.sheets.len() - 1);
        let mut n = 0;
        // The last one may not be complete.
        self.sheets.retain(|sheet| {
            n += 1;
            sheet.number.is_multiple_of(stride) || n > last
        });
        self.groups = self.sheets.iter().map(Sheet::weight).sum();
    }

    /// The boot with the most snapshots; the last one of several.
    pub(super) fn best_boot(&self) -> u32 {
        let boots = self.sheets.chunk_by(|a, b| a.boot == b.boot);
        boots.max_by_key(|sheets| sheets.len()).map_or(self.boot, |sheets| sheets[0].boot)
    }

    /// Number of snapshots of other boots.
    pub(super) fn elsewhere(&self, boot: u32) -> u64 {
        let here = self.sheets.iter().filter(|sheet| sheet.boot != boot).count() as u64;
        here + self.dropped_boots
    }

    /// All snapshots of a boot.
    pub(super) fn finish(
        mut self,
        boot: u32,
        names: &LogSites,
        tas: &[TaName],
    ) -> (Vec<Sample>, Renumbering) {
        self.drop_skipped();
        let Self { cut, mut sheets, stride, .. } = self;
        sheets.retain(|sheet| sheet.boot == boot);
        for mut dumps in dumps_by_heap(&mut sheets) {
            mend_misread(&mut dumps, names);
        }
        let renumbering = mend_torn(&mut sheets, cut.marked || stride > 1);
        for mut dumps in dumps_by_heap(&mut sheets) {
            restore_lost(&mut dumps);
        }
        let reader = DumpReader::new(&sheets, names, tas);
        let samples = sheets
            .into_iter()
            .map(|sheet| sample(moment(sheet.number, cut.warmup), sheet, &reader))
            .collect();
        (samples, renumbering)
    }
}

/// The dumps of each heap, in order.
fn dumps_by_heap(sheets: &mut [Sheet]) -> impl Iterator<Item = Vec<&mut ConsoleDump>> {
    let mut heaps: BTreeMap<Option<usize>, Vec<&mut ConsoleDump>> = BTreeMap::new();
    for Sheet { dump, heaps: of_tas, .. } in sheets {
        let of_tas = of_tas.iter_mut().map(|(ta, dump)| (Some(*ta), dump));
        for (heap, dump) in dump.iter_mut().map(|dump| (None, dump)).chain(of_tas) {
            heaps.entry(heap).or_default().push(dump);
        }
    }
    heaps.into_values()
}

fn moment(iteration: u32, warmup: u32) -> Moment {
    match iteration {
        0 => Moment { stage: Stage::Before, iteration: 0 },
        n if n <= warmup => Moment { stage: Stage::Warmup, iteration: n },
        n => Moment { stage: Stage::Measured, iteration: n - warmup },
    }
}

fn sample(moment: Moment, sheet: Sheet, reader: &DumpReader<'_>) -> Sample {
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
        heaps: sheet.heaps.iter().filter_map(|(ta, dump)| reader.heap(*ta, dump)).collect(),
        moment,
        time: sheet.time,
        place: sheet.place,
        epoch: None,
        sites: reader.core_sites(sheet.dump.as_ref()),
        owners: absent("owners of allocations"),
        instances,
        sessions,
        pools,
    }
}
