//! Findings about growth, from judged series.

mod families;
mod group;
mod idle;
mod instances;
pub(crate) mod last_fall;
mod regions;
mod sessions;
mod sites;
mod ta_growth;
pub(crate) mod words;

use std::{collections::HashMap, sync::Arc};

use super::collect::RunTimeline;
use crate::model::{Finding, Fingerprint, Observation};

/// Options of the growth report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GrowthOptions {
    /// Whether warm-up and steps are reported as notes.
    pub notes: bool,
}

impl Default for GrowthOptions {
    fn default() -> Self {
        Self { notes: true }
    }
}

/// Growth in an observation: allocation sites, regions of TAs, sessions, instances of TAs.
///
/// Failures come first, then possible findings, then notes; sites by bytes. Missing data leaves gaps
/// and is never taken as zero; the observation itself lists what was not observed.
#[must_use]
pub fn findings(observation: &Observation, options: &GrowthOptions) -> Vec<Finding> {
    let timeline = RunTimeline::new(&observation.samples);
    let mut findings = regions::findings(&timeline, *options);
    findings.extend(sessions::findings(&timeline, *options));
    findings.extend(instances::findings(&timeline, *options));
    findings.extend(sites::findings(&timeline, observation, *options));
    findings.extend(idle::findings(&timeline, observation));
    // Stable: a TA's regions and sessions come before their allocation sites.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    distinguish(&mut findings);
    findings
}

/// Numbers findings of one report with the same fingerprint.
pub(crate) fn distinguish(findings: &mut [Finding]) {
    let mut counts: HashMap<Fingerprint, u32> = HashMap::new();
    for finding in findings {
        let times = counts.entry(finding.fingerprint.clone()).or_default();
        *times += 1;
        if *times > 1 {
            let text = format!("{}#{times}", finding.fingerprint);
            finding.fingerprint = Fingerprint(Arc::from(text));
        }
    }
}
