//! Calls of one thread: matches each start with its end.

use std::sync::Arc;

use teeleak_proto::Uuid;

use super::{fields::TraceParams, line::ProbeHit, probes::ProbeAction};

/// Deepest nesting of calls: opening a session closes it again if the reply is invalid.
const NESTED: usize = 3;

/// The start of a call.
#[derive(Clone, Debug)]
pub(super) struct CallStart {
    pub(super) act: ProbeAction,
    pub(super) begin_ns: u64,
    pub(super) pid: Option<u32>,
    pub(super) comm: Arc<str>,
    pub(super) uuid: Option<Uuid>,
    pub(super) cmd: u32,
    /// 0 for an open, whose session does not exist yet.
    pub(super) session: u32,
    n_params: u32,
    pub(super) params: TraceParams,
    /// Whether it is nested in a call of the same thread.
    pub(super) inner: bool,
}

/// The end of a call.
#[derive(Clone, Debug)]
pub(super) struct CallEnd {
    act: ProbeAction,
    pub(super) end_ns: u64,
    pub(super) pid: Option<u32>,
    /// Return value of the kernel function.
    pub(super) code: i32,
    pub(super) ret: u32,
    pub(super) origin: u32,
    pub(super) session: u32,
    cmd: u32,
    /// The parameters, for each possible number of them.
    params: [Option<TraceParams>; 5],
}

/// A thread.
#[derive(Debug, Default)]
pub(super) struct Thread {
    within: Vec<CallStart>,
    /// An end that came before its start: buffers of two CPUs are read one after the other.
    early: Option<CallEnd>,
}

/// The result of a hit.
pub(super) enum HitOutcome {
    /// Nothing yet.
    Pending,
    /// A call, with its start and end.
    Call(Box<(CallStart, CallEnd)>),
    /// A field is missing or invalid.
    Broken,
}

impl CallStart {
    pub(super) fn read(hit: &ProbeHit<'_>) -> Option<Self> {
        let fields = &hit.fields;
        let act = hit.probe.act;
        let has_params = matches!(act, ProbeAction::Open | ProbeAction::Invoke);
        let n_params = if has_params { fields.word("n")?.min(4) } else { 0 };
        let session = if act == ProbeAction::Open { 0 } else { fields.word("session")? };
        Some(Self {
            act,
            begin_ns: hit.ns.0,
            pid: hit.pid,
            comm: fields.comm()?.into(),
            uuid: if act == ProbeAction::Open { Some(fields.uuid()?) } else { None },
            cmd: if act == ProbeAction::Invoke { fields.word("cmd")? } else { 0 },
            session,
            n_params,
            params: fields.params(n_params)?,
            inner: false,
        })
    }

    /// Whether `end` is the end of this call, by all common fields.
    fn is_ended_by(&self, end: &CallEnd) -> bool {
        let same_session = self.act == ProbeAction::Open || self.session == end.session;
        let end_params = self.params_after(end);
        let has_same_params = end_params.is_some_and(|after| self.params.goes_on_as(&after));
        self.act == end.act && self.cmd == end.cmd && same_session && has_same_params
    }

    /// Parameters at the end.
    pub(super) fn params_after(&self, end: &CallEnd) -> Option<TraceParams> {
        *end.params.get(usize::try_from(self.n_params).ok()?)?
    }
}

impl CallEnd {
    pub(super) fn read(hit: &ProbeHit<'_>) -> Option<Self> {
        let fields = &hit.fields;
        let act = hit.probe.act;
        let has_result = matches!(act, ProbeAction::Open | ProbeAction::Invoke);
        Some(Self {
            act,
            end_ns: hit.ns.1,
            pid: hit.pid,
            code: fields.code("rc")?,
            ret: if has_result { fields.word("ret")? } else { 0 },
            origin: if has_result { fields.word("origin")? } else { 0 },
            session: fields.word("session")?,
            cmd: if act == ProbeAction::Invoke { fields.word("cmd")? } else { 0 },
            params: [0, 1, 2, 3, 4].map(|n| fields.params(n)),
        })
    }
}

impl Thread {
    /// Whether no call is open.
    pub(super) fn is_idle(&self) -> bool {
        self.within.is_empty() && self.early.is_none()
    }

    /// The open calls.
    pub(super) fn open_calls(&self) -> &[CallStart] {
        &self.within
    }

    /// Adds a start; open calls that it rules out are counted as `lost`.
    pub(super) fn begin(&mut self, mut begun: CallStart, lost: &mut u64) -> HitOutcome {
        if let Some(end) = self.early.take() {
            if end.end_ns >= begun.begin_ns && begun.is_ended_by(&end) {
                return HitOutcome::Call(Box::new((begun, end)));
            }
            *lost += 1;
        }
        let is_expected = match self.within.last().map(|around| around.act) {
            None => true,
            Some(ProbeAction::Close) => begun.act == ProbeAction::Shut,
            Some(ProbeAction::Open) => matches!(begun.act, ProbeAction::Close | ProbeAction::Shut),
            Some(_) => false,
        };
        if !is_expected || self.within.len() == NESTED {
            *lost += self.within.len() as u64;
            self.within.clear();
        }
        begun.inner = !self.within.is_empty();
        self.within.push(begun);
        HitOutcome::Pending
    }

    /// Adds an end.
    pub(super) fn end(&mut self, end: CallEnd, lost: &mut u64) -> HitOutcome {
        let index = self.within.iter().rposition(|begun| begun.is_ended_by(&end));
        let Some(at) = index else {
            *lost += u64::from(self.early.replace(end).is_some());
            return HitOutcome::Pending;
        };
        // Nested calls should have ended before.
        *lost += (self.within.len() - at - 1) as u64;
        self.within.truncate(at + 1);
        match self.within.pop() {
            Some(begun) => HitOutcome::Call(Box::new((begun, end))),
            None => HitOutcome::Pending,
        }
    }

    /// Drops the open calls: after lost hits, an end may belong to another start.
    pub(super) fn forget(&mut self) {
        self.within.clear();
    }

    /// Number of ends without a start.
    pub(super) fn unbegun(&self) -> u64 {
        u64::from(self.early.is_some())
    }
}
