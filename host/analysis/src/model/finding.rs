//! Findings: what an analysis says, with its evidence.

use super::Event;
use super::Figure;
use super::FigureKind;
use super::Kind;
use super::Place;
use super::Subject;
use std::fmt;
use std::sync::Arc;

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

impl Severity {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Note, Self::Possible, Self::Failure];

    /// In one word, as JSON has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Possible => "possible",
            Self::Failure => "failure",
        }
    }
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

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Leak, Self::WarmUp, Self::Step, Self::Oscillation, Self::Clean, Self::Undecided];

    /// In one word, as JSON has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leak => "leak",
            Self::WarmUp => "warm_up",
            Self::Step => "step",
            Self::Oscillation => "oscillation",
            Self::Clean => "clean",
            Self::Undecided => "undecided",
        }
    }
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
    /// The sentence that lists what was never released, which the title counts.
    Outstanding(Arc<str>),
    /// Objects alive at the end by the epoch they were born in: (epoch, count).
    Survivors(Vec<(u32, u64)>),
    /// A series: (iteration, value).
    Series(Vec<(u32, f64)>),
    /// The shortest sequence of events that shows it.
    Sequence(Vec<StepRef>),
    /// What the right order would have been.
    Expected(Arc<str>),
    /// Steps any of which should have come and never did.
    Missing(Vec<Arc<str>>),
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

impl Finding {
    /// Its first figure of this kind.
    #[must_use]
    pub fn figure(&self, kind: FigureKind) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.kind == kind)
    }

    /// How many more iterations would decide it, where that can be said.
    #[must_use]
    pub fn iterations_to_decide(&self) -> Option<u32> {
        let figure = self.figure(FigureKind::ToDecide)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        Some(figure.value as u32)
    }
}
