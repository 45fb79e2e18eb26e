//! Budgets: allowed growth.

use std::sync::Arc;

use super::glob;
use crate::{
    model::{Figure, Finding, Subject, Unit},
    text,
};

/// A pattern of names, and the growth per iteration that they may have.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    pub(super) pattern: Arc<str>,
    pub(super) bytes: u64,
}

impl Budget {
    /// Whether the pattern matches this finding.
    pub(super) fn is_of(&self, finding: &Finding) -> bool {
        let names = match &finding.subject {
            Subject::Site { file, line, .. } => [file.to_string(), format!("{file}:{line}")],
            Subject::Ta(uuid) => [uuid.to_string(), String::new()],
            Subject::Pool(pool) => [pool.label().into_owned(), pool.id().into_owned()],
            Subject::Holding { listing, name, .. } => {
                [name.to_string(), listing.label().to_owned()]
            }
            Subject::Resource { .. } => return false,
        };
        names.iter().any(|name| glob::matches(&self.pattern, name))
    }

    /// Whether it allows this finding: growth by an unknown number of bytes is not allowed.
    pub(super) fn covers(&self, finding: &Finding) -> bool {
        let growth = |one: &&Figure| one.unit == Unit::BytesPerIteration;
        let Some(growth) = finding.figures.iter().find(growth) else { return false };
        // The upper bound of the growth.
        let upper_bound = growth.interval.map_or(growth.value, |(_, high)| high.max(growth.value));
        #[expect(clippy::cast_precision_loss, reason = "budgets are far below 2^53 bytes")]
        let allowed = upper_bound <= self.bytes as f64;
        allowed && self.is_of(finding)
    }

    /// The note for a budget that matches no finding.
    pub(super) fn unused_note(&self) -> Arc<str> {
        let Self { pattern, bytes } = self;
        let bytes = text::number(*bytes);
        format!("the budget of {bytes} bytes per iteration for {pattern} matches no finding").into()
    }
}
