//! Region maps: which lines belong together, and to which TA.

use teeleak_proto::Uuid;

use crate::{
    model::{Region, Time},
    parse::console::messages::fact::MapLine,
};

/// Regions that one map may have; a text can't make it grow without bound.
const MOST: usize = 1 << 16;

/// A finished map.
#[derive(Clone, Debug)]
pub(super) struct Map {
    pub(super) line: u64,
    pub(super) time: Option<Time>,
    pub(super) uuid: Option<Uuid>,
    pub(super) context: Option<u64>,
    pub(super) regions: Vec<Region>,
    /// Regions missing, as far as their numbers tell.
    pub(super) lost: u64,
}

/// Puts region lines together.
#[derive(Default)]
pub(super) struct Maps {
    /// A status whose regions may follow, or are following.
    open: Option<(Map, Option<u32>)>,
    /// Whether the last line of interest was one of the open map.
    fresh: bool,
    /// Whether a damaged line followed it.
    damaged: bool,
    done: Vec<Map>,
}

impl Maps {
    /// A TA's status begins.
    pub(super) fn status(
        &mut self,
        at: (u64, Option<Time>),
        uuid: Option<Uuid>,
        context: Option<u64>,
    ) {
        self.end();
        self.open = Some((empty(at, uuid, context), None));
    }

    /// A line of a region map.
    pub(super) fn region(&mut self, at: (u64, Option<Time>), line: &MapLine) {
        let next = |last: &Option<u32>| last.map_or(0, |last| last.saturating_add(1));
        if self.open.as_ref().is_none_or(|(_, last)| line.index < next(last)) {
            self.end();
        }
        let (map, last) = self.open.get_or_insert_with(|| (empty(at, None, None), None));
        map.lost += u64::from(line.index - next(last));
        *last = Some(line.index);
        (self.fresh, self.damaged) = (true, false);
        // Unused entries of the fixed list that releases up to 2.6 print.
        if line.size == 0 {
            return;
        }
        if map.regions.len() < MOST {
            map.regions.push(Region {
                va: line.va,
                size: line.size,
                pa: Some(line.pa),
                hashed: false,
                access: line.access,
                flags: 0,
            });
        } else {
            map.lost += 1;
        }
    }

    /// An ELF of the TA whose map this is: the first one is the TA itself.
    pub(super) fn elf(&mut self, uuid: Uuid) {
        if let Some((map, Some(_))) = &mut self.open {
            map.uuid.get_or_insert(uuid);
        }
    }

    /// A line that could not be read. Within a map the next number tells what it was; after the last
    /// line it may have been one more.
    pub(super) const fn note_damage(&mut self) {
        self.damaged |= self.fresh;
    }

    /// A line about something else.
    pub(super) const fn note_other_line(&mut self) {
        self.fresh = false;
    }

    /// Ends the open map.
    pub(super) fn end(&mut self) {
        if let Some((mut map, Some(_))) = self.open.take() {
            map.lost += u64::from(self.damaged);
            self.done.push(map);
        }
        (self.fresh, self.damaged) = (false, false);
    }

    /// The maps that have ended.
    pub(super) fn drain(&mut self) -> std::vec::Drain<'_, Map> {
        self.done.drain(..)
    }
}

const fn empty((line, time): (u64, Option<Time>), uuid: Option<Uuid>, context: Option<u64>) -> Map {
    Map { line, time, uuid, context, regions: Vec::new(), lost: 0 }
}
