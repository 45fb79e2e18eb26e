//! A leak of OP-TEE itself that upstream has fixed.

use std::sync::Arc;

use super::FixRelease;

/// How sure it is that a finding is this leak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Certainty {
    /// It fits, and so may something else.
    Possible,
    /// Little else fits.
    Likely,
    /// Nothing else allocates there, and every fact agrees.
    Certain,
}

impl Certainty {
    /// All values.
    pub const ALL: [Self; 3] = [Self::Possible, Self::Likely, Self::Certain];

    /// Its name in JSON and in the knowledge file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// How the observed release relates to the fix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Exposure {
    /// The release is known, has the leak and lacks the fix.
    Missing,
    /// It is built from commits after such a release, or with changes.
    Changed,
    /// Some of the releases that it may be have the leak.
    Perhaps,
    /// The release is not known.
    Unknown,
    /// It is a vendor's tree that should have the fix.
    Fork,
}

impl Exposure {
    /// All values.
    pub const ALL: [Self; 5] =
        [Self::Missing, Self::Changed, Self::Perhaps, Self::Unknown, Self::Fork];

    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::Perhaps => "perhaps",
            Self::Unknown => "unknown",
            Self::Fork => "fork",
        }
    }
}

/// A fact of a known leak that was observed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MatchedFact {
    /// The source file of the allocation.
    File,
    /// The source line that the release has.
    Line,
    /// Bytes per allocation.
    Size,
    /// The function that allocates.
    Function,
    /// The TA that owns the allocation.
    Owner,
    /// The TA was called; owners were not observed.
    Called,
    /// The release.
    Release,
    /// Nothing foreign grows together with it.
    Alone,
    /// Several files of the leak grow together.
    Together,
    /// An open of a session failed.
    FailedOpen,
    /// A TA panicked.
    Panic,
}

impl MatchedFact {
    /// All facts: name in JSON, words.
    const NAMES: [(Self, &'static str, &'static str); 11] = [
        (Self::File, "file", "file"),
        (Self::Line, "line", "line"),
        (Self::Size, "size", "size"),
        (Self::Function, "function", "function"),
        (Self::Owner, "owner", "owner"),
        (Self::Called, "called_ta", "the called TA"),
        (Self::Release, "release", "release"),
        (Self::Alone, "alone", "growth alone"),
        (Self::Together, "together", "growth together"),
        (Self::FailedOpen, "failed_open", "a failed open"),
        (Self::Panic, "panic", "a panic of a TA"),
    ];

    /// All names in JSON.
    #[must_use]
    pub fn names() -> [&'static str; 11] {
        Self::NAMES.map(|(_, name, _)| name)
    }

    /// Its name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Its name in sentences.
    #[must_use]
    pub fn words(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (Self, &'static str, &'static str) {
        Self::NAMES[self as usize]
    }
}

/// A leak of OP-TEE itself that a finding may be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownLeak {
    /// Repository of the fix, such as `optee_os`.
    pub repository: Arc<str>,
    /// The fix, 12 digits.
    pub commit: Arc<str>,
    /// When the fix is released.
    pub fixed: FixRelease,
    /// The observed release, if known.
    pub release: Option<Arc<str>>,
    /// How the observed release relates to the fix.
    pub exposure: Exposure,
    /// How sure it is.
    pub certainty: Certainty,
    /// What agrees.
    pub facts: Vec<MatchedFact>,
    /// What stays allocated.
    pub leaks: Arc<str>,
    /// What makes it leak.
    pub when: Arc<str>,
    /// The site that fits, FILE:LINE, if other sites of the finding do not fit.
    pub member: Option<Arc<str>>,
}

impl KnownLeak {
    /// The commit as people quote it.
    #[must_use]
    pub fn short_commit(&self) -> &str {
        self.commit.get(..9).unwrap_or(&self.commit)
    }
}

#[cfg(test)]
mod tests {
    use super::MatchedFact;

    #[test]
    fn each_fact_has_its_own_row() {
        for (index, (fact, ..)) in MatchedFact::NAMES.into_iter().enumerate() {
            assert_eq!(fact as usize, index);
        }
    }
}
