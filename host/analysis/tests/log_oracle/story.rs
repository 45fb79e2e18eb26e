//! What happens in a story, and what is true of it.

use std::collections::BTreeMap;

use teeleak_analysis::{
    audit::Conclusion,
    model::{IncidentKind, PoolKind},
};

/// An allocation site: `FILE:LINE` and the size of its objects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct SiteName {
    pub(crate) place: &'static str,
    pub(crate) size: u64,
}

/// Live objects by site.
pub(crate) type Census = BTreeMap<SiteName, u64>;

/// Something that happens, in the words of no release.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Something that no other step gives evidence of.
    Once(Box<Self>),
    /// A line of the normal world.
    App(String),
    /// `mdbg_check` of the TEE core.
    Dump(Census),
    /// `mdbg_check` of a TA.
    TaDump(Census),
    /// A session with the TA is opened, and the TA loaded if it has none.
    Open(&'static str),
    /// The youngest session with the TA is closed.
    Close(&'static str),
    /// Opening a session fails with the code.
    FailedOpen(&'static str, &'static str),
    /// The status of a TA with so many regions.
    Regions(&'static str, usize),
    /// A line of a TA, by function.
    Ta(&'static str, String),
    /// `print_oom` for so many bytes.
    OutOfMemory(u64),
    /// A TA panics and prints its status.
    TaPanic(&'static str, u32),
    /// The core panics.
    CorePanic,
    /// `xtest --stats --alloc`.
    Pool(PoolTable),
    /// The TEE restarts.
    Boot,
    /// `xtest --stats --ta`: TA and bytes of its heap in use.
    TaHeap(&'static str, u64),
}

/// The core heap as xtest prints it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolTable {
    pub(crate) allocated: u64,
    pub(crate) failed: u64,
    pub(crate) biggest_failed: u64,
}

/// Something that a report must or may say.
#[derive(Clone, Debug)]
pub(crate) enum Fact {
    /// The site gains objects per iteration.
    Site(SiteName, f64),
    /// The TA gains regions per iteration.
    Regions(&'static str, f64),
    /// So many sessions of the TA were never closed.
    Sessions(&'static str, u64),
    /// So many steps broke the rule of this name in fingerprints.
    Order(&'static str, u64),
    /// So many resources of this name of the video path were never released.
    Unreleased(&'static str, u64),
    /// The pool gains bytes per iteration.
    PoolGrowth(PoolKind, f64),
    /// An allocation from the pool failed.
    PoolShortage(PoolKind),
    /// The heap of the TA gains bytes per iteration.
    TaHeap(&'static str, f64),
    /// Memory ran out, whatever the pool.
    OutOfMemory,
    /// An incident of this kind was recorded so many times.
    Incident(IncidentKind, usize),
}

/// What is true of a story.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    /// Right conclusions.
    pub(crate) conclusions: Vec<Conclusion>,
    /// What the report must say.
    pub(crate) musts: Vec<Fact>,
    /// What it may say as well.
    pub(crate) mays: Vec<Fact>,
    /// Whether something is wrong, so that `clean` is wrong however damaged the log is.
    pub(crate) is_guilty: bool,
}

/// A story with its truth.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) steps: Vec<Step>,
    pub(crate) truth: Truth,
}

impl Story {
    /// Nothing is wrong, and the report says so.
    pub(crate) fn innocent(steps: Vec<Step>) -> Self {
        let truth = Truth {
            conclusions: vec![Conclusion::Clean],
            musts: Vec::new(),
            mays: Vec::new(),
            is_guilty: false,
        };
        Self { steps, truth }
    }

    /// Something is wrong: one of these conclusions, and these facts.
    pub(crate) fn guilty(steps: Vec<Step>, conclusions: &[Conclusion], musts: Vec<Fact>) -> Self {
        let conclusions = conclusions.to_vec();
        let truth = Truth { conclusions, musts, mays: Vec::new(), is_guilty: true };
        Self { steps, truth }
    }

    /// The report may say that, too.
    pub(crate) fn or(mut self, may: Fact) -> Self {
        self.truth.mays.push(may);
        self
    }

    /// These conclusions are right, too.
    pub(crate) fn or_ends_with(mut self, conclusions: &[Conclusion]) -> Self {
        self.truth.conclusions.extend(conclusions);
        self
    }

    /// The report must say that, too.
    pub(crate) fn and(mut self, must: Fact) -> Self {
        self.truth.musts.push(must);
        self
    }

    /// Without ids of closed sessions nobody can know which were not closed.
    pub(crate) fn without_session_ids(mut self) -> Self {
        let is_of_sessions = |fact: &mut Fact| matches!(fact, Fact::Sessions(..));
        let unknown = self.truth.musts.extract_if(.., is_of_sessions);
        self.truth.mays.extend(unknown);
        self
    }

    /// The censuses of the dumps since the TEE started, in order.
    pub(crate) fn dumps(&self) -> impl Iterator<Item = &Census> {
        let boot = self.steps.iter().rposition(|step| matches!(step, Step::Boot));
        self.steps[boot.unwrap_or(0)..].iter().filter_map(|step| match step {
            Step::Dump(census) => Some(census),
            _ => None,
        })
    }
}
