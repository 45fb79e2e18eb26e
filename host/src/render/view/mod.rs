//! The view of a report that all renderers share: the same words and numbers in every format.

pub(crate) mod finding;
pub(crate) mod report;

use teeleak_analysis::{audit::Report, model::Observation, pools::oom};

/// Input of a renderer.
#[derive(Clone, Copy)]
pub(crate) struct ReportView<'t> {
    /// The observation.
    pub(crate) observation: &'t Observation,
    /// The report of the analyses.
    pub(crate) report: &'t Report,
    /// The out-of-memory verdict, if a pool ran out.
    pub(crate) short: Option<&'t oom::OomVerdict>,
}
