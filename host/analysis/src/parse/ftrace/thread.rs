//! Calls of one thread: matches each start with its end.

use std::sync::Arc;

use teeleak_proto::Uuid;

use super::{fields::Params, line::Hit, probes::Act};

/// Deepest nesting of calls: opening a session closes it again if the reply is invalid.
const NESTED: usize = 3;

/// The start of a call.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    pub(super) act: Act,
    pub(super) begin_ns: u64,
    pub(super) pid: Option<u32>,
    pub(super) comm: Arc<str>,
    pub(super) uuid: Option<Uuid>,
    pub(super) cmd: u32,
    /// 0 for an open, whose session does not exist yet.
    pub(super) session: u32,
    n_params: u32,
    pub(super) params: Params,
    /// Whether it is nested in a call of the same thread.
    pub(super) inner: bool,
}

/// The end of a call.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    act: Act,
    pub(super) end_ns: u64,
    pub(super) pid: Option<u32>,
    /// Return value of the kernel function.
    pub(super) code: i32,
    pub(super) ret: u32,
    pub(super) origin: u32,
    pub(super) session: u32,
    cmd: u32,
    /// The parameters, for each possible number of them.
    params: [Option<Params>; 5],
}

/// A thread.
#[derive(Debug, Default)]
pub(super) struct Thread {
    within: Vec<Begun>,
    /// An end that came before its start: buffers of two CPUs are read one after the other.
    early: Option<Ended>,
}

/// The result of a hit.
pub(super) enum Outcome {
    /// Nothing yet.
    Pending,
    /// A call, with its start and end.
    Call(Box<(Begun, Ended)>),
    /// A field is missing or invalid.
    Broken,
}

impl Begun {
    pub(super) fn read(hit: &Hit<'_>) -> Option<Self> {
        let fields = &hit.fields;
        let act = hit.probe.act;
        let has_params = matches!(act, Act::Open | Act::Invoke);
        let n_params = if has_params { fields.word("n")?.min(4) } else { 0 };
        let session = if act == Act::Open { 0 } else { fields.word("session")? };
        Some(Self {
            act,
            begin_ns: hit.ns.0,
            pid: hit.pid,
            comm: fields.comm()?.into(),
            uuid: if act == Act::Open { Some(fields.uuid()?) } else { None },
            cmd: if act == Act::Invoke { fields.word("cmd")? } else { 0 },
            session,
            n_params,
            params: fields.params(n_params)?,
            inner: false,
        })
    }

    /// Whether `end` is the end of this call, by all common fields.
    fn is_ended_by(&self, end: &Ended) -> bool {
        let same_session = self.act == Act::Open || self.session == end.session;
        let end_params = self.params_after(end);
        let has_same_params = end_params.is_some_and(|after| self.params.goes_on_as(&after));
        self.act == end.act && self.cmd == end.cmd && same_session && has_same_params
    }

    /// Parameters at the end.
    pub(super) fn params_after(&self, end: &Ended) -> Option<Params> {
        *end.params.get(usize::try_from(self.n_params).ok()?)?
    }
}

impl Ended {
    pub(super) fn read(hit: &Hit<'_>) -> Option<Self> {
        let fields = &hit.fields;
        let act = hit.probe.act;
        let has_result = matches!(act, Act::Open | Act::Invoke);
        Some(Self {
            act,
            end_ns: hit.ns.1,
            pid: hit.pid,
            code: fields.code("rc")?,
            ret: if has_result { fields.word("ret")? } else { 0 },
            origin: if has_result { fields.word("origin")? } else { 0 },
            session: fields.word("session")?,
            cmd: if act == Act::Invoke { fields.word("cmd")? } else { 0 },
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
    pub(super) fn open_calls(&self) -> &[Begun] {
        &self.within
    }

    /// Adds a start; open calls that it rules out are counted as `lost`.
    pub(super) fn begin(&mut self, mut begun: Begun, lost: &mut u64) -> Outcome {
        if let Some(end) = self.early.take() {
            if end.end_ns >= begun.begin_ns && begun.is_ended_by(&end) {
                return Outcome::Call(Box::new((begun, end)));
            }
            *lost += 1;
        }
        let is_expected = match self.within.last().map(|around| around.act) {
            None => true,
            Some(Act::Close) => begun.act == Act::Shut,
            Some(Act::Open) => matches!(begun.act, Act::Close | Act::Shut),
            Some(_) => false,
        };
        if !is_expected || self.within.len() == NESTED {
            *lost += self.within.len() as u64;
            self.within.clear();
        }
        begun.inner = !self.within.is_empty();
        self.within.push(begun);
        Outcome::Pending
    }

    /// Adds an end.
    pub(super) fn end(&mut self, end: Ended, lost: &mut u64) -> Outcome {
        let index = self.within.iter().rposition(|begun| begun.is_ended_by(&end));
        let Some(at) = index else {
            *lost += u64::from(self.early.replace(end).is_some());
            return Outcome::Pending;
        };
        // Nested calls should have ended before.
        *lost += (self.within.len() - at - 1) as u64;
        self.within.truncate(at + 1);
        match self.within.pop() {
            Some(begun) => Outcome::Call(Box::new((begun, end))),
            None => Outcome::Pending,
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
