//! Findings: judged series put together and into words.

mod group;
mod regions;
mod sessions;
mod sites;
pub(crate) mod words;

use std::{collections::HashMap, sync::Arc};

use super::collect::Timeline;
use crate::model::{Finding, Fingerprint, Observation};

/// What is reported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Whether warm-up and steps are told, too, as notes.
    pub notes: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { notes: true }
    }
}

/// All that grows in an observation: allocation sites, regions of TAs, sessions.
///
/// The worst come first: failures before possible ones before notes; sites by bytes.
/// What was not seen leaves gaps and is never taken as zero; the observation itself says what
/// could not be seen at all.
#[must_use]
pub fn findings(observation: &Observation, options: &Options) -> Vec<Finding> {
    let timeline = Timeline::new(&observation.samples);
    let mut findings = regions::findings(&timeline, *options);
    findings.extend(sessions::findings(&timeline, *options));
    findings.extend(sites::findings(&timeline, &observation.samples, *options));
    // Stable: what a TA keeps comes before the sites that keep it alive.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    tell_apart(&mut findings);
    findings
}

/// Two findings of the same identity in one report get a number each.
pub(crate) fn tell_apart(findings: &mut [Finding]) {
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
