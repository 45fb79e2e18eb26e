//! The PTA's entries as records.

use teeleak_proto::{
    Uuid,
    census::{Block, Instance, Owner, Region, Session, Site},
    event::{Event, EventKind},
    pool::Pool,
    pta::{self, Layout},
    record::Record,
};

/// An entry of a snapshot.
pub(crate) trait Row: Layout {
    fn record(&self) -> Record<'_>;
}

impl Row for pta::Site {
    fn record(&self) -> Record<'_> {
        Record::Site(Site {
            file: self.file.as_str(),
            line: self.line,
            size: self.size,
            count: self.count,
            owner: self.owner,
            server: self.server,
            session: self.session,
            epoch: self.epoch,
            caller: self.caller,
        })
    }
}

impl Row for pta::Record {
    fn record(&self) -> Record<'_> {
        Record::Block(Block {
            block: self.block,
            site: Site {
                file: self.file.as_str(),
                line: self.line,
                size: self.size,
                count: 1,
                owner: self.owner,
                server: self.server,
                session: self.session,
                epoch: self.epoch,
                caller: self.caller,
            },
        })
    }
}

impl Row for pta::Owner {
    fn record(&self) -> Record<'_> {
        Record::Owner(Owner {
            owner: self.owner,
            kind: self.kind,
            instance: self.instance,
            uuid: Uuid(self.uuid),
        })
    }
}

impl Row for pta::Instance {
    fn record(&self) -> Record<'_> {
        Record::Instance(Instance {
            instance: self.instance,
            uuid: Uuid(self.uuid),
            state: self.state,
            ta_flags: self.ta_flags,
            ref_count: self.ref_count,
            n_regions: self.n_regions,
            mapped_bytes: self.mapped,
            panic_code: self.panic_code,
        })
    }
}

impl Row for pta::Session {
    fn record(&self) -> Record<'_> {
        Record::Session(Session {
            session: self.session,
            opener: self.opener,
            instance: self.instance,
            uuid: Uuid(self.uuid),
            login: self.login,
            client: Uuid(self.client),
        })
    }
}

impl Row for pta::Region {
    fn record(&self) -> Record<'_> {
        Record::Region(Region {
            va: self.va,
            size: self.size,
            pa: self.pa,
            attr: self.attr,
            flags: self.flags,
        })
    }
}

impl Row for pta::Pool {
    fn record(&self) -> Record<'_> {
        Record::Pool(Pool {
            kind: self.kind,
            unit: self.unit,
            known: self.known,
            allocated: self.allocated,
            max_allocated: self.max_allocated,
            size: self.size,
            largest_free: self.largest_free,
            free2_sum: self.free2_sum,
            num_alloc_fail: self.num_alloc_fail,
            biggest_alloc_fail: self.biggest_alloc_fail,
            biggest_alloc_fail_used: self.biggest_alloc_fail_used,
        })
    }
}

/// An event; `None` for a kind that this build does not know.
pub(crate) fn event(row: &pta::Event) -> Option<Event> {
    let kind = match row.kind {
        pta::EVENT_OPEN => EventKind::Open,
        pta::EVENT_CLOSE => EventKind::Close,
        pta::EVENT_INVOKE => EventKind::Invoke,
        pta::EVENT_MAP => EventKind::Map,
        pta::EVENT_UNMAP => EventKind::Unmap,
        _ => return None,
    };
    Some(Event {
        seq: row.seq,
        ticks: row.ticks,
        duration_ticks: row.duration,
        kind,
        result: row.result,
        cmd: row.cmd,
        param_types: row.param_types,
        session: row.session,
        opener: row.opener,
        instance: row.instance,
        uuid: Uuid(row.uuid),
        login: row.login,
        values: row.values,
    })
}
