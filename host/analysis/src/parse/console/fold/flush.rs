//! Moves what is finished to the timeline: dumps, region maps and tables.

use teeleak_proto::Uuid;

use super::{Assembler, pools::StatTable, record_run::ConsoleDump, sheet};
use crate::{
    model::{Completeness, Instance, Pool, Reason, Session, SourceLocation},
    parse::stats,
};

impl Assembler {
    /// Moves finished dumps, maps and tables to the timeline.
    pub(super) fn flush(&mut self) {
        self.flush_dumps();
        self.flush_maps();
        self.flush_tables();
    }

    fn flush_dumps(&mut self) {
        let dumps: Vec<_> = self.dumps.drain().collect();
        for dump in dumps {
            if dump.of_ta {
                self.heap_dump(dump);
                continue;
            }
            let sessions = self.sessions.open().iter().map(|open| Session {
                id: open.id,
                opener: open.opener,
                uuid: open.uuid,
                instance: open.instance,
                login: None,
                client: None,
            });
            let place = SourceLocation { source: self.source, at: dump.line };
            self.timeline.dump(place, dump, sessions.collect());
        }
    }

    /// Adds a dump of a TA's heap.
    fn heap_dump(&mut self, dump: ConsoleDump) {
        let loaded_ta = self.instances.only_loaded();
        let place = SourceLocation { source: self.source, at: dump.line };
        if let Some(ta) = self.heaps.group(&dump, loaded_ta, &self.names) {
            self.timeline.heap(place, ta, dump);
        }
    }

    fn flush_maps(&mut self) {
        for map in self.maps.drain() {
            let Some(uuid) = map.uuid else {
                self.nameless += 1;
                continue;
            };
            let gap = |lost| sheet::gap("lines of a region map", Reason::Damaged, None, lost);
            let regions = match (map.lost, map.counted) {
                (0, _) => Completeness::Complete(map.regions),
                (lost, true) => Completeness::Counted(map.regions, gap(lost)),
                (lost, false) => Completeness::Partial(map.regions, gap(lost)),
            };
            let id = match map.of_dead {
                true => self.instances.resolve_dead(uuid, map.context),
                false => self.instances.resolve(uuid, map.context),
            };
            let instance = Instance {
                id,
                uuid,
                panicked: map.of_dead,
                ref_count: None,
                regions,
                heap: None,
                handles: None,
            };
            let place = SourceLocation { source: self.source, at: map.line };
            self.timeline.instance(place, map.time, instance);
        }
    }

    fn flush_tables(&mut self) {
        for (at, table) in self.pools.drain() {
            let place = SourceLocation { source: self.source, at };
            match table {
                StatTable::Pool(pool) => self.timeline.table(place, pool),
                StatTable::Heap(uuid, panicked, ref_count, heap) => {
                    let instance = Instance {
                        panicked,
                        ref_count,
                        ..heap_instance(self.instances.resolve(uuid, None), uuid, heap)
                    };
                    self.timeline.instance(place, None, instance);
                }
            }
        }
    }
}

/// An instance of which only the heap is known. A heap of zeros was not asked: no TA has one of 0 bytes.
fn heap_instance(id: u32, uuid: Uuid, heap: Pool) -> Instance {
    let is_asked = |heap: &Pool| match heap.size {
        None => heap.allocated.is_some_and(|allocated| allocated > 0),
        size => !matches!(size, Some(0 | 0xffff_ffff)),
    };
    let heap = Some(heap).filter(is_asked);
    let regions = match heap {
        Some(_) => sheet::absent("regions"),
        None => Completeness::Unobserved(stats::no_heap(uuid)),
    };
    Instance { id, uuid, panicked: false, ref_count: None, regions, heap, handles: None }
}
