//! What an audit concludes, and the rule behind it.

use crate::model::{Fault, Finding, FindingKind, Severity};

/// What an audit concludes. (Code 2, wrong usage or bad input, comes from the command line.)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Conclusion {
    /// Everything required was observed, and nothing was found.
    Clean,
    /// A leak.
    Leak,
    /// Inconclusive, or required data was not observed.
    Inconclusive,
    /// Steps were taken in the wrong order, with or without a leak.
    Order,
}

impl Conclusion {
    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Leak => 1,
            Self::Inconclusive => 3,
            Self::Order => 4,
        }
    }
}

/// The parts of a finding that determine the exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FindingWeight {
    /// Kind of the finding.
    pub kind: FindingKind,
    /// Severity of the finding.
    pub severity: Severity,
}

impl From<&Finding> for FindingWeight {
    fn from(finding: &Finding) -> Self {
        Self { kind: finding.kind, severity: finding.severity }
    }
}

/// The rule: failures first, wrong order before leak; then possible findings and missing data.
#[must_use]
pub fn conclude(findings: &[FindingWeight], all_seen: bool) -> Conclusion {
    let failures = || findings.iter().filter(|finding| finding.severity == Severity::Failure);
    if failures().any(|finding| finding.kind.info().fault == Fault::Order) {
        Conclusion::Order
    } else if failures().next().is_some() {
        Conclusion::Leak
    } else if !all_seen || findings.iter().any(|finding| finding.severity == Severity::Possible) {
        Conclusion::Inconclusive
    } else {
        Conclusion::Clean
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::conclusion::*;

    type Found = &'static [(FindingKind, Severity)];

    #[test]
    fn exit_codes() {
        use FindingKind::{Order, RegionGrowth, SiteGrowth, Unpaired};
        use Severity::{Failure, Note, Possible};
        let table: [(Found, bool, u8); 13] = [
            (&[], true, 0),
            (&[], false, 3),
            (&[(SiteGrowth, Note), (Unpaired, Note)], true, 0),
            (&[(SiteGrowth, Note)], false, 3),
            (&[(SiteGrowth, Possible)], true, 3),
            (&[(Order, Possible)], true, 3),
            (&[(SiteGrowth, Failure)], true, 1),
            (&[(RegionGrowth, Failure)], false, 1),
            (&[(Unpaired, Failure), (Order, Possible)], true, 1),
            (&[(Order, Note), (Unpaired, Failure)], true, 1),
            (&[(Order, Failure)], true, 4),
            (&[(Order, Failure)], false, 4),
            (&[(SiteGrowth, Failure), (Order, Failure), (Unpaired, Possible)], false, 4),
        ];
        for (findings, all_seen, code) in table {
            let weights: Vec<_> =
                findings.iter().map(|&(kind, severity)| FindingWeight { kind, severity }).collect();
            assert_eq!(conclude(&weights, all_seen).code(), code, "{findings:?}, seen: {all_seen}");
        }
    }
}
