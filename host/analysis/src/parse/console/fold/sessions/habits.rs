//! Which TAs close their sessions, as far as a text shows.

use std::collections::HashMap;

use teeleak_proto::Uuid;

/// Sessions from which on a TA is known not to close them.
const KNOWN: u32 = 2;

/// Sessions that would be closed if a close was lost: its own, and the one that ends now.
const ENDING: u32 = 2;

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

    /// Whether its sessions are usually closed, if a close of one was lost and another one ends now.
    pub(super) fn closes(&self, uuid: Uuid) -> bool {
        let is_usual = |closed: u32, opened: u32| {
            closed > 0 && closed.saturating_add(ENDING).saturating_mul(2) > opened
        };
        self.0.get(&uuid).is_some_and(|(opened, closed)| is_usual(*closed, *opened))
    }
}
