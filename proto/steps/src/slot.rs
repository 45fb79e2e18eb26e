//! What is known of one resource.

/// What holds for all resources of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kind {
    /// How often one key may be held at once, 0 for any number.
    pub max_held: u32,
    /// Whether releasing the parent properly releases it, too: no fault, and nothing outstanding.
    pub ends_with_parent: bool,
}

/// What is known of one resource; [`Slot::default`] when nothing is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Slot {
    /// How often it is held, under the parent as it is now.
    pub held: u32,
    /// How often it was still held when its parent was released, and was acquired anew since.
    pub orphans: u32,
    /// Resources that belong to it and are held.
    pub children: u32,
    /// How often it was released for good, from 1 again after the largest number.
    pub releases: u32,
    /// The parent's `releases` when it was acquired.
    pub parent_releases: u32,
    /// `at` of the step that acquired it, 0 for never.
    pub since: u64,
    /// `at` of the step that released it for good, 0 for never.
    pub until: u64,
}

impl Slot {
    /// Acquires without a release.
    #[must_use]
    #[inline]
    pub const fn outstanding(self) -> u32 {
        self.held.saturating_add(self.orphans)
    }

    /// Whether nothing is held, so that a table without room may forget it.
    ///
    /// What is lost by it: a double release is then told as a release without an acquire.
    #[must_use]
    #[inline]
    pub const fn is_idle(self) -> bool {
        self.held == 0 && self.orphans == 0 && self.children == 0
    }

    /// Whether its parent was released while it was held.
    #[must_use]
    #[inline]
    pub const fn is_orphan(self, parent: Option<Self>) -> bool {
        match parent {
            Some(parent) => self.held > 0 && parent.releases != self.parent_releases,
            None => false,
        }
    }

    /// As the parent's release leaves it, where that releases resources of this kind, too.
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

    /// As whoever acquires it anew under another parent finds it: what was held is an orphan.
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
