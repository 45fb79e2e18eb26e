//! Series of open sessions.

use std::collections::BTreeMap;

use teeleak_proto::Uuid;

use super::{Timeline, column::Column};
use crate::growth::Series;
use crate::model::{Part, Sample, Session};

/// Sessions to one TA or PTA.
pub(in crate::growth) struct SessionSeries {
    pub(in crate::growth) uuid: Uuid,
    /// Open sessions, less the growth of idle iterations.
    pub(in crate::growth) open: Series,
    /// Sessions per idle iteration.
    pub(in crate::growth) idle: f64,
    /// Sessions that are open at the end and were not at the start.
    pub(in crate::growth) stayed: Vec<Session>,
}

/// The series of all TAs and PTAs that ever had an open session.
pub(in crate::growth) fn sessions(timeline: &Timeline<'_>) -> Vec<SessionSeries> {
    let idle_samples: Vec<_> = timeline.idle.iter().copied().map(Some).collect();
    let (idle, _) = follow(&idle_samples);
    let (columns, known) = follow(&timeline.measured);
    columns
        .into_iter()
        .map(|(uuid, column)| {
            let idle = idle.get(&uuid).map_or(0.0, |column| column.idle_rate().0);
            let mut open = column.objects(0, true);
            open.subtract(idle);
            let lasting_sessions =
                known.iter().filter(|(session, born)| session.uuid == uuid && **born > 0);
            let lasting_sessions = lasting_sessions.map(|(session, _)| *session).collect();
            SessionSeries { uuid, open, idle, stayed: lasting_sessions }
        })
        .collect()
}

/// Columns by UUID, and the sessions of the last snapshot with the iteration that opened them.
fn follow(samples: &[Option<&Sample>]) -> (BTreeMap<Uuid, Column>, BTreeMap<Session, usize>) {
    let complete = |sample: &Option<&Sample>| {
        sample.is_some_and(|sample| matches!(sample.sessions, Part::Complete(_)))
    };
    let empty = Column::new(samples.iter().map(complete));
    let first = samples.iter().position(complete);
    let mut columns: BTreeMap<Uuid, Column> = BTreeMap::new();
    let mut births: BTreeMap<Session, usize> = BTreeMap::new();
    for (at, sample) in samples.iter().enumerate() {
        let Some(Part::Complete(open)) = sample.map(|sample| &sample.sessions) else { continue };
        let fresh = if Some(at) == first { 0 } else { at };
        let birth = |session: &Session| births.get(session).copied().unwrap_or(fresh);
        let live_sessions: BTreeMap<_, _> =
            open.iter().map(|session| (*session, birth(session))).collect();
        for (session, born) in &live_sessions {
            let column = columns.entry(session.uuid).or_insert_with(|| empty.clone());
            column.add(at, Some(*born), 1, 0);
        }
        births = live_sessions;
    }
    (columns, births)
}
