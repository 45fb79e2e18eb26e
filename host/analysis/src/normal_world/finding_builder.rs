//! A builder for findings.

use crate::{
    fingerprint::fingerprint,
    model::{
        Evidence, Figure, FigureKind, Finding, FindingKind, Fingerprint, Listing, Severity,
        SourceLocation, Subject, Unit, Verdict,
    },
    text,
};

/// A finding under construction; its fingerprint is its kind and subject.
pub(super) struct FindingBuilder(Finding);

impl FindingBuilder {
    pub(super) fn new(
        kind: FindingKind,
        subject: Subject,
        severity: Severity,
        title: String,
    ) -> Self {
        Self(Finding {
            kind,
            severity,
            verdict: None,
            fingerprint: fingerprint(kind, &subject, &[]),
            subject,
            title: title.into(),
            headline: None,
            figures: Vec::new(),
            evidence: Vec::new(),
            cause: None,
            blame: None,
            next_step: "".into(),
        })
    }

    pub(super) fn verdict(mut self, verdict: Verdict) -> Self {
        self.0.verdict = Some(verdict);
        self
    }

    #[expect(clippy::cast_precision_loss, reason = "figures above 2^53 lose their lowest bits")]
    pub(super) fn figure(mut self, kind: FigureKind, value: u64, unit: Unit) -> Self {
        let value = value as f64;
        self.0.figures.push(Figure::new(kind, value, unit));
        self
    }

    pub(super) fn figures(mut self, figures: impl IntoIterator<Item = Figure>) -> Self {
        self.0.figures.extend(figures);
        self
    }

    pub(super) fn text(self, text: &str) -> Self {
        self.evidence([Evidence::Text(text.into())])
    }

    /// Adds a sentence with its place.
    pub(super) fn evidence_at(self, text: &str, place: &SourceLocation) -> Self {
        self.text(&format!("{text} ({})", text::place(place)))
    }

    pub(super) fn evidence(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.0.evidence.extend(evidence);
        self
    }

    pub(super) fn cause(mut self, of: Option<Fingerprint>, why: &str) -> Self {
        self.0.cause = of.map(|of| (of, why.into()));
        self
    }

    pub(super) fn next(mut self, next_step: &str) -> Finding {
        self.0.next_step = next_step.into();
        self.0
    }
}

/// The subject of this name in a listing.
pub(super) fn holding(listing: Listing, name: &str, pid: Option<u64>) -> Subject {
    Subject::Holding { listing, name: name.into(), pid }
}
