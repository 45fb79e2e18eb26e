//! Leaks of Linux' TEE drivers: `known/linux-leaks.toml`.
//!
//! The kernel's ledgers name the function that allocates, and no snapshot has the kernel's release: a match is
//! possible, never more.

use std::sync::LazyLock;

use serde::Deserialize;

use super::table::fix_release;
use crate::model::{
    Certainty, Evidence, Exposure, Finding, FixRelease, KnownLeak, LedgerKind, Listing,
    MatchedFact, Severity, Subject,
};

/// A fixed leak of a driver.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct KernelLeakRow {
    commit: String,
    #[serde(deserialize_with = "fix_release")]
    fixed: FixRelease,
    leaks: String,
    when: String,
    ledger: KernelLedger,
    function: String,
}

/// A ledger that names functions.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
enum KernelLedger {
    Kmemleak,
    PageOwner,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KernelLeakTable {
    leak: Vec<KernelLeakRow>,
}

/// All rows. A test reads the file, so it is never empty.
fn rows() -> &'static [KernelLeakRow] {
    static ROWS: LazyLock<Vec<KernelLeakRow>> = LazyLock::new(|| read().unwrap_or_default());
    &ROWS
}

fn read() -> Result<Vec<KernelLeakRow>, toml::de::Error> {
    let table: KernelLeakTable = toml::from_str(include_str!("../../known/linux-leaks.toml"))?;
    Ok(table.leak)
}

/// Adds to findings about the kernel's ledgers the leaks of drivers that they may be.
pub(crate) fn identify_kernel(findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.severity > Severity::Note) {
        let fitting = rows().iter().filter(|row| row.fits(&finding.subject));
        finding.evidence.extend(fitting.map(|row| Evidence::Known(row.known_leak())));
    }
}

impl KernelLeakRow {
    /// Whether the ledger is the row's and names its function.
    fn fits(&self, subject: &Subject) -> bool {
        let Subject::Holding { listing: Listing::Ledger(ledger), name, .. } = subject else {
            return false;
        };
        let is_ledger = match self.ledger {
            KernelLedger::Kmemleak => *ledger == LedgerKind::Kmemleak,
            KernelLedger::PageOwner => *ledger == LedgerKind::PageOwner,
        };
        is_ledger && name.split('+').next() == Some(&*self.function)
    }

    fn known_leak(&self) -> KnownLeak {
        KnownLeak {
            repository: "linux".into(),
            commit: self.commit.as_str().into(),
            fixed: self.fixed,
            release: None,
            exposure: Exposure::Unknown,
            certainty: Certainty::Possible,
            facts: vec![MatchedFact::Function],
            leaks: self.leaks.as_str().into(),
            when: self.when.as_str().into(),
            member: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::Deserialize;

    use super::{KernelLedger, identify_kernel, read, rows};
    use crate::{
        known_leaks::{sentence, table},
        model::{
            Finding, FindingKind, Fingerprint, LedgerKind, Listing, PoolKind, Severity, Subject,
        },
    };

    fn growth(subject: Subject, severity: Severity) -> Finding {
        Finding {
            kind: FindingKind::SiteGrowth,
            severity,
            verdict: None,
            subject,
            title: "grows".into(),
            headline: None,
            figures: vec![],
            evidence: vec![],
            fingerprint: Fingerprint("v1:made".into()),
            cause: None,
            blame: None,
            next_step: "look".into(),
        }
    }

    fn holding(ledger: LedgerKind, name: &str) -> Subject {
        Subject::Holding { listing: Listing::Ledger(ledger), name: name.into(), pid: None }
    }

    fn known_commits(subject: Subject, severity: Severity) -> Vec<String> {
        let mut findings = [growth(subject, severity)];
        identify_kernel(&mut findings);
        findings[0].known_leaks().map(|leak| leak.commit.to_string()).collect()
    }

    #[test]
    fn each_row_is_found_by_its_function() {
        assert!(read().is_ok());
        for row in rows() {
            let ledger = match row.ledger {
                KernelLedger::Kmemleak => LedgerKind::Kmemleak,
                KernelLedger::PageOwner => LedgerKind::PageOwner,
            };
            for name in [row.function.clone(), format!("{}+0x5c/0x120", row.function)] {
                let known = known_commits(holding(ledger, &name), Severity::Possible);
                assert!(known.contains(&row.commit), "{name}: {known:?}");
            }
        }
        let mut findings =
            [growth(holding(LedgerKind::Kmemleak, "tee_dyn_shm_alloc_helper"), Severity::Possible)];
        identify_kernel(&mut findings);
        let text = sentence(findings[0].known_leaks().next().unwrap());
        let start = "fixed in 6.17 by commit 50a74d009 of linux; your release is not known: leaks";
        assert!(text.starts_with(start), "{text}");
        assert!(text.ends_with("(possible: function agrees)"), "{text}");
    }

    #[test]
    fn near_misses_are_not_known() {
        let site = Subject::Site {
            file: "drivers/tee/tee_shm.c".into(),
            line: 1,
            size: 8,
            heap: PoolKind::CoreHeap,
            owner: None,
            caller: Some("tee_shm_register".into()),
        };
        let kmemleak = |name| holding(LedgerKind::Kmemleak, name);
        for subject in [
            kmemleak("tee_dyn_shm_alloc_helper2"),
            kmemleak("tee_dyn_shm_alloc"),
            kmemleak("pool_op_alloc"),
            kmemleak("my_tee_shm_register"),
            holding(LedgerKind::PageOwner, "tee_shm_register"),
            site,
        ] {
            let known = known_commits(subject.clone(), Severity::Failure);
            assert!(known.is_empty(), "{subject:?}: {known:?}");
        }
        let note = known_commits(kmemleak("tee_shm_register"), Severity::Note);
        assert!(note.is_empty(), "{note:?}");
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Group {
        why: String,
        commits: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct NotMatched {
        group: Vec<Group>,
    }

    #[test]
    fn each_fix_is_compared_or_has_a_reason() {
        let text = include_str!("../../known/not-matched.toml");
        let not_matched: NotMatched = toml::from_str(text).unwrap();
        assert!(not_matched.group.iter().all(|group| !group.why.is_empty()));
        let commits: Vec<_> = { not_matched.group.iter() }
            .flat_map(|group| group.commits.clone())
            .chain(rows().iter().map(|row| row.commit.clone()))
            .chain(table::rows().iter().map(|row| row.commit.clone()))
            .collect();
        let distinct: BTreeSet<_> = commits.iter().collect();
        assert_eq!(distinct.len(), commits.len());
        assert!(commits.iter().all(|commit| commit.len() == 12));
    }
}
