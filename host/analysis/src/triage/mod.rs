//! Triage of findings: accepted ones, suppressed ones, and known fixes.
//!
//! ```toml
//! [[suppress]]                                             # a file for --suppress
//! fingerprint = "v1:site-growth:core/mm/mobj.c:*"          # a star stands for anything
//! reason = "ticket 4711: fixed in the next drop"
//! expires = 2027-03-31                                     # the last day on which it holds
//!
//! [[fixed]]                                                # a file for --notes
//! fingerprint = "v1:order:secure-video:mapping:release-after-parent:*"
//! version = "player 2.3"
//! note = "commit 5f3c: unmap before close_channel"
//! ```
//!
//! Invariants: a finding that is taken out of a report is in [`TriageReport::accepted`], with the rule; an
//! expired suppression takes out nothing and is reported; a note never changes what counts.

mod budget;
mod day;
mod glob;
mod read;

use std::{collections::BTreeSet, sync::Arc};

use budget::Budget;
pub use day::Day;

use crate::{
    mistake::Mistake,
    model::{Evidence, Fault, Finding, Severity, Verdict},
    text,
};

/// Position of a rule: file and line.
pub type RulePlace = (Arc<str>, usize);

/// Why a finding does not count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Excuse {
    /// It is in this baseline.
    Baseline(Arc<str>),
    /// It is suppressed.
    Suppressed {
        /// Position of the suppression.
        at: RulePlace,
        /// The reason.
        reason: Arc<str>,
        /// The last day of the suppression.
        until: Day,
    },
    /// A known cache of OP-TEE.
    Known(Arc<str>),
    /// It stays within a budget, in bytes per iteration.
    Budget(u64),
    /// Its fault is not selected by `--fail-on`.
    NotAsked,
}

/// A rule that excuses findings.
#[derive(Clone, Debug)]
struct TriageRule {
    /// Fingerprint pattern.
    pattern: Arc<str>,
    excuse: Excuse,
}

/// A version that fixes a finding.
#[derive(Clone, Debug)]
struct Fix {
    pattern: Arc<str>,
    version: Arc<str>,
    note: Option<Arc<str>>,
}

/// Rules, fixes and budgets.
#[derive(Clone, Debug, Default)]
pub struct Triage {
    rules: Vec<TriageRule>,
    fixes: Vec<Fix>,
    budgets: Vec<Budget>,
    /// The faults that count; `None` for all.
    pub asked: Option<Vec<Fault>>,
    /// The current day; without one nothing expires.
    pub today: Option<Day>,
}

/// A finding that does not count.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The finding.
    pub finding: Finding,
    /// Why it does not count.
    pub excuse: Excuse,
}

/// Findings after triage.
#[derive(Clone, Debug, Default)]
pub struct TriageReport {
    /// Findings that count.
    pub left: Vec<Finding>,
    /// Findings that do not count.
    pub accepted: Vec<Accepted>,
    /// Notes on the rules: expired ones, and ones that match nothing.
    pub suppression_notes: Vec<Arc<str>>,
}

impl Triage {
    /// Adds the rules for OP-TEE's own caches.
    pub fn add_known(&mut self) {
        let text = include_str!("../../known/optee-caches.toml");
        self.rules.extend(read::builtin_rules(text));
    }

    /// Adds the suppressions of a file; `source` is its name.
    ///
    /// # Errors
    /// All mistakes in the file, in its order.
    pub fn add_suppressions(&mut self, source: &str, text: &str) -> Result<(), Vec<Mistake>> {
        self.rules.extend(read::suppressions(source, text)?);
        Ok(())
    }

    /// Adds the notes of a file; `source` is its name.
    ///
    /// # Errors
    /// All mistakes in the file, in its order.
    pub fn add_notes(&mut self, source: &str, text: &str) -> Result<(), Vec<Mistake>> {
        self.fixes.extend(read::fixes(source, text)?);
        Ok(())
    }

    /// Adds the fingerprints of findings that were accepted before.
    pub fn add_baseline(&mut self, source: &str, fingerprints: impl IntoIterator<Item = Arc<str>>) {
        let source: Arc<str> = source.into();
        let rule = |pattern| TriageRule { pattern, excuse: Excuse::Baseline(Arc::clone(&source)) };
        self.rules.extend(fingerprints.into_iter().map(rule));
    }

    /// Allows `pattern` to grow by `bytes` per iteration: a file or FILE:LINE of a site, the UUID of a
    /// TA, or the name of a pool, with stars for anything.
    pub fn add_budget(&mut self, pattern: &str, bytes: u64) {
        self.budgets.push(Budget { pattern: pattern.into(), bytes });
    }

    /// Separates the findings that count from those that do not.
    #[must_use]
    pub fn apply(&self, findings: Vec<Finding>) -> TriageReport {
        let mut triaged = TriageReport::default();
        let mut used_rules = BTreeSet::new();
        for mut finding in findings {
            self.note(&mut finding);
            match self.excuse(&finding, &mut used_rules) {
                Some(excuse) => triaged.accepted.push(Accepted { finding, excuse }),
                None => triaged.left.push(finding),
            }
        }
        let rules = self.rules.iter().enumerate();
        triaged.suppression_notes = rules
            .filter_map(|(at, rule)| self.suppression_note(rule, used_rules.contains(&at)))
            .collect();
        let all_findings =
            || triaged.left.iter().chain(triaged.accepted.iter().map(|one| &one.finding));
        let unused_budgets =
            self.budgets.iter().filter(|budget| !all_findings().any(|one| budget.is_of(one)));
        let notes: Vec<_> = unused_budgets.map(Budget::unused_note).collect();
        triaged.suppression_notes.extend(notes);
        triaged
    }

    /// The excuse of the first rule that applies to a finding; adds all matching rules to `used`.
    fn excuse(&self, finding: &Finding, used: &mut BTreeSet<usize>) -> Option<Excuse> {
        if finding.severity == Severity::Note {
            return None;
        }
        let mut excuse = None;
        for (at, rule) in self.rules.iter().enumerate() {
            if !rule.matches(finding) {
                continue;
            }
            used.insert(at);
            if excuse.is_none() && !self.is_over(rule) {
                excuse = Some(rule.excuse.clone());
            }
        }
        excuse.or_else(|| self.budget_excuse(finding)).or_else(|| self.not_asked(finding))
    }

    fn budget_excuse(&self, finding: &Finding) -> Option<Excuse> {
        let budget = self.budgets.iter().find(|budget| budget.covers(finding))?;
        Some(Excuse::Budget(budget.bytes))
    }

    fn not_asked(&self, finding: &Finding) -> Option<Excuse> {
        let faults = self.asked.as_ref()?;
        (!faults.contains(&finding.kind.info().fault)).then_some(Excuse::NotAsked)
    }

    fn is_over(&self, rule: &TriageRule) -> bool {
        match (&rule.excuse, self.today) {
            (Excuse::Suppressed { until, .. }, Some(today)) => today > *until,
            _ => false,
        }
    }

    fn suppression_note(&self, rule: &TriageRule, used: bool) -> Option<Arc<str>> {
        let Excuse::Suppressed { at: (file, line), reason, until } = &rule.excuse else {
            return None;
        };
        let place = format!("{file}:{line}");
        if self.is_over(rule) {
            let effect = if used { "its findings count again" } else { "and it matches nothing" };
            return Some(
                format!("suppression at {place} expired after {until}: {effect} ({reason})").into(),
            );
        }
        (!used)
            .then(|| format!("suppression at {place} matches nothing: remove it ({reason})").into())
    }

    /// Adds the version that fixes a finding.
    fn note(&self, finding: &mut Finding) {
        let fixes =
            self.fixes.iter().filter(|fix| glob::matches(&fix.pattern, &finding.fingerprint.0));
        for Fix { version, note, .. } in fixes {
            let note = note.as_ref().map_or(String::new(), |note| format!(" ({note})"));
            let text = format!("fixed in {version}{note}");
            finding.next_step =
                format!("update to {version}, which fixes it; until then: {}", finding.next_step)
                    .into();
            finding.evidence.push(Evidence::Text(text.into()));
        }
    }
}

impl TriageRule {
    fn matches(&self, finding: &Finding) -> bool {
        // A cache stops growing. Growth without end is no cache, wherever it is allocated.
        let excusable = match self.excuse {
            Excuse::Known(_) => finding.verdict.is_some_and(|verdict| verdict != Verdict::Leak),
            _ => true,
        };
        excusable && glob::matches(&self.pattern, &finding.fingerprint.0)
    }
}

impl std::fmt::Display for Excuse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Baseline(source) => write!(f, "in the baseline {source}"),
            Self::Suppressed { at: (file, line), reason, until } => {
                write!(f, "suppressed at {file}:{line} until {until}: {reason}")
            }
            Self::Known(reason) => write!(f, "a cache of OP-TEE: {reason}"),
            Self::Budget(bytes) => {
                write!(f, "within the budget of {} bytes per iteration", text::number(*bytes))
            }
            Self::NotAsked => f.write_str("not selected by --fail-on"),
        }
    }
}

#[cfg(test)]
mod tests;
