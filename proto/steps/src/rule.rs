//! The rules, and sets of them.

use core::fmt;

/// A rule that a step can break. Numbers are stable, since the wire and fingerprints contain them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Rule {
    /// Released while resources that belong to it were held: close before unmap.
    ReleaseBeforeChildren = 1,
    /// Released, or tried to, after its parent was released: unmap after close.
    ReleaseAfterParent = 2,
    /// Used, or tried to, after its parent was released.
    UseAfterParent = 3,
    /// Acquired, or tried to, after its parent was released.
    AcquireAfterParent = 4,
    /// Acquired, or tried to, while its parent never was.
    AcquireWithoutParent = 5,
    /// Released, or tried to, when it was released already.
    DoubleRelease = 6,
    /// Released, or tried to, though it never was acquired.
    ReleaseWithoutAcquire = 7,
    /// Used, or tried to, after it was released.
    UseAfterRelease = 8,
    /// Used, or tried to, though it never was acquired.
    UseWithoutAcquire = 9,
    /// Acquired more often than it may be held.
    AcquireBeyondLimit = 10,
    /// A release failed although the resource is held: no wrong order, but notable.
    ReleaseFailed = 11,
}

impl Rule {
    /// All rules, by number.
    pub const ALL: [Self; 11] = [
        Self::ReleaseBeforeChildren,
        Self::ReleaseAfterParent,
        Self::UseAfterParent,
        Self::AcquireAfterParent,
        Self::AcquireWithoutParent,
        Self::DoubleRelease,
        Self::ReleaseWithoutAcquire,
        Self::UseAfterRelease,
        Self::UseWithoutAcquire,
        Self::AcquireBeyondLimit,
        Self::ReleaseFailed,
    ];

    /// Its number, from 1.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The rule with this number, if there is one.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// Its name in files and fingerprints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReleaseBeforeChildren => "release-before-children",
            Self::ReleaseAfterParent => "release-after-parent",
            Self::UseAfterParent => "use-after-parent",
            Self::AcquireAfterParent => "acquire-after-parent",
            Self::AcquireWithoutParent => "acquire-without-parent",
            Self::DoubleRelease => "double-release",
            Self::ReleaseWithoutAcquire => "release-without-acquire",
            Self::UseAfterRelease => "use-after-release",
            Self::UseWithoutAcquire => "use-without-acquire",
            Self::AcquireBeyondLimit => "acquire-beyond-limit",
            Self::ReleaseFailed => "release-failed",
        }
    }

    /// Whether breaking it is a wrong order, not just a failure.
    #[must_use]
    pub const fn is_order(self) -> bool {
        !matches!(self, Self::ReleaseFailed)
    }

    /// Whether it implies "never", which is certain only if everything was observed from the start.
    #[must_use]
    pub const fn says_never(self) -> bool {
        matches!(
            self,
            Self::AcquireWithoutParent | Self::ReleaseWithoutAcquire | Self::UseWithoutAcquire
        )
    }
}

/// A set of rules.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Broken(u16);

impl Broken {
    /// The empty set.
    pub const NONE: Self = Self(0);

    pub(crate) const fn insert(&mut self, rule: Rule) {
        self.0 |= 1 << rule.number();
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the set contains a rule.
    #[must_use]
    pub const fn contains(self, rule: Rule) -> bool {
        self.0 & (1 << rule.number()) != 0
    }

    /// The rules of the set, by number.
    pub fn iter(self) -> impl Iterator<Item = Rule> {
        // Fast path: the set is usually empty.
        let rules = if self.is_empty() { &[][..] } else { &Rule::ALL };
        rules.iter().copied().filter(move |rule| self.contains(*rule))
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn numbers_are_frozen() {
        for (n, rule) in Rule::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(rule.number()), n + 1);
            assert_eq!(Rule::from_number(rule.number()), Some(rule));
        }
        assert_eq!(Rule::from_number(0), None);
        assert_eq!(Rule::from_number(12), None);
    }
}
