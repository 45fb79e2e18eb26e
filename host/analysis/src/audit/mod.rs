//! All analyses of an observation in one report.
//!
//! ```text
//! Observation ── clients ── growth, pool, protocol ──> findings ── cause ──> linked findings ── conclude ──> Report
//! ```
//!
//! The report lists the findings and the gaps; the exit code follows from both.

mod conclusion;
mod coverage;
mod damage;
mod forecast;
mod hang;
mod news;
mod stated;
mod stories;
mod unused_files;

use std::sync::Arc;

pub use conclusion::{Conclusion, FindingWeight, conclude};
pub use coverage::Needs;
use stated::StatedFacts;
pub use stories::{effects, is_effect, stories, story};
use unused_files::unused_files;
pub use unused_files::{ProtocolFile, UnusedNote};

use crate::{
    birthplace, blame, cause, clients, growth, known_leaks,
    model::{
        Accounting, Canary, Finding, Fingerprint, Gap, Incident, Observation, Sample, Severity,
    },
    normal_world,
    one_look::OneLook,
    pools, protocol,
    protocol::{Limits, Pack, Protocol},
    ta_names::TaNames,
    triage::{Accepted, Triage, TriageReport},
};

/// Options of an audit.
#[derive(Clone, Debug)]
pub struct Options {
    /// Protocols that the events are checked against.
    pub protocols: Vec<Protocol>,
    /// The files of these protocols that the user named.
    pub asked: Vec<ProtocolFile>,
    /// Bounds of the protocol engine.
    pub limits: Limits,
    /// Options of the growth report.
    pub growth: growth::GrowthOptions,
    /// The data that a clean result requires.
    pub needs: Needs,
    /// Baseline, suppressions, budgets and notes.
    pub triage: Triage,
}

impl Default for Options {
    /// The builtin protocols for events of the TEE core; all data is required.
    fn default() -> Self {
        let implied = Pack::ALL.into_iter().filter(|pack| pack.implied);
        let read = |pack: Pack| Protocol::read(pack.name, pack.text).unwrap_or_default();
        Self {
            protocols: implied.flat_map(read).collect(),
            asked: Vec::new(),
            limits: Limits::default(),
            growth: growth::GrowthOptions::default(),
            needs: Needs::ALL,
            triage: Triage::default(),
        }
    }
}

/// The result of an audit.
#[derive(Clone, Debug)]
pub struct Report {
    /// All findings: the worst first, causes before their effects, notes last.
    pub findings: Vec<Finding>,
    /// Names of TAs that texts show in place of UUIDs.
    pub ta_names: TaNames,
    /// Growing pools of the normal world, one sentence each.
    pub pools: Vec<Arc<str>>,
    /// What the last look at each ledger of the normal world shows.
    pub ledgers: Vec<normal_world::LedgerFact>,
    /// Findings that do not count.
    pub accepted: Vec<Accepted>,
    /// Notes on the suppression rules: expired or unused ones.
    pub suppression_notes: Vec<Arc<str>>,
    /// What was not observed, the most important first.
    pub coverage: Vec<Gap>,
    /// Reasons why the run can't be called clean even without findings; empty if it can.
    pub doubts: Vec<Arc<str>>,
    /// Files of the user's own that nothing fits.
    pub unused_files: Vec<UnusedNote>,
    /// Which pool is full first because of what leaks, and when.
    pub forecast: Option<Arc<str>>,
    /// The incidents in a few words, if there are any.
    pub news: Option<Arc<str>>,
    /// How many snapshots found the canary.
    pub canary: Option<Canary>,
    /// Number of input lines or frames by outcome.
    pub accounting: Accounting,
    /// Events that were steps of a protocol.
    pub steps: u64,
    /// What follows from all that.
    pub conclusion: Conclusion,
    /// What is alive, if growth could not be judged.
    pub look: Option<OneLook>,
}

impl Report {
    /// The findings that count, in the order of their numbers.
    #[must_use]
    pub fn counted(&self) -> &[Finding] {
        &self.findings[..self.n_counted()]
    }

    /// The findings that do not count.
    #[must_use]
    pub fn notes(&self) -> &[Finding] {
        &self.findings[self.n_counted()..]
    }

    /// The findings that count and that no other one explains, in the order of their numbers.
    pub fn stories(&self) -> impl Iterator<Item = &Finding> {
        stories(&self.findings)
    }

    /// Number of the story with this fingerprint, from 1, the same in every format. `None` for an
    /// effect or a note.
    #[must_use]
    pub fn number(&self, fingerprint: &Fingerprint) -> Option<usize> {
        let index = self.stories().position(|one| one.fingerprint == *fingerprint)?;
        Some(index + 1)
    }

    /// Whether a finding shows all that is known of this incident.
    #[must_use]
    pub fn states(&self, incident: &Incident) -> bool {
        let has_more = !incident.stack.is_empty() || incident.details.registers.pc.is_some();
        !has_more && StatedFacts::new(self.counted()).has_incident(incident)
    }

    fn n_counted(&self) -> usize {
        self.findings.partition_point(|finding| finding.severity > Severity::Note)
    }
}

/// Runs all analyses; the first one adds to the observation which client caused which event.
#[must_use]
pub fn audit(observation: &mut Observation, options: &Options) -> Report {
    clients::settle(observation);
    let observation = &*observation;
    let mut protocols = options.protocols.clone();
    protocols.extend(normal_world::protocols(observation));
    let protocol_report = protocol::check(observation, &protocols, options.limits);
    let mut findings = growth::findings(observation, &options.growth);
    findings.extend(pools::findings(observation, &findings));
    findings.extend(protocol_report.findings);
    clients::blame(&mut findings);
    findings.extend(observation.clients.joined.iter().flat_map(|joined| joined.findings.clone()));
    cause::link(&mut findings, &protocol_report.ties, observation);
    normal_world::join(&mut findings, observation, &protocols);
    known_leaks::identify(&mut findings, observation);
    let mut normal_report = normal_world::audit(observation);
    known_leaks::identify_kernel(&mut normal_report.findings);
    findings.append(&mut normal_report.findings);
    birthplace::locate(&mut findings, &protocol_report.ties, observation);
    blame::assign(&mut findings, &protocol_report.ties, observation);
    if coverage::is_garbled(observation) {
        findings.iter_mut().for_each(Finding::doubt);
    }
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.kind));
    let triaged = options.triage.apply(findings);
    let TriageReport { left: findings, accepted, suppression_notes } = triaged;
    let findings = cause::sort(findings);
    let mut doubts = coverage::doubts(observation, options.needs, &findings);
    doubts.extend(hang::doubts(observation));
    doubts.extend(normal_report.doubts);
    let unused_files = unused_files(observation, &options.asked);
    // What the user asked for comes first.
    doubts.splice(0..0, unused_files.iter().filter_map(UnusedNote::doubt));
    let further = [protocol_report.gaps, normal_report.gaps].concat();
    let weights: Vec<_> = findings.iter().map(FindingWeight::from).collect();
    let conclusion = conclude(&weights, doubts.is_empty());
    Report {
        look: look(observation, conclusion),
        forecast: forecast::forecast(&findings).map(Into::into),
        ta_names: TaNames::new(&protocols),
        news: news::news(observation, &findings).map(Into::into),
        conclusion,
        findings,
        pools: normal_report.triage,
        ledgers: normal_report.facts,
        accepted,
        suppression_notes,
        coverage: coverage::gaps(observation, options.needs, &further),
        doubts,
        unused_files,
        canary: observation.canary,
        accounting: observation.accounting,
        steps: protocol_report.steps,
    }
}

/// What is alive: where growth could not be judged, and where nothing but figures of pools was seen.
fn look(observation: &Observation, conclusion: Conclusion) -> Option<OneLook> {
    let is_decided = conclusion != Conclusion::Inconclusive;
    let has_sites = |sample: &Sample| sample.all_sites().any(|(_, sites)| sites.value().is_some());
    let only_pools = !observation.samples.iter().any(has_sites);
    (!is_decided || only_pools).then(|| OneLook::new(observation, is_decided)).flatten()
}
