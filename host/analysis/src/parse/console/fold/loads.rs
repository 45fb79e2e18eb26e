//! The story of a TA that is loaded: one failed load prints up to five lines, and is one incident.

use teeleak_proto::Uuid;

use crate::{
    catalogue::{MessageHit, MessageKind},
    model::{SourceLocation, TeeResult, Time},
};

/// Lines within which lines about a failed load belong to the same one.
const NEAR: u64 = 64;

/// Messages of a failed load that are kept.
const MESSAGES: usize = 8;

/// Places of TAs whose answers are kept.
const STORES: usize = 4;

/// A failed load.
#[derive(Clone, Debug)]
pub(super) struct FailedLoad {
    /// Its first line that says more than a result.
    pub(super) hit: MessageHit,
    pub(super) place: SourceLocation,
    pub(super) time: Option<Time>,
    pub(super) uuid: Option<Uuid>,
    /// What the places where TAs are stored answered.
    pub(super) stores: Vec<(Box<str>, TeeResult)>,
    /// Whether the normal world had given no memory just before.
    pub(super) is_unserved: bool,
    /// Its last line.
    pub(super) last: u64,
    /// Its messages so far.
    texts: Vec<Box<str>>,
}

/// Follows loads of TAs.
#[derive(Default)]
pub(super) struct Loads {
    uuid: Option<Uuid>,
    /// The store asked last.
    store: Box<str>,
    stores: Vec<(Box<str>, TeeResult)>,
    failed: Option<FailedLoad>,
    /// Line in which the normal world last gave no memory for the binary of a TA.
    unserved: Option<u64>,
    /// TA, result and last line of the load that failed before.
    before: Option<(Option<Uuid>, Option<TeeResult>, SourceLocation)>,
}

impl Loads {
    /// A TA is looked up or loaded; `store` is where. Returns the failed load that this ends.
    pub(super) fn begin(&mut self, uuid: Uuid, store: &str) -> Option<FailedLoad> {
        let ended_load = self.end();
        if self.uuid != Some(uuid) || ended_load.is_some() {
            self.stores.clear();
        }
        (self.uuid, self.store) = (Some(uuid), store.into());
        ended_load
    }

    /// A store answered. Returns whether that alone is a failed load.
    pub(super) fn answer(&mut self, code: TeeResult) -> bool {
        if code.0 != 0 && self.stores.len() < STORES {
            self.stores.push((std::mem::take(&mut self.store), code));
        }
        code == TeeResult::OUT_OF_MEMORY
    }

    /// A line says that a load failed. Returns the failed load before it, if it was another one.
    pub(super) fn fail(
        &mut self,
        hit: &MessageHit,
        place: SourceLocation,
        time: Option<Time>,
    ) -> Option<FailedLoad> {
        let line = place.at;
        if let Some(failed) = &mut self.failed
            && failed.is_same(hit, &place)
        {
            failed.add(hit, line);
            return None;
        }
        let is_repeated = self.failed.as_ref().is_some_and(|failed| failed.is_repeated(hit));
        let ended_load = self.end();
        let uuid = hit.uuid.or(self.uuid);
        if !is_repeated && self.is_reported(uuid, hit.code, &place) {
            return ended_load;
        }
        let stores = std::mem::take(&mut self.stores);
        let unserved = self.unserved.take();
        let is_unserved = unserved.is_some_and(|before| line.saturating_sub(before) < NEAR);
        let hit = hit.clone();
        let texts = vec![hit.text.clone()];
        let last = line;
        self.failed = Some(FailedLoad { hit, place, time, uuid, stores, is_unserved, last, texts });
        ended_load
    }

    /// The normal world gave no memory that the TEE core asked for.
    pub(super) const fn go_unserved(&mut self, line: u64) {
        self.unserved = Some(line);
    }

    /// Ends the failed load, if one is open.
    pub(super) fn end(&mut self) -> Option<FailedLoad> {
        let failed_load = self.failed.take()?;
        let last = SourceLocation { at: failed_load.last, ..failed_load.place.clone() };
        self.before = Some((failed_load.uuid, failed_load.hit.code, last));
        (self.uuid, self.stores) = (None, Vec::new());
        Some(failed_load)
    }

    /// A dump was printed: a load prints its lines at once, so that what follows is about another one.
    pub(super) fn pass_dump(&mut self) {
        self.before = None;
    }

    /// Whether the load that failed before is meant: other lines came between.
    fn is_reported(
        &self,
        uuid: Option<Uuid>,
        code: Option<TeeResult>,
        place: &SourceLocation,
    ) -> bool {
        let Some((last_uuid, last_code, last)) = &self.before else { return false };
        self.uuid.is_none()
            && (uuid.is_none() || uuid == *last_uuid)
            && code == *last_code
            && last.source == place.source
            && place.at.saturating_sub(last.at) < NEAR
    }
}

impl FailedLoad {
    fn is_same(&self, hit: &MessageHit, place: &SourceLocation) -> bool {
        let is_near =
            self.place.source == place.source && place.at.saturating_sub(self.last) < NEAR;
        let is_same_ta = hit.uuid.zip(self.uuid).is_none_or(|(one, other)| one == other);
        let is_same_code = hit.code.zip(self.hit.code).is_none_or(|(one, other)| one == other);
        is_near && is_same_ta && is_same_code && !self.is_repeated(hit)
    }

    /// Whether it printed the same message before: each load prints it once.
    fn is_repeated(&self, hit: &MessageHit) -> bool {
        hit.kind != MessageKind::Store && self.texts.contains(&hit.text)
    }

    /// Adds what a further line says.
    fn add(&mut self, hit: &MessageHit, line: u64) {
        self.last = line;
        if self.texts.len() < MESSAGES {
            self.texts.push(hit.text.clone());
        }
        self.uuid = self.uuid.or(hit.uuid);
        let code = self.hit.code.or(hit.code);
        if self.hit.kind == MessageKind::Store {
            self.hit = hit.clone();
        }
        self.hit.code = code;
    }
}
