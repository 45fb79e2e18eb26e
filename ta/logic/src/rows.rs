//! The PTA's entries as records.

use teeleak_proto::{
    Uuid,
    census::{
        BlockRecord, InstanceRecord, OwnerRecord, RegionRecord, SessionRecord, SiteRecord,
        StackRecord,
    },
    event::{EventRecord, EventRecordKind},
    pool::PoolRecord,
    pta::{self, CLayout},
    record::Record,
};

/// An entry of a snapshot.
pub(crate) trait Row: CLayout {
    fn record(&self) -> Record<'_>;
}

impl Row for pta::Site {
    fn record(&self) -> Record<'_> {
        Record::Site(SiteRecord {
            file: self.file.as_str(),
            line: self.line,
            size: self.size,
            count: self.count,
            owner: self.owner,
            server: self.server,
            session: self.session,
            epoch: self.epoch,
            caller: self.caller,
            stack: self.stack,
        })
    }
}

impl Row for pta::Record {
    fn record(&self) -> Record<'_> {
        Record::Block(BlockRecord {
            block: self.block,
            site: SiteRecord {
                file: self.file.as_str(),
                line: self.line,
                size: self.size,
                count: 1,
                owner: self.owner,
                server: self.server,
                session: self.session,
                epoch: self.epoch,
                caller: self.caller,
                stack: self.stack,
            },
        })
    }
}

impl Row for pta::Stack {
    fn record(&self) -> Record<'_> {
        Record::Stack(StackRecord { stack: self.stack, frames: self.frames })
    }
}

impl Row for pta::Owner {
    fn record(&self) -> Record<'_> {
        Record::Owner(OwnerRecord {
            owner: self.owner,
            kind: self.kind,
            instance: self.instance,
            uuid: Uuid(self.uuid),
        })
    }
}

impl Row for pta::Instance {
    fn record(&self) -> Record<'_> {
        Record::Instance(InstanceRecord {
            instance: self.instance,
            uuid: Uuid(self.uuid),
            state: self.state,
            ta_flags: self.ta_flags,
            ref_count: self.ref_count,
            n_regions: self.n_regions,
            mapped_bytes: self.mapped,
            panic_code: self.panic_code,
            n_objects: self.n_objects,
            n_operations: self.n_operations,
            n_enumerators: self.n_enumerators,
        })
    }
}

impl Row for pta::Session {
    fn record(&self) -> Record<'_> {
        Record::Session(SessionRecord {
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
        Record::Region(RegionRecord {
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
        Record::Pool(PoolRecord {
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
            num_alloc: self.num_alloc,
        })
    }
}

/// An event; `None` for a kind that this build does not know.
pub(crate) fn event(row: &pta::Event) -> Option<EventRecord> {
    let kind = match row.kind {
        pta::EVENT_OPEN => EventRecordKind::Open,
        pta::EVENT_CLOSE => EventRecordKind::Close,
        pta::EVENT_INVOKE => EventRecordKind::Invoke,
        pta::EVENT_MAP => EventRecordKind::Map,
        pta::EVENT_UNMAP => EventRecordKind::Unmap,
        _ => return None,
    };
    Some(EventRecord {
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
