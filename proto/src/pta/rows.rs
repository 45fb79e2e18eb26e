//! The structures of the PTA's replies. The header defines the fields and their units.

use super::layout::{CLayout, CText, Field, Le, mirror};

mirror! {
    /// Head of every list reply.
    Reply = "pta_leak_audit_reply" {
        /// `PTA_LEAK_AUDIT_VERSION`.
        version: u16,
        /// Size in bytes of one entry that follows.
        entry_size: u16,
        /// Entries that follow.
        count: u32,
        /// Number of all entries.
        total: u32,
        /// Objects without an entry: overwritten events, allocations of sites that did not fit,
        /// corrupt block headers.
        lost: u32,
        /// Where the next call continues, 0 if this reply ends the list.
        next: u32,
        /// `PTA_LEAK_AUDIT_REPLY_*`.
        flags: u32,
        /// Equal in two replies if nothing changed in between.
        generation: u64,
        /// Counter ticks that the listed objects were locked.
        lock_ticks: u64,
    }
}

mirror! {
    /// Facts about the PTA's build and boot.
    Info = "pta_leak_audit_info" {
        /// `PTA_LEAK_AUDIT_VERSION`.
        version: u32,
        /// `PTA_LEAK_AUDIT_FEATURE_*`.
        features: u32,
        /// Random number drawn at boot, different in each boot.
        boot: u64,
        /// Current counter (`CNTPCT`).
        ticks: u64,
        /// Counter frequency in Hz.
        tick_hz: u64,
        /// Load address of the core with the raw option, else 0.
        load_addr: u64,
        /// Current epoch, see `PTA_LEAK_AUDIT_CMD_MARK`.
        epoch: u32,
        /// Number of epoch restarts.
        era: u32,
        /// Events that the ring holds, 0 when it is off.
        event_room: u32,
        /// TA instances that tags can distinguish.
        max_owners: u32,
        /// OP-TEE's own version string, zero terminated.
        release: CText<64>,
    }
}

mirror! {
    /// Allocations that differ only in their address.
    Site = "pta_leak_audit_site", first 96 {
        /// Bytes requested by them, all together.
        bytes: u64,
        /// Number of allocations.
        count: u32,
        /// Bytes requested by each.
        size: u32,
        /// Source line, as 16 bits (mdbg keeps no more).
        line: u16,
        /// Owner number, see `PTA_LEAK_AUDIT_CMD_OWNERS`, 0 for the core itself.
        owner: u16,
        /// Owner number of the PTA that was serving the owner, 0 for none.
        server: u16,
        /// Id of the session of the owner that was being served, saturated.
        session: u16,
        /// Epoch they were made in, see `PTA_LEAK_AUDIT_CMD_MARK`.
        epoch: u32,
        /// Return address of the call, as offset into the core, 0 unknown.
        caller: u32,
        /// Source file, its end if longer, zero terminated.
        file: CText<64>,
        /// Number of its call stack, see `PTA_LEAK_AUDIT_CMD_STACKS`, 0 for none.
        stack: u32,
        /// Always 0.
        reserved: u32,
    }
}

mirror! {
    /// One allocation.
    Record = "pta_leak_audit_record" {
        /// Identity: offset of the block in its heap pool.
        block: u64,
        /// Bytes requested.
        size: u32,
        /// Source line.
        line: u16,
        /// See the site.
        owner: u16,
        /// See the site.
        server: u16,
        /// See the site.
        session: u16,
        /// See the site.
        epoch: u32,
        /// See the site.
        caller: u32,
        /// See the site, always 0 in version 1.
        stack: u32,
        /// Source file, its end if longer, zero terminated.
        file: CText<64>,
    }
}

mirror! {
    /// The meaning of an owner number.
    Owner = "pta_leak_audit_owner" {
        /// `TEE_UUID` in RFC 4122 byte order.
        uuid: [u8; 16],
        /// Number of the instance, never used twice in one boot.
        instance: u32,
        /// Owner number.
        owner: u16,
        /// `PTA_LEAK_AUDIT_OWNER_*`.
        kind: u16,
    }
}

mirror! {
    /// Context of a user TA.
    Instance = "pta_leak_audit_instance", first 48 {
        /// `TEE_UUID` in RFC 4122 byte order.
        uuid: [u8; 16],
        /// Number of the instance, never used twice in one boot.
        instance: u32,
        /// `PTA_LEAK_AUDIT_INSTANCE_*`.
        state: u32,
        /// `TA_FLAG_*` of the TA's header.
        ta_flags: u32,
        /// References: sessions open to it.
        ref_count: u32,
        /// Bytes in its regions, 0 when busy.
        mapped: u64,
        /// Regions, 0 when busy.
        n_regions: u32,
        /// Panic code, if panicked.
        panic_code: u32,
        /// Objects, if `PTA_LEAK_AUDIT_INSTANCE_HANDLES` is set.
        n_objects: u32,
        /// Operations, in the same case.
        n_operations: u32,
        /// Object enumerators, in the same case.
        n_enumerators: u32,
        /// 0.
        reserved: u32,
    }
}

mirror! {
    /// An open session.
    Session = "pta_leak_audit_session" {
        /// UUID of the TA or PTA that serves the session.
        uuid: [u8; 16],
        /// UUID of the client's identity.
        client: [u8; 16],
        /// `TEE_LOGIN_*` of the client's identity.
        login: u32,
        /// Session id, unique among those of one opener.
        session: u32,
        /// Instance that opened it, 0 for the normal world.
        opener: u32,
        /// Instance that serves it, 0 for a PTA.
        instance: u32,
    }
}

mirror! {
    /// A region of a user TA.
    Region = "pta_leak_audit_region" {
        /// Virtual address in the TA.
        va: u64,
        /// Bytes mapped.
        size: u64,
        /// Physical address if `PTA_LEAK_AUDIT_REGION_PA` is set, a keyed hash of it if
        /// `PTA_LEAK_AUDIT_REGION_PA_HASH` is set, else 0.
        pa: u64,
        /// `TEE_MATTR_*` of the mapping.
        attr: u32,
        /// `PTA_LEAK_AUDIT_REGION_*`.
        flags: u32,
    }
}

mirror! {
    /// An event.
    Event = "pta_leak_audit_event" {
        /// Sequence number, the first is 1.
        seq: u64,
        /// Counter at its end.
        ticks: u64,
        /// Ticks it took, saturated.
        duration: u32,
        /// `PTA_LEAK_AUDIT_EVENT_*`.
        kind: u16,
        /// `TEE_PARAM_TYPES()` of an invoke.
        param_types: u16,
        /// `TEE_Result` it ended with.
        result: u32,
        /// Command of an invoke.
        cmd: u32,
        /// Session id, unique among those of the opener.
        session: u32,
        /// Instance that is the session's client, 0 for the normal world.
        opener: u32,
        /// Instance that serves the session, or whose region it is.
        instance: u32,
        /// `TEE_LOGIN_*` of the client, of an open.
        login: u32,
        /// UUID of the TA or PTA that serves the session, or whose region it is.
        uuid: [u8; 16],
        /// INVOKE: a and b of the value parameters, inputs as they came in, INOUT and OUT as
        /// they went out, 0 in place of anything else. MAP and UNMAP: va, size and pa as in the
        /// region, low half first, then its flags. OPEN: UUID of the client's identity, in the
        /// first four.
        values: [u32; 8],
    }
}

mirror! {
    /// A resource that can run out.
    Pool = "pta_leak_audit_pool", first 72 {
        /// In use now, in `unit`.
        allocated: u64,
        /// Peak use, 0 if not counted.
        max_allocated: u64,
        /// Total size.
        size: u64,
        /// Biggest free block, 0 if not counted.
        largest_free: u64,
        /// Sum of the squares of the free blocks, see `struct pta_stats_alloc`.
        free2_sum: u64,
        /// Failed allocations.
        num_alloc_fail: u64,
        /// Biggest failed allocation.
        biggest_alloc_fail: u64,
        /// Allocated when that one failed.
        biggest_alloc_fail_used: u64,
        /// `PTA_LEAK_AUDIT_POOL_*`.
        kind: u16,
        /// `PTA_LEAK_AUDIT_UNIT_*`.
        unit: u16,
        /// `PTA_LEAK_AUDIT_KNOWN_*`: the figures that are counted.
        known: u32,
        /// Allocations since boot that succeeded, freed or not.
        num_alloc: u64,
    }
}

mirror! {
    /// A call stack of allocations.
    Stack = "pta_leak_audit_stack" {
        /// Number of the stack.
        stack: u32,
        /// Always 0.
        reserved: u32,
        /// Return addresses as offsets into the core, innermost first, 0 from where the stack could
        /// not be followed.
        frames: [u32; 4],
    }
}

mirror! {
    /// Head of one list reply within a combined reply.
    Part = "pta_leak_audit_part" {
        /// `PTA_LEAK_AUDIT_CMD_*`.
        cmd: u32,
        /// `value[1].a` of the query; its other values are 0.
        value: u32,
        /// Bytes of the reply, which follows.
        size: u32,
        /// Result of the command; the size is 0 unless `TEE_SUCCESS`.
        result: u32,
    }
}
