//! Assembles region maps from their lines.

use teeleak_proto::Uuid;

use crate::{
    model::{Region, Time},
    parse::console::messages::fact::MapLine,
};

/// Regions kept per map, so that memory is bounded.
const MOST: usize = 1 << 16;

/// A finished map.
#[derive(Clone, Debug)]
pub(super) struct RegionMap {
    pub(super) line: u64,
    pub(super) time: Option<Time>,
    pub(super) uuid: Option<Uuid>,
    pub(super) context: Option<u64>,
    pub(super) regions: Vec<Region>,
    /// Missing regions, by the gaps in their numbers.
    pub(super) lost: u64,
    /// Whether exactly that many are missing: no line after the last one may have been lost, and every
    /// number is a region.
    pub(super) counted: bool,
    /// Whether it was printed because its TA died.
    pub(super) of_dead: bool,
}

/// Assembles region lines to maps.
#[derive(Default)]
pub(super) struct RegionMaps {
    /// The map of the last status, and the number of its last region.
    open: Option<(RegionMap, Option<u32>)>,
    /// Whether the last line belonged to the open map.
    fresh: bool,
    /// Whether a damaged line followed it.
    damaged: bool,
    done: Vec<RegionMap>,
}

impl RegionMaps {
    /// Starts the map of a TA's status.
    pub(super) fn status(
        &mut self,
        at: (u64, Option<Time>),
        uuid: Option<Uuid>,
        context: Option<u64>,
        of_dead: bool,
    ) {
        self.end();
        self.open = Some((RegionMap { of_dead, ..empty(at, uuid, context) }, None));
    }

    /// Adds a line of a region map.
    pub(super) fn region(&mut self, at: (u64, Option<Time>), line: &MapLine) {
        let map = self.reach(at, line.index);
        // An unused entry of the fixed list that releases up to 2.6 print.
        if line.size == 0 {
            map.counted = false;
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

    /// The map that region `index` belongs to; those skipped are lost. Only the first region starts another map:
    /// a lower number within one is that of a line that came late, or was misread.
    fn reach(&mut self, at: (u64, Option<Time>), index: u32) -> &mut RegionMap {
        if index == 0 && self.open.as_ref().is_none_or(|(_, last)| last.is_some()) {
            self.end();
        }
        (self.fresh, self.damaged) = (true, false);
        let (map, last) = self.open.get_or_insert_with(|| (empty(at, None, None), None));
        let next = last.map_or(0, |last| last.saturating_add(1));
        match index.checked_sub(next) {
            Some(skipped) => {
                map.lost += u64::from(skipped);
                *last = Some(index);
            }
            None if map.lost > 0 => map.lost -= 1,
            None => *last = Some(next),
        }
        map
    }

    /// Records that the text ends: after a region, perhaps within the map.
    pub(super) const fn note_cut(&mut self) {
        self.note_damage();
    }

    /// Records a damaged line of a map; without a number it may be any line.
    pub(super) fn lose_region(&mut self, index: Option<u32>) {
        /// A larger number is damaged itself.
        const FAR: u32 = 64;
        let next = self.open.as_ref().map(|(_, last)| last.map_or(0, |last| last + 1));
        match (index, next) {
            (Some(index), Some(next)) if (next..next.saturating_add(FAR)).contains(&index) => {
                self.reach((0, None), index).lost += 1;
            }
            _ => self.note_damage(),
        }
    }

    /// Adds an ELF of the TA to the open map: the first one is the TA itself.
    pub(super) fn elf(&mut self, uuid: Uuid) {
        if let Some((map, Some(_))) = &mut self.open {
            map.uuid.get_or_insert(uuid);
        }
    }

    /// Records a line that could not be read. Within a map the next region's number shows whether one is
    /// missing; after the last line it may have been one more region.
    pub(super) const fn note_damage(&mut self) {
        self.damaged |= self.fresh;
    }

    /// Records an unrelated line.
    pub(super) const fn note_other_line(&mut self) {
        self.fresh = false;
    }

    /// Ends the open map.
    pub(super) fn end(&mut self) {
        if let Some((mut map, Some(_))) = self.open.take() {
            map.lost += u64::from(self.damaged);
            map.counted &= !self.damaged;
            self.done.push(map);
        }
        (self.fresh, self.damaged) = (false, false);
    }

    /// Takes the finished maps.
    pub(super) fn drain(&mut self) -> std::vec::Drain<'_, RegionMap> {
        self.done.drain(..)
    }
}

const fn empty(
    (line, time): (u64, Option<Time>),
    uuid: Option<Uuid>,
    context: Option<u64>,
) -> RegionMap {
    let regions = Vec::new();
    RegionMap { line, time, uuid, context, regions, lost: 0, counted: true, of_dead: false }
}
