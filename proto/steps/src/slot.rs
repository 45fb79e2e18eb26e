//! The state of one resource.

/// Properties of a kind of resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kind {
    /// Most simultaneous acquires of one key, 0 for any number.
    pub max_held: u32,
    /// Whether releasing the parent releases it, too, without a violation.
    pub ends_with_parent: bool,
}

/// The state of one resource; [`Slot::default`] for an unknown one.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Slot {
    /// Current holds under the current parent.
    pub held: u32,
    /// Holds left over from a released parent, if it was acquired again since.
    pub orphans: u32,
    /// Held resources that belong to it.
    pub children: u32,
    /// Number of final releases; wraps to 1.
    pub releases: u32,
    /// The parent's `releases` at the acquire.
    pub parent_releases: u32,
    /// `at` of the acquiring step, 0 for never.
    pub since: u64,
    /// `at` of the final release, 0 for never.
    pub until: u64,
}

impl Slot {
    /// Acquires without a release.
    #[must_use]
    #[inline]
    pub const fn outstanding(self) -> u32 {
        self.held.saturating_add(self.orphans)
    }

    /// Whether nothing is held, so that a full table may evict it.
    ///
    /// After eviction, a double release is reported as a release without an acquire.
    #[must_use]
    #[inline]
    pub const fn is_idle(self) -> bool {
        self.held == 0 && self.orphans == 0 && self.children == 0
    }

    /// Whether it is held and its parent was released since.
    #[must_use]
    #[inline]
    pub const fn is_orphan(self, parent: Option<Self>) -> bool {
        match parent {
            Some(parent) => self.held > 0 && parent.releases != self.parent_releases,
            None => false,
        }
    }

    /// The state after the parent's release, where that releases resources of this kind, too.
    #[must_use]
    #[inline]
    pub const fn settle(mut self, kind: Kind, parent: Option<Self>) -> Self {
        if let Some(parent) = parent
            && kind.ends_with_parent
            && self.is_orphan(Some(parent))
        {
            self.held = 0;
            self.count_release(parent.until);
        }
        self
    }

    /// The state before an acquire under another parent: current holds become orphans.
    #[must_use]
    #[inline]
    pub const fn abandon(mut self) -> Self {
        self.orphans = self.outstanding();
        self.held = 0;
        self
    }

    pub(crate) const fn count_release(&mut self, at: u64) {
        self.until = at;
        // 0 means "never", also after 2^32 releases.
        self.releases = match self.releases.checked_add(1) {
            Some(releases) => releases,
            None => 1,
        };
    }
}
