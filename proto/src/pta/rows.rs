//! The structures of the PTA's replies. What the fields mean and their units: see the header.

use super::layout::{Field, Layout, Le, Text, mirror};

mirror! {
    /// What every list reply starts with.
    Reply = "pta_leak_audit_reply" {
        /// `PTA_LEAK_AUDIT_VERSION`.
        version: u16,
        /// Size in bytes of one entry that follows.
        entry_size: u16,
        /// Entries that follow.
        count: u32,
        /// Entries there are, from the first to the last.
        total: u32,
        /// Objects that no entry tells of: overwritten events, allocations of a site for which
        /// there was no room, corrupt block headers.
        lost: u32,
        /// Where the next call goes on, 0 when this reply ends the list.
        next: u32,
        /// `PTA_LEAK_AUDIT_REPLY_*`.
        flags: u32,
        /// The same in two replies when nothing was changed in between.
        generation: u64,
        /// Counter ticks during which the lock of what is listed was held.
        lock_ticks: u64,
    }
}

mirror! {
    /// What the PTA's build can tell.
    Info = "pta_leak_audit_info" {
        /// `PTA_LEAK_AUDIT_VERSION`.
        version: u32,
        /// `PTA_LEAK_AUDIT_FEATURE_*`.
        features: u32,
        /// Random number drawn at boot, tells two boots apart.
        boot: u64,
        /// Counter (`CNTPCT`) now.
        ticks: u64,
        /// Counter frequency in Hz.
        tick_hz: u64,
        /// 0, or where the core is loaded when the raw option is built in.
        load_addr: u64,
        /// Current epoch, see `PTA_LEAK_AUDIT_CMD_MARK`.
        epoch: u32,
        /// How often the epochs were started over.
        era: u32,
        /// Events that the ring holds, 0 when it is off.
        event_room: u32,
        /// TA instances that tags can tell apart.
        max_owners: u32,
        /// OP-TEE's own version string, zero terminated.
        release: Text<64>,
    }
}

mirror! {
    /// Allocations alike in all but their address.
    Site = "pta_leak_audit_site" {
        /// Bytes requested by them, all together.
        bytes: u64,
        /// How many there are.
        count: u32,
        /// Bytes requested by each.
        size: u32,
        /// Source line, as 16 bits (mdbg keeps no more).
        line: u16,
        /// For whom: owner number, see `PTA_LEAK_AUDIT_CMD_OWNERS`, 0 for the core itself.
        owner: u16,
        /// Owner number of the PTA that was serving the owner, 0 for none.
        server: u16,
        /// Id of the session of the owner that was being served, saturated.
        session: u16,
        /// When: see `PTA_LEAK_AUDIT_CMD_MARK`.
        epoch: u32,
        /// Return address of the call, as offset into the core, 0 unknown.
        caller: u32,
        /// Source file, its end where it is longer, zero terminated.
        file: Text<64>,
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
        /// Always 0.
        reserved: u32,
        /// Source file, its end where it is longer, zero terminated.
        file: Text<64>,
    }
}

mirror! {
    /// What an owner number stands for.
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
    Instance = "pta_leak_audit_instance" {
        /// `TEE_UUID` in RFC 4122 byte order.
        uuid: [u8; 16],
        /// Number of the instance, never used twice in one boot.
        instance: u32,
        /// `PTA_LEAK_AUDIT_INSTANCE_*`.
        state: u32,
        /// `TA_FLAG_*` of the TA's header.
        ta_flags: u32,
        /// References, that is sessions open to it.
        ref_count: u32,
        /// Bytes in its regions, 0 when busy.
        mapped: u64,
        /// Regions, 0 when busy.
        n_regions: u32,
        /// When panicked.
        panic_code: u32,
    }
}

mirror! {
    /// An open session.
    Session = "pta_leak_audit_session" {
        /// Of the TA or PTA that the session is to.
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
        /// Where the TA sees it.
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
    /// One thing that happened.
    Event = "pta_leak_audit_event" {
        /// Sequence number, the first is 1.
        seq: u64,
        /// Counter when it was done.
        ticks: u64,
        /// Ticks it took, saturated.
        duration: u32,
        /// `PTA_LEAK_AUDIT_EVENT_*`.
        kind: u16,
        /// Of an invoke, as `TEE_PARAM_TYPES()`.
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
        /// Of the TA or PTA that serves the session, or whose region it is.
        uuid: [u8; 16],
        /// INVOKE: a and b of the value parameters, inputs as they came in, INOUT and OUT as
        /// they went out, 0 in place of anything else. MAP and UNMAP: va, size and pa as in the
        /// region, low half first, then its flags. OPEN: UUID of the client's identity, in the
        /// first four..
        values: [u32; 8],
    }
}

mirror! {
    /// What can run out.
    Pool = "pta_leak_audit_pool" {
        /// Now, in `unit`.
        allocated: u64,
        /// Most there ever was, 0 where nobody counts it.
        max_allocated: u64,
        /// What there is in all.
        size: u64,
        /// Biggest free block, 0 where nobody counts it.
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
        /// `PTA_LEAK_AUDIT_KNOWN_*`: which of the figures somebody counts.
        known: u32,
    }
}

mirror! {
    /// A reply of a list command among others.
    Part = "pta_leak_audit_part" {
        /// `PTA_LEAK_AUDIT_CMD_*`.
        cmd: u32,
        /// `value[1].a` that it was asked with, all others are 0.
        value: u32,
        /// Bytes of the reply, which follows.
        size: u32,
        /// What the command returned; the size is 0 unless `TEE_SUCCESS`.
        result: u32,
    }
}
