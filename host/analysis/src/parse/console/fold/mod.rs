//! Assembles the facts of successive chunks into an observation.

mod cut_points;
mod dump_reader;
mod dumps;
mod echoes;
mod events;
mod file_use;
mod flush;
mod heaps;
mod incidents;
mod instances;
mod lines_between;
mod loads;
mod maps;
mod misread;
mod names;
mod one_damage;
mod panics;
mod pools;
mod record_run;
mod recurrence;
mod report;
mod reports;
mod restored;
mod sessions;
mod sheet;
mod stable;
mod steps;
mod table_cycle;
mod timeline;
mod torn_dumps;

use std::{collections::HashSet, sync::Arc};

use dumps::DumpFinder;
use events::Events;
use file_use::FileUse;
use heaps::TaHeaps;
use incidents::Incidents;
use instances::Instances;
use loads::Loads;
use maps::RegionMaps;
use names::LogSites;
use pools::StatTables;
use sessions::SessionTracker;
use teeleak_proto::Uuid;
pub use timeline::IterationSplit;
use timeline::SampleTimeline;

use super::{
    chunk_facts::{ChunkFacts, Tally},
    dialect,
    lines::prefix::LineImage,
    messages::fact::{ChunkEntry, ConsoleFact, LineOrigin, LostLine, StatLine},
    rules::RuleStep,
};
use crate::{
    model::{Gap, IncidentKind, Observation, Platform, Reason, SourceLocation, Symbol, Time},
    parse::framing::FramingCounts,
};

/// Assembles the facts of one or more texts, in order.
///
/// Its memory is bounded, whatever the length of the text: names of sites, some hundred snapshots,
/// some ten thousand events. What it drops is counted and reported.
pub struct Assembler {
    source: Symbol,
    /// Lines of this source before the current chunk.
    base: u64,
    release: Option<Arc<str>>,
    /// Source line that printed the first record.
    printed_at: Option<u32>,
    boots: u64,
    names: LogSites,
    dumps: DumpFinder,
    maps: RegionMaps,
    sessions: SessionTracker,
    instances: Instances,
    incidents: Incidents,
    loads: Loads,
    /// TAs that could not be loaded, for another reason than memory.
    failed_tas: HashSet<Uuid>,
    /// Where tee-supplicant ended, while it does not run.
    supplicant_stopped: Option<SourceLocation>,
    /// The test case of xtest that runs.
    test_case: Option<Box<str>>,
    pools: StatTables,
    events: Events,
    timeline: SampleTimeline,
    heaps: TaHeaps,
    /// Region maps that no line attributes to a TA.
    nameless: u64,
    /// Sessions that a close without an id may have ended.
    excused: u64,
    tally: Tally,
    cut: IterationSplit,
    broken: Vec<Gap>,
    framing: FramingCounts,
    files: FileUse,
}

impl Assembler {
    /// An assembler whose first source has this name.
    #[must_use]
    pub fn new(source: &str, cut: IterationSplit) -> Self {
        Self {
            source: source.into(),
            base: 0,
            release: None,
            printed_at: None,
            boots: 0,
            names: LogSites::default(),
            dumps: DumpFinder::default(),
            maps: RegionMaps::default(),
            sessions: SessionTracker::default(),
            instances: Instances::default(),
            incidents: Incidents::default(),
            loads: Loads::default(),
            failed_tas: HashSet::new(),
            supplicant_stopped: None,
            test_case: None,
            pools: StatTables::default(),
            events: Events::default(),
            timeline: SampleTimeline::new(cut),
            heaps: TaHeaps::default(),
            nameless: 0,
            excused: 0,
            tally: Tally::default(),
            cut,
            broken: Vec::new(),
            framing: FramingCounts::default(),
            files: FileUse::default(),
        }
    }

    /// Switches to another source, which continues where the last one ended.
    pub fn source(&mut self, name: &str) {
        self.maps.note_cut();
        self.settle();
        self.source = name.into();
        self.base = 0;
    }

    /// Lines of the current source so far.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.base
    }

    /// Adds the facts of the next chunk, and takes its steps.
    pub fn push(&mut self, harvest: &mut ChunkFacts) {
        self.names.learn(&harvest.sites);
        self.printed_at = self.printed_at.or(harvest.printed_at);
        let (source, base) = (self.source, self.base);
        self.files.add(harvest, |line| SourceLocation { source, at: base + line + 1 });
        let mut steps = harvest.steps.all.drain(..);
        for entry in &harvest.entries {
            self.entry(entry, &harvest.ids, &mut steps);
        }
        drop(steps);
        self.base += harvest.source_lines;
        self.tally.add(&harvest.tally);
    }

    /// Records that the current source could not be read to its end.
    pub fn note_unreadable(&mut self, what: &str, reason: Reason) {
        self.broken.push(sheet::gap(what, reason, None, 0));
    }

    /// Records what was removed from a source before it was scanned.
    pub fn note_framing(&mut self, counts: &FramingCounts) {
        self.framing.add(counts);
    }

    /// Lines parsed, ignored and rejected so far.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Records of dumps so far.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.dumps.records
    }

    fn entry(
        &mut self,
        entry: &ChunkEntry,
        ids: &[u32],
        steps: &mut impl Iterator<Item = RuleStep>,
    ) {
        let position = (self.base + u64::from(entry.line) + 1, entry.time);
        if !matches!(entry.what, ConsoleFact::Records(_)) {
            self.dumps.end_run(&self.names);
        }
        match &entry.what {
            ConsoleFact::Records(run) => {
                self.end_load();
                self.loads.pass_dump();
                self.maps.note_other_line();
                self.incidents.end_stack();
                let ids = ids.get(run.from as usize..run.to as usize).unwrap_or_default();
                self.dumps.run(position, entry.who, (run, ids), &self.names);
                self.flush();
                return;
            }
            ConsoleFact::Damaged(lost) => {
                self.damage(entry.who, *lost);
                return;
            }
            ConsoleFact::Other(n) => {
                self.dumps.note_other_lines(entry.who, *n);
                self.maps.note_other_line();
                return;
            }
            ConsoleFact::Message(hit) if entry.who.image.is_none() => {
                self.message(hit, position);
                return;
            }
            _ => self.dumps.note_other_lines(entry.who, 1),
        }
        if !matches!(entry.what, ConsoleFact::Region(_)) {
            self.maps.note_other_line();
        }
        if !matches!(entry.what, ConsoleFact::Address(..) | ConsoleFact::CallStack) {
            self.incidents.end_stack();
        }
        if matches!(entry.what, ConsoleFact::Step) {
            if let Some(step) = steps.next() {
                let event = self.step(step, position);
                self.events.push(event);
            }
            return;
        }
        if !is_after_panic(&entry.what) {
            self.incidents.run_on();
        }
        self.fact(entry, position);
        self.flush();
    }

    fn fact(&mut self, entry: &ChunkEntry, at: (u64, Option<Time>)) {
        match &entry.what {
            ConsoleFact::OutOfMemory { .. }
            | ConsoleFact::Trouble(..)
            | ConsoleFact::TaReturn(..) => {
                self.incident(&entry.what, at);
            }
            ConsoleFact::Message(hit) => self.message(hit, at),
            ConsoleFact::UnknownError(text, by) => {
                self.unknown_error((text, by.as_deref()), entry.who, at);
            }
            ConsoleFact::Registers(registers) => {
                let place = self.place(at.0);
                self.incidents.registers(**registers, &place);
            }
            ConsoleFact::LoadAddress(address) => self.incidents.load_address(*address),
            ConsoleFact::CallStack => self.incidents.call_stack(),
            ConsoleFact::Address(address, symbol) => {
                let of_core = entry.who.image != Some(LineImage::Ldelf);
                self.incidents.address(*address, symbol.as_deref(), of_core);
            }
            ConsoleFact::Status { uuid, context } => {
                let place = self.place(at.0);
                let of_dead = self.incidents.attach_uuid(*uuid, &place);
                self.maps.status(at, *uuid, *context, of_dead);
            }
            ConsoleFact::Region(line) => {
                if line.stack {
                    let place = self.place(at.0);
                    self.incidents.stack_region(line.va, line.size, &place);
                }
                self.maps.region(at, line);
            }
            ConsoleFact::Stack(start, size) => {
                let place = self.place(at.0);
                self.incidents.stack_region(*start, *size, &place);
            }
            ConsoleFact::Elf(uuid, address) => {
                self.maps.elf(*uuid);
                let place = self.place(at.0);
                self.incidents.image(*uuid, *address, &place);
            }
            ConsoleFact::Session(line) => self.session(entry, at, *line),
            ConsoleFact::Stat(line) => self.statistics(entry, at.0, line),
            ConsoleFact::Mark => self.mark(),
            ConsoleFact::Boot(release) => self.boot(release),
            ConsoleFact::Records(_)
            | ConsoleFact::Other(_)
            | ConsoleFact::Damaged(_)
            | ConsoleFact::Step
            | ConsoleFact::StatusDetail
            | ConsoleFact::SessionList => {}
        }
    }

    /// Records what a line that could not be read may have been.
    fn damage(&mut self, who: LineOrigin, lost: LostLine) {
        match lost {
            LostLine::Record => self.dumps.note_damage(who),
            LostLine::Region(index) => self.maps.lose_region(index),
            LostLine::Message => {
                self.events.note_damage();
                self.sessions.note_loss();
            }
            LostLine::Unknown => {
                self.sessions.note_loss();
                self.dumps.note_damage(who);
                self.maps.note_damage();
                self.events.note_damage();
            }
        }
    }

    /// The current iteration: a dump that was printed ended the one before.
    pub(super) fn iteration(&self) -> Option<u32> {
        self.timeline.iteration(self.dumps.pending())
    }

    /// Reads a line about a pool. What a TA prints is about its own heap or pool of big numbers.
    fn statistics(&mut self, entry: &ChunkEntry, at: u64, line: &StatLine) {
        if entry.who.image == Some(LineImage::Ta) {
            self.pools.line_of_ta(at, line, self.instances.only_loaded());
        } else {
            self.pools.line(at, line);
        }
    }

    fn place(&self, at: u64) -> SourceLocation {
        SourceLocation { source: self.source, at }
    }

    fn incident(&mut self, what: &ConsoleFact, at: (u64, Option<Time>)) {
        self.end_load();
        let circumstances = (self.iteration(), self.sessions.opening());
        let place = (self.place(at.0), at.1);
        match what {
            ConsoleFact::OutOfMemory { requested, context } => {
                let kind = IncidentKind::OutOfMemory { requested: *requested, context: *context };
                let text = format!("Memory allocation failed: size {requested}");
                self.incidents.add(kind, &text, place, circumstances);
            }
            ConsoleFact::Trouble(kind, text) => {
                self.incidents.add(kind.clone(), text, place, circumstances);
            }
            ConsoleFact::TaReturn(code, text) => {
                self.incidents.add_return(*code, text, place, circumstances);
            }
            _ => {}
        }
    }

    fn mark(&mut self) {
        self.dumps.end_iteration();
        self.settle();
        self.timeline.mark();
    }

    /// Starts a boot: nothing of an earlier one is live any more.
    fn boot(&mut self, release: &str) {
        self.settle();
        self.excuse_sessions();
        self.boots += 1;
        let best = self.timeline.boot();
        self.events.boot(best);
        self.release = Some(release.into());
        self.sessions.clear();
        self.instances.clear();
    }

    /// Ends open dumps, maps and tables.
    fn settle(&mut self) {
        self.end_load();
        self.dumps.end_run(&self.names);
        self.dumps.end();
        self.maps.end();
        self.pools.end();
        self.flush();
    }

    /// The observation.
    #[must_use]
    pub fn finish(mut self) -> Observation {
        self.settle();
        self.excuse_sessions();
        let boot = self.timeline.best_boot();
        let gaps = self.gaps(boot);
        let assumptions = self.assumptions();
        let heap_names = self.heaps.names();
        let unused_lines = self.pools.unused;
        let lines = &mut self.tally.lines;
        (lines.parsed, lines.ignored) =
            (lines.parsed.saturating_sub(unused_lines), lines.ignored + unused_lines);
        let (samples, renumbering) = self.timeline.finish(boot, &self.names, &heap_names);
        let mut events = self.events.finish(boot);
        for iteration in events.iter_mut().filter_map(|event| event.iteration.as_mut()) {
            *iteration = renumbering.apply(*iteration);
        }
        let release = self.release.or_else(|| dialect::release(self.printed_at?).map(Arc::from));
        Observation {
            platform: Platform { release, ..Platform::default() },
            samples,
            events,
            incidents: self.incidents.finish(),
            assumptions,
            gaps,
            accounting: self.tally.lines,
            unused_files: self.files.finish(),
            ..Observation::default()
        }
    }
}

/// Whether the TEE core itself prints this after it panicked.
const fn is_after_panic(fact: &ConsoleFact) -> bool {
    use ConsoleFact::{Address, CallStack, Damaged, LoadAddress, Registers};
    matches!(fact, Address(..) | CallStack | Damaged(_) | LoadAddress(_) | Registers(_))
}
