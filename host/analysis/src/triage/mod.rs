//! What somebody knows of findings already: accepted ones, suppressed ones, and what fixes them.
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
//! Invariants: what is taken out of a report is in [`Triaged::accepted`], with who took it out; a
//! suppression that has expired takes out nothing and is told; a note never changes what counts.

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

/// Where a rule stands: file and line.
pub type At = (Arc<str>, usize);

/// Why a finding does not count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Excuse {
    /// It was there before, by this baseline.
    Baseline(Arc<str>),
    /// Somebody suppressed it.
    Suppressed {
        /// Where.
        at: At,
        /// Why.
        reason: Arc<str>,
        /// The last day on which that holds.
        until: Day,
    },
    /// OP-TEE is known to keep it.
    Known(Arc<str>),
    /// It stays within a budget, in bytes per iteration.
    Budget(u64),
    /// Only other kinds of findings were asked for.
    NotAsked,
}

/// Something that may be excused.
#[derive(Clone, Debug)]
struct Rule {
    /// Fingerprint, with stars.
    pattern: Arc<str>,
    excuse: Excuse,
}

/// A version that fixes something.
#[derive(Clone, Debug)]
struct Fix {
    pattern: Arc<str>,
    version: Arc<str>,
    note: Option<Arc<str>>,
}

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct Triage {
    rules: Vec<Rule>,
    fixes: Vec<Fix>,
    budgets: Vec<Budget>,
    /// What counts; `None` for everything.
    pub asked: Option<Vec<Fault>>,
    /// The day on which it is judged; without one nothing expires.
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
pub struct Triaged {
    /// Those that count.
    pub left: Vec<Finding>,
    /// Those that don't.
    pub accepted: Vec<Accepted>,
    /// What is to be said of the rules: expired ones, and ones that nothing matches.
    pub remarks: Vec<Arc<str>>,
}

impl Triage {
    /// Adds what OP-TEE's own caches are known for.
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
        let rule = |pattern| Rule { pattern, excuse: Excuse::Baseline(Arc::clone(&source)) };
        self.rules.extend(fingerprints.into_iter().map(rule));
    }

    /// Lets what `pattern` names grow by so many bytes per iteration: a file or FILE:LINE of a site, the
    /// UUID of a TA, or the name of a pool, with stars for anything.
    pub fn add_budget(&mut self, pattern: &str, bytes: u64) {
        self.budgets.push(Budget { pattern: pattern.into(), bytes });
    }

    /// Takes out what does not count.
    #[must_use]
    pub fn apply(&self, findings: Vec<Finding>) -> Triaged {
        let mut triaged = Triaged::default();
        let mut used_rules = BTreeSet::new();
        for mut finding in findings {
            self.note(&mut finding);
            match self.excuse(&finding, &mut used_rules) {
                Some(excuse) => triaged.accepted.push(Accepted { finding, excuse }),
                None => triaged.left.push(finding),
            }
        }
        let remarks = self.rules.iter().enumerate();
        triaged.remarks =
            remarks.filter_map(|(at, rule)| self.remark(rule, used_rules.contains(&at))).collect();
        let all_findings =
            || triaged.left.iter().chain(triaged.accepted.iter().map(|one| &one.finding));
        let unused_budgets =
            self.budgets.iter().filter(|budget| !all_findings().any(|one| budget.is_of(one)));
        let notes: Vec<_> = unused_budgets.map(Budget::unused_note).collect();
        triaged.remarks.extend(notes);
        triaged
    }

    /// The first rule that holds for a finding; all that match are noted as `used`.
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

    fn is_over(&self, rule: &Rule) -> bool {
        match (&rule.excuse, self.today) {
            (Excuse::Suppressed { until, .. }, Some(today)) => today > *until,
            _ => false,
        }
    }

    fn remark(&self, rule: &Rule, used: bool) -> Option<Arc<str>> {
        let Excuse::Suppressed { at: (file, line), reason, until } = &rule.excuse else {
            return None;
        };
        let place = format!("{file}:{line}");
        if self.is_over(rule) {
            let effect =
                if used { "what it matches counts again" } else { "and nothing matches it" };
            return Some(
                format!("suppression at {place} expired after {until}: {effect} ({reason})").into(),
            );
        }
        (!used)
            .then(|| format!("suppression at {place} matches nothing: drop it ({reason})").into())
    }

    /// Adds what fixes a finding.
    fn note(&self, finding: &mut Finding) {
        let fixes =
            self.fixes.iter().filter(|fix| glob::matches(&fix.pattern, &finding.fingerprint.0));
        for Fix { version, note, .. } in fixes {
            let note = note.as_ref().map_or(String::new(), |note| format!(" ({note})"));
            let text = format!("fixed in {version}{note}");
            finding.action =
                format!("take {version}, which fixes it; until then: {}", finding.action).into();
            finding.evidence.push(Evidence::Text(text.into()));
        }
    }
}

impl Rule {
    fn matches(&self, finding: &Finding) -> bool {
        // A cache ends. What goes on without end is none, wherever it is allocated.
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
            Self::NotAsked => f.write_str("not among what was asked for by --fail-on"),
        }
    }
}

#[cfg(test)]
mod tests;
