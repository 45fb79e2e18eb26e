//! Which TAs close their sessions, as far as a text shows.

use std::collections::HashMap;

use teeleak_proto::Uuid;

/// Sessions from which on a TA is known to close them, or not to.
const KNOWN: u32 = 2;

/// TAs that are counted, so that memory is bounded.
const MOST: usize = 1 << 12;

/// Opened and closed sessions by TA.
#[derive(Default)]
pub(super) struct Habits(HashMap<Uuid, (u32, u32)>);

impl Habits {
    pub(super) fn open(&mut self, uuid: Uuid) {
        if self.0.len() < MOST || self.0.contains_key(&uuid) {
            let (opened, _) = self.0.entry(uuid).or_default();
            *opened = opened.saturating_add(1);
        }
    }

    pub(super) fn close(&mut self, uuid: Uuid) {
        if let Some((_, closed)) = self.0.get_mut(&uuid) {
            *closed = closed.saturating_add(1);
        }
    }

    /// Whether several of its sessions were opened, and none closed.
    pub(super) fn keeps(&self, uuid: Uuid) -> bool {
        self.0.get(&uuid).is_some_and(|(opened, closed)| *opened >= KNOWN && *closed == 0)
    }

    /// Whether its sessions are usually closed.
    pub(super) fn closes(&self, uuid: Uuid) -> bool {
        self.0
            .get(&uuid)
            .is_some_and(|(opened, closed)| *closed >= KNOWN && closed.saturating_mul(2) >= *opened)
    }
}
