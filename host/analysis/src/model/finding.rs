//! Findings: what an analysis says, with its evidence.

use std::{fmt, sync::Arc};

use teeleak_proto::Uuid;

use super::{Event, Place};

/// What kind of thing was found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Allocation sites that grow.
    SiteGrowth,
    /// A TA instance whose regions grow.
    RegionGrowth,
    /// Sessions that stay open.
    SessionGrowth,
    /// A pool that fills.
    PoolGrowth,
    /// Acquired and never released.
    Unpaired,
    /// Steps in the wrong order.
    Order,
    /// Two ledgers that should agree and don't.
    Disagreement,
}

/// How much a finding weighs for the exit code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Told, but no failure: warm-up, a step, an accepted finding.
    Note,
    /// Could be one; something was lost.
    Possible,
    /// A failure.
    Failure,
}

/// What the growth analysis says of a series.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verdict {
    /// Every iteration leaves something behind, without end.
    Leak,
    /// It grew at first and then stopped.
    WarmUp,
    /// It rose once.
    Step,
    /// It comes and goes.
    Oscillation,
    /// It stays as it is.
    Clean,
    /// The iterations do not decide.
    Undecided,
}

/// What something is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// An allocation site.
    Site {
        /// Source file.
        file: Arc<str>,
        /// Source line.
        line: u32,
        /// Bytes requested by each.
        size: u64,
        /// TA or PTA it is for, where known.
        owner: Option<Uuid>,
        /// Function or offset it was called from, where known.
        caller: Option<Arc<str>>,
    },
    /// A TA.
    Ta(Uuid),
    /// A pool, by name.
    Pool(Arc<str>),
    /// Something that a ledger of the normal world lists.
    Holding {
        /// The ledger: a slab cache, page_owner, dma-bufs.
        ledger: Arc<str>,
        /// What it lists: a function, a process, a heap.
        name: Arc<str>,
    },
    /// A resource of a protocol.
    Resource {
        /// Protocol.
        protocol: Arc<str>,
        /// Kind of resource.
        resource: Arc<str>,
    },
}

/// What a figure counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Unit {
    /// Bytes per iteration.
    BytesPerIteration,
    /// Objects per iteration.
    ObjectsPerIteration,
    /// Bytes.
    Bytes,
    /// Calls per iteration.
    CallsPerIteration,
    /// Objects.
    Objects,
    /// Calls, of which each is one step that was taken.
    Calls,
    /// Iterations.
    Iterations,
    /// Nanoseconds.
    Nanoseconds,
}

/// A number with its unit and its source.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    /// What it is: "growth", "regions left".
    pub name: Arc<str>,
    /// How much.
    pub value: f64,
    /// Confidence interval at 95 %, where there is one.
    pub interval: Option<(f64, f64)>,
    /// In what.
    pub unit: Unit,
}

/// An event as part of a proof.
#[derive(Clone, PartialEq, Debug)]
pub struct StepRef {
    /// Name of the step in its protocol: "unmap".
    pub step: Arc<str>,
    /// Keys as a person reads them: "channel 3".
    pub keys: Arc<str>,
    /// The event.
    pub event: Event,
}

/// What a finding rests on.
#[derive(Clone, PartialEq, Debug)]
pub enum Evidence {
    /// A sentence that can be checked by hand.
    Text(Arc<str>),
    /// Objects alive at the end by the epoch they were born in: (epoch, count).
    Survivors(Vec<(u32, u64)>),
    /// A series: (iteration, value).
    Series(Vec<(u32, f64)>),
    /// The shortest sequence of events that shows it.
    Sequence(Vec<StepRef>),
    /// What the right order would have been.
    Expected(Arc<str>),
    /// A place to look at.
    At(Place),
    /// A further subject that belongs to the same finding: sites that grow together.
    Member(Subject, Vec<Figure>),
}

/// A finding's identity over runs, builds and line drift.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fingerprint(pub Arc<str>);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an analysis says.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// What kind of thing.
    pub kind: Kind,
    /// How much it weighs.
    pub severity: Severity,
    /// What the growth analysis says, where it is about growth.
    pub verdict: Option<Verdict>,
    /// What it is about.
    pub subject: Subject,
    /// One line that says it.
    pub title: Arc<str>,
    /// Numbers.
    pub figures: Vec<Figure>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// Fingerprint of the finding that explains this one, with the reason for the link.
    pub cause: Option<(Fingerprint, Arc<str>)>,
    /// What to do next.
    pub action: Arc<str>,
}
