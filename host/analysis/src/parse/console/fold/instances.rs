//! TA instances: a TA that is loaded again is a new instance.

use teeleak_proto::Uuid;

/// Instances that are kept; the oldest are dropped first.
const MOST: usize = 1024;

struct KnownInstance {
    id: u32,
    uuid: Uuid,
    /// Address of its context, if a status printed it.
    context: Option<u64>,
    used: bool,
    gone: bool,
    /// Whether its status was printed because it died.
    dead: bool,
}

/// Assigns instance numbers, from 1.
#[derive(Default)]
pub(super) struct Instances {
    known: std::collections::VecDeque<KnownInstance>,
    last: u32,
}

impl Instances {
    /// The live instance of `uuid`; adds one if there is none.
    pub(super) fn resolve(&mut self, uuid: Uuid, context: Option<u64>) -> u32 {
        let is_same = |known: &&mut KnownInstance| {
            let address = known.context.zip(context).is_none_or(|(known, seen)| known == seen);
            known.uuid == uuid && !known.gone && address
        };
        if let Some(known) = self.known.iter_mut().rev().find(is_same) {
            known.used = true;
            known.context = known.context.or(context);
            return known.id;
        }
        self.add(uuid, context, true)
    }

    /// The instance of `uuid` that died. A TA dies once: the one that died before is another instance.
    pub(super) fn resolve_dead(&mut self, uuid: Uuid, context: Option<u64>) -> u32 {
        let known = self.known.iter_mut().rev().find(|known| known.uuid == uuid && !known.gone);
        if let Some(known) = known.filter(|known| known.dead) {
            known.gone = true;
        }
        let id = self.resolve(uuid, context);
        if let Some(known) = self.known.iter_mut().rev().find(|known| known.id == id) {
            known.dead = true;
        }
        id
    }

    /// Adds an instance when its TA is loaded. Some releases print that once for each store they search.
    pub(super) fn load(&mut self, uuid: Uuid) -> u32 {
        match self.known.iter().rev().find(|known| known.uuid == uuid) {
            Some(known) if !known.used => known.id,
            _ => self.add(uuid, None, false),
        }
    }

    /// Marks an instance as destroyed.
    pub(super) fn retire(&mut self, id: u32) {
        if let Some(known) = self.known.iter_mut().rev().find(|known| known.id == id) {
            known.gone = true;
        }
    }

    /// The only TA that is loaded; `None` if there are none or several.
    pub(super) fn only_loaded(&self) -> Option<Uuid> {
        let mut loaded_uuids =
            self.known.iter().filter(|known| !known.gone).map(|known| known.uuid);
        let first = loaded_uuids.next()?;
        loaded_uuids.all(|uuid| uuid == first).then_some(first)
    }

    /// Removes all instances: the TEE rebooted.
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    fn add(&mut self, uuid: Uuid, context: Option<u64>, used: bool) -> u32 {
        if self.known.len() == MOST {
            self.known.pop_front();
        }
        self.last += 1;
        let (gone, dead) = (false, false);
        self.known.push_back(KnownInstance { id: self.last, uuid, context, used, gone, dead });
        self.last
    }
}

#[cfg(test)]
mod tests {
    use teeleak_proto::Uuid;

    use super::Instances;

    #[test]
    fn a_ta_that_is_loaded_again_is_another_instance() {
        let mut instances = Instances::default();
        let uuid = Uuid([1; 16]);
        let first = instances.load(uuid);
        assert_eq!(instances.load(uuid), first, "reported twice");
        assert_eq!(instances.resolve(uuid, Some(0x10)), first);
        assert_eq!(instances.resolve(uuid, None), first);
        assert_ne!(instances.resolve(uuid, Some(0x20)), first, "another context");
        let second = instances.load(uuid);
        assert_ne!(second, first);
        assert_eq!(instances.resolve(uuid, None), second);
        instances.retire(second);
        assert_ne!(instances.resolve(uuid, Some(0x30)), second);
    }

    #[test]
    fn a_ta_that_dies_again_is_another_instance() {
        let mut instances = Instances::default();
        let uuid = Uuid([1; 16]);
        let first = instances.resolve(uuid, None);
        assert_eq!(instances.resolve_dead(uuid, None), first);
        assert_eq!(instances.resolve(uuid, None), first, "printed twice");
        let second = instances.resolve_dead(uuid, None);
        assert_ne!(second, first);
        assert_eq!(instances.resolve(uuid, None), second);
    }
}
