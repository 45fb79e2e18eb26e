//! Input of all renderers: the observation and the report of the analyses.

use teeleak_analysis::{audit::Report, model::Observation, pools::oom};

/// Input of a renderer.
#[derive(Clone, Copy)]
pub(crate) struct ReportView<'t> {
    /// The observation.
    pub(crate) observation: &'t Observation,
    /// The report of the analyses.
    pub(crate) report: &'t Report,
    /// The out-of-memory verdict, if a pool ran out.
    pub(crate) short: Option<&'t oom::Verdict>,
}
