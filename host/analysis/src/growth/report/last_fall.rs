//! Sites that grew in each printed dump but the last.
//!
//! Nothing marks the end of a dump, so that lines which get lost in the last one, or the end of the text, look like
//! memory that was freed.

use std::sync::Arc;

use crate::{
    growth::collect::{self, RunTimeline},
    model::{Observation, Reason, Sample},
    text,
};

/// Most sites that are named.
const MOST: usize = 5;

/// A doubt about the sites that have less in the last dump, if there are any.
pub(crate) fn doubt(observation: &Observation) -> Option<Arc<str>> {
    let timeline = RunTimeline::new(&observation.samples);
    timeline.measured.iter().flatten().next_back().filter(|last| is_printed(last))?;
    let sites = collect::sites(&timeline, &observation.samples, &observation.core_functions);
    let names: Vec<_> = { sites.iter().filter(|site| site.objects.falls_last()) }
        .map(|site| format!("{}:{}", site.key.file, site.key.line))
        .collect();
    let named = text::list_up_to(&names, MOST);
    (!names.is_empty()).then(|| {
        format!(
            "{named} grew up to the last dump, which has less: freed at the end, or lines of that dump are missing"
        )
        .into()
    })
}

/// Whether lines of a console show it: those of our PTA come whole.
fn is_printed(sample: &Sample) -> bool {
    sample.owners.gap().is_some_and(|gap| gap.reason == Reason::NotOffered)
}
