//! The data that the screen shows.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use teeleak_analysis::model::{
    Event, EventKind, Observation, Pool, PoolKind, PoolUnit, Sample, Session, saturating_sum,
};
use teeleak_proto::Uuid;

use super::history::History;
use crate::{
    compare::snapshots,
    escape::escape_controls,
    render::{labels, place},
};

/// Maximum number of events and of lines in memory.
const EVENTS: usize = 500;
const LINES: usize = 500;

/// A pool.
#[derive(Debug)]
pub(super) struct PoolFact {
    pub(super) kind: PoolKind,
    pub(super) unit: PoolUnit,
    pub(super) used: Option<u64>,
    pub(super) size: Option<u64>,
    /// The smallest amount that was ever free, if counted.
    pub(super) least_free: Option<u64>,
    pub(super) failures: Option<u64>,
    pub(super) history: History,
}

impl PoolFact {
    /// Percent in use.
    pub(super) fn percent(&self) -> Option<u64> {
        let (used, size) = self.used.zip(self.size).filter(|(_, size)| *size > 0)?;
        u64::try_from(u128::from(used) * 100 / u128::from(size)).ok()
    }
}

/// An allocation site, over the snapshots in memory.
#[derive(Debug)]
pub(super) struct SiteFact {
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) count: u64,
    pub(super) bytes: u64,
    /// Growth in bytes since the oldest snapshot.
    pub(super) grown: i64,
    pub(super) history: History,
}

/// A TA.
#[derive(Default, Debug)]
pub(super) struct TaFact {
    pub(super) instances: u64,
    /// Regions and their bytes; `None` if not observed.
    pub(super) regions: Option<(u64, u64)>,
    pub(super) sessions: u64,
    pub(super) panicked: bool,
    /// Growth in regions and in sessions since the oldest snapshot.
    pub(super) grown: (i64, i64),
    pub(super) history: History,
}

/// An open session.
#[derive(Debug)]
pub(super) struct SessionFact {
    pub(super) session: Session,
    /// Number of snapshots in memory in which it was open.
    pub(super) censuses: u64,
}

/// An event, as one line.
#[derive(Debug)]
pub(super) struct EventFact {
    pub(super) seq: u64,
    pub(super) kind: &'static str,
    pub(super) who: String,
    pub(super) session: Option<u32>,
    pub(super) result: String,
    pub(super) failed: bool,
    pub(super) uuid: Option<Uuid>,
}

/// A message of the watch.
#[derive(Debug)]
pub(super) struct LineFact {
    pub(super) at: Duration,
    pub(super) text: String,
    pub(super) alarm: bool,
}

/// The data that the screen shows.
pub(super) struct ScreenFacts {
    pub(super) low_water: u8,
    began: Option<Duration>,
    now: Duration,
    pub(super) pools: Vec<PoolFact>,
    pub(super) sites: Vec<SiteFact>,
    pub(super) tas: BTreeMap<Uuid, TaFact>,
    pub(super) sessions: Vec<SessionFact>,
    pub(super) events: VecDeque<EventFact>,
    pub(super) lines: VecDeque<LineFact>,
    pub(super) alarms: u64,
    pub(super) censuses: u64,
    counted: Option<Duration>,
    /// Events that were overwritten before they were read.
    pub(super) lost: u64,
    /// What the last snapshot could not observe.
    pub(super) unseen: Vec<String>,
}

impl ScreenFacts {
    pub(super) fn new(low_water: u8) -> Self {
        Self {
            low_water,
            began: None,
            now: Duration::ZERO,
            pools: Vec::new(),
            sites: Vec::new(),
            tas: BTreeMap::new(),
            sessions: Vec::new(),
            events: VecDeque::new(),
            lines: VecDeque::new(),
            alarms: 0,
            censuses: 0,
            counted: None,
            lost: 0,
            unseen: Vec::new(),
        }
    }

    pub(super) fn set_time(&mut self, now: Duration) {
        self.began.get_or_insert(now);
        self.now = now;
    }

    /// Time since the watch started.
    pub(super) fn up(&self) -> Duration {
        self.began.map_or(Duration::ZERO, |began| self.now.saturating_sub(began))
    }

    /// Time since `then`.
    pub(super) fn elapsed_since(&self, then: Duration) -> Duration {
        self.now.saturating_sub(then)
    }

    /// Time since the last snapshot.
    pub(super) fn census_age(&self) -> Option<Duration> {
        self.counted.map(|then| self.elapsed_since(then))
    }

    /// A line of the watch.
    pub(super) fn add_line(&mut self, at: Duration, line: &str) {
        self.push_line(at, line, false);
    }

    /// An alarm, with the line that says so.
    pub(super) fn add_alarm(&mut self, at: Duration, line: &str) {
        self.alarms += 1;
        self.push_line(at, line, true);
    }

    fn push_line(&mut self, at: Duration, line: &str, alarm: bool) {
        let text = line.strip_prefix("teeleak: ").unwrap_or(line);
        self.lines.push_back(LineFact { at, text: escape_controls(text), alarm });
        if self.lines.len() > LINES {
            self.lines.pop_front();
        }
    }

    pub(super) fn record_poll(&mut self, now: Duration, pools: &[Pool], kept: &Observation) {
        self.set_time(now);
        for pool in pools {
            let index = self.pools.iter().position(|known| known.kind == pool.kind);
            let history = index.map(|at| std::mem::take(&mut self.pools[at].history));
            let fact = pool_fact(pool, history.unwrap_or_default());
            match index {
                Some(at) => self.pools[at] = fact,
                None => self.pools.push(fact),
            }
        }
        self.happened(&kept.events);
    }

    /// Adds the new events.
    fn happened(&mut self, events: &[Event]) {
        let last = self.events.back().map(|event| event.seq);
        let fresh = events.iter().rev().take_while(|event| Some(event.seq) != last).take(EVENTS);
        let fresh: Vec<_> = fresh.collect();
        for event in fresh.into_iter().rev() {
            self.lost += event.lost_before;
            self.events.push_back(event_fact(event));
        }
        let excess = self.events.len().saturating_sub(EVENTS);
        self.events.drain(..excess);
    }

    pub(super) fn record_snapshot(&mut self, now: Duration, kept: &Observation) {
        self.set_time(now);
        self.counted = Some(now);
        self.censuses += 1;
        let Some(last) = kept.samples.last() else { return };
        self.sites = sites(&kept.samples, last);
        self.tas = tas(&kept.samples, last);
        self.sessions = sessions(&kept.samples, last);
        let gaps = snapshots::gaps(last);
        self.unseen = gaps
            .iter()
            .map(|gap| escape_controls(&format!("{}: {}", gap.what, gap.reason)))
            .collect();
    }
}

fn pool_fact(pool: &Pool, mut history: History) -> PoolFact {
    if let Some(used) = pool.allocated {
        history.push(used as f64);
    }
    let peak = pool.max_allocated.or(pool.allocated);
    PoolFact {
        kind: pool.kind.clone(),
        unit: pool.unit,
        used: pool.allocated,
        size: pool.size,
        least_free: pool.size.zip(peak).map(|(size, most)| size.saturating_sub(most)),
        failures: pool.num_alloc_fail,
        history,
    }
}

fn event_fact(event: &Event) -> EventFact {
    let kind = match &event.kind {
        EventKind::Open => "open",
        EventKind::Close => "close",
        EventKind::Invoke => "invoke",
        EventKind::Map => "map",
        EventKind::Unmap => "unmap",
        EventKind::Step(_) => "step",
        EventKind::Note(_) => "note",
    };
    let (who, result) = (escape_controls(&place::party(event)), place::result(event));
    let (seq, session, uuid) = (event.seq, event.session, event.uuid);
    EventFact { seq, kind, who, session, result, failed: event.has_failed(), uuid }
}

/// The signed difference.
fn signed_difference(before: u64, after: u64) -> i64 {
    i64::try_from(i128::from(after) - i128::from(before)).unwrap_or(i64::MAX)
}

fn sites(samples: &[Sample], last: &Sample) -> Vec<SiteFact> {
    let observed_samples = samples.iter().filter(|sample| sample.sites.value().is_some());
    let amounts: Vec<_> = observed_samples.map(snapshots::sites).collect();
    let bytes =
        |of: &BTreeMap<_, snapshots::Amount>, key: &_| of.get(key).map_or(0, |sum| sum.bytes);
    let facts = snapshots::sites(last).into_iter().map(|(key, sum)| SiteFact {
        name: escape_controls(&format!("{}:{}", key.file, key.line)),
        owner: escape_controls(&labels::holder(&key)),
        count: sum.count,
        bytes: sum.bytes,
        grown: amounts.first().map_or(0, |first| signed_difference(bytes(first, &key), sum.bytes)),
        history: amounts.iter().map(|of| bytes(of, &key) as f64).collect(),
    });
    facts.collect()
}

/// Regions of a TA and their bytes, of all its instances.
fn regions(sample: &Sample, uuid: Uuid) -> Option<(u64, u64)> {
    let instances = sample.instances.value()?.iter().filter(|instance| instance.uuid == uuid);
    instances.map(|instance| instance.regions.value()).try_fold(
        (0, 0),
        |sum: (u64, u64), regions| {
            let bytes = saturating_sum(regions?.iter().map(|region| region.size));
            Some((sum.0 + regions?.len() as u64, sum.1.saturating_add(bytes)))
        },
    )
}

fn open(sample: &Sample, uuid: Uuid) -> u64 {
    sample.sessions.value().into_iter().flatten().filter(|session| session.uuid == uuid).count()
        as u64
}

fn tas(samples: &[Sample], last: &Sample) -> BTreeMap<Uuid, TaFact> {
    let mut tas: BTreeMap<Uuid, TaFact> = BTreeMap::new();
    for instance in last.instances.value().into_iter().flatten() {
        let ta = tas.entry(instance.uuid).or_default();
        ta.instances += 1;
        ta.panicked |= instance.panicked;
    }
    for session in last.sessions.value().into_iter().flatten() {
        tas.entry(session.uuid).or_default().sessions += 1;
    }
    for (uuid, ta) in &mut tas {
        ta.regions = regions(last, *uuid).filter(|_| ta.instances > 0);
        let region_sums: Vec<_> =
            samples.iter().filter_map(|sample| regions(sample, *uuid)).collect();
        let first = samples.first().map_or(0, |first| open(first, *uuid));
        let region_growth = region_sums
            .first()
            .zip(ta.regions)
            .map_or(0, |(old, new)| signed_difference(old.0, new.0));
        ta.grown = (region_growth, signed_difference(first, ta.sessions));
        ta.history = region_sums.iter().map(|(_, bytes)| *bytes as f64).collect();
    }
    tas
}

fn sessions(samples: &[Sample], last: &Sample) -> Vec<SessionFact> {
    let mut open_counts: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    for session in samples.iter().filter_map(|sample| sample.sessions.value()).flatten() {
        *open_counts.entry((session.opener, session.id)).or_default() += 1;
    }
    let open = last.sessions.value().into_iter().flatten();
    let fact = |session: &Session| SessionFact {
        censuses: open_counts.get(&(session.opener, session.id)).copied().unwrap_or(0),
        session: *session,
    };
    open.map(fact).collect()
}
