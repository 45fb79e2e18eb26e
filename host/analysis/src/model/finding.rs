//! Findings: results of an analysis, with their evidence.

use super::Birthplace;
use super::Blame;
use super::Event;
use super::Figure;
use super::FigureKind;
use super::FindingKind;
use super::Frame;
use super::KnownLeak;
use super::SourceLocation;
use super::Subject;
use std::fmt;
use std::sync::Arc;

/// How a finding counts for the exit code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Reported, not counted as a failure: warm-up, a step, an accepted finding.
    Note,
    /// A possible failure: inconclusive, or something was lost.
    Possible,
    /// A failure.
    Failure,
}

impl Severity {
    /// All values.
    pub const ALL: [Self; 3] = [Self::Note, Self::Possible, Self::Failure];

    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Possible => "possible",
            Self::Failure => "failure",
        }
    }
}

/// The result of the growth analysis of a series.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verdict {
    /// A leak: growth without end.
    Leak,
    /// Growth that stopped after the first iterations.
    WarmUp,
    /// A single rise.
    Step,
    /// Objects come and go.
    Oscillation,
    /// No growth.
    Clean,
    /// Inconclusive after these iterations.
    Undecided,
}

impl Verdict {
    /// All values.
    pub const ALL: [Self; 6] =
        [Self::Leak, Self::WarmUp, Self::Step, Self::Oscillation, Self::Clean, Self::Undecided];

    /// Its name in JSON.
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
    /// Keys in words: "channel 3".
    pub keys: Arc<str>,
    /// The event.
    pub event: Event,
}

/// A piece of evidence of a finding.
#[derive(Clone, PartialEq, Debug)]
pub enum Evidence {
    /// A sentence that can be checked by hand.
    Text(Arc<str>),
    /// The sentence that lists the outstanding resources that the title counts.
    Outstanding(Arc<str>),
    /// Objects live at the end, by epoch of their allocation: (epoch, count).
    Survivors(Vec<(u32, u64)>),
    /// In which calls these were made, most of them first.
    Birthplaces(Vec<Birthplace>),
    /// A series: (iteration, value).
    Series(Vec<(u32, f64)>),
    /// The shortest sequence of events that proves the finding.
    Sequence(Vec<StepRef>),
    /// The correct order.
    Expected(Arc<str>),
    /// Steps any of which should have come and never did.
    Missing(Vec<Arc<str>>),
    /// A place in a source.
    At(SourceLocation),
    /// A further subject of the same finding: sites that grow together.
    Member(Subject, Vec<Figure>),
    /// The call stack that the subject's allocations were made from.
    CallStack(Vec<Frame>),
    /// A leak of OP-TEE itself that this may be. Several are equally good matches.
    Known(KnownLeak),
}

/// A finding's identity across runs, builds and moved source lines.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fingerprint(pub Arc<str>);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One result of an analysis.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// Its kind.
    pub kind: FindingKind,
    /// How it counts for the exit code.
    pub severity: Severity,
    /// Result of the growth analysis, if it is about growth.
    pub verdict: Option<Verdict>,
    /// Its subject.
    pub subject: Subject,
    /// One-line summary.
    pub title: Arc<str>,
    /// The title in fewer words, for a line that stands for several findings.
    pub headline: Option<Arc<str>>,
    /// Its figures.
    pub figures: Vec<Figure>,
    /// Its evidence.
    pub evidence: Vec<Evidence>,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Fingerprint of the finding that causes this one, with the reason.
    pub cause: Option<(Fingerprint, Arc<str>)>,
    /// Who is to blame for it, if the facts show anything about that.
    pub blame: Option<Blame>,
    /// What to do next.
    pub next_step: Arc<str>,
}

impl Finding {
    /// The first figure of this kind.
    #[must_use]
    pub fn figure(&self, kind: FigureKind) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.kind == kind)
    }

    /// Makes a failure a possible one.
    pub fn doubt(&mut self) {
        self.severity = self.severity.min(Severity::Possible);
    }

    /// In which calls what stays was made, most of it first; empty if no call is recorded.
    #[must_use]
    pub fn birthplaces(&self) -> &[Birthplace] {
        let places = self.evidence.iter().find_map(|evidence| match evidence {
            Evidence::Birthplaces(places) => Some(places.as_slice()),
            _ => None,
        });
        places.unwrap_or_default()
    }

    /// The leaks of OP-TEE itself that it may be.
    pub fn known_leaks(&self) -> impl Iterator<Item = &KnownLeak> {
        self.evidence.iter().filter_map(|evidence| match evidence {
            Evidence::Known(leak) => Some(leak),
            _ => None,
        })
    }

    /// Further iterations that would decide it, if known.
    #[must_use]
    pub fn iterations_to_decide(&self) -> Option<u32> {
        let figure = self.figure(FigureKind::ToDecide)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        Some(figure.value as u32)
    }
}
