//! Releases that a text shows: where there are some, a single one that it lacks may be a lost line.

use std::collections::HashMap;

use teeleak_proto::Uuid;

/// Releases of one kind of resource after which a single missing one is an exception.
const HABIT: u64 = 2;

/// Kinds that are counted, so that memory is bounded.
const MOST: usize = 1 << 12;

/// A kind of resource (number and origin) of a TA.
type ResourceKind = (u32, Option<Uuid>);

/// The number of releases by kind of resource.
#[derive(Default)]
pub(crate) struct TextReleases {
    counts: HashMap<ResourceKind, u64>,
}

impl TextReleases {
    #[cold]
    pub(super) fn count(&mut self, kind: ResourceKind) {
        if self.counts.len() < MOST || self.counts.contains_key(&kind) {
            *self.counts.entry(kind).or_default() += 1;
        }
    }

    /// Whether resources of this kind are usually released.
    pub(super) fn is_habit(&self, kind: ResourceKind) -> bool {
        self.counts.get(&kind).is_some_and(|count| *count >= HABIT)
    }
}
