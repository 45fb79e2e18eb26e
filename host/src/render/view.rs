//! What renderers of every format are handed: the observation, and what the analyses conclude from it.

use teeleak_analysis::{audit::Report, model::Observation, pools::oom};

/// What there is to say.
#[derive(Clone, Copy)]
pub(crate) struct ReportView<'t> {
    /// What was seen.
    pub(crate) observation: &'t Observation,
    /// What the analyses say of it.
    pub(crate) report: &'t Report,
    /// Which pool ran out, where one did.
    pub(crate) short: Option<&'t oom::Verdict>,
}
