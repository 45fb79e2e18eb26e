//! The constants of the header, without their `PTA_LEAK_AUDIT_` prefix.

use crate::Uuid;

/// UUID of the PTA.
pub const UUID: Uuid = match Uuid::parse("2f3a0b4e-5d0c-4b6e-9a51-7c1e84d26f03") {
    Some(uuid) => uuid,
    None => unreachable!(),
};

/// Defines the constants, and the list that a test compares with the header.
macro_rules! constants {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $value:expr;)*) => {
        $($(#[$doc])* pub const $name: $type = $value;)*

        /// Every constant with its value.
        pub const CONSTANTS: &[(&str, u64)] = &[$((stringify!($name), $value as u64),)*];
    };
}

constants! {
    /// Version of the interface.
    VERSION: u32 = 2;
    /// A block header or footer was found overwritten; the walk went on.
    REPLY_CORRUPT: u32 = 0x1;
    /// A TA was busy, so its regions or sessions could not be read.
    REPLY_BUSY: u32 = 0x2;
    /// `PTA_LEAK_AUDIT_CMD_INFO`.
    CMD_INFO: u32 = 0;
    /// Allocation records exist: `CFG_TEE_CORE_MALLOC_DEBUG=y`.
    FEATURE_RECORDS: u32 = 0x1;
    /// Records carry owner, caller and epoch: 64-bit core.
    FEATURE_TAGS: u32 = 0x2;
    /// Secure addresses are reported raw: `CFG_LEAK_AUDIT_RAW_ADDRESSES=y`.
    FEATURE_RAW: u32 = 0x4;
    /// The event ring is built in and recording: `CFG_LEAK_AUDIT_EVENTS` > 0.
    FEATURE_EVENTS: u32 = 0x8;
    /// Pool counters exist: `CFG_WITH_STATS=y`.
    FEATURE_POOLS: u32 = 0x10;
    /// Records carry call stacks: `CFG_UNWIND=y` and `CFG_LEAK_AUDIT_STACKS` > 0 on a 64-bit Arm core.
    FEATURE_STACKS: u32 = 0x20;
    /// `PTA_LEAK_AUDIT_CMD_MARK`.
    CMD_MARK: u32 = 1;
    /// `PTA_LEAK_AUDIT_MARK_RESTART`.
    MARK_RESTART: u32 = 0x1;
    /// `PTA_LEAK_AUDIT_EPOCH_MAX`.
    EPOCH_MAX: u32 = 0xfffe;
    /// `PTA_LEAK_AUDIT_CMD_SITES`.
    CMD_SITES: u32 = 2;
    /// `PTA_LEAK_AUDIT_CMD_RECORDS`.
    CMD_RECORDS: u32 = 3;
    /// `PTA_LEAK_AUDIT_CMD_OWNERS`.
    CMD_OWNERS: u32 = 4;
    /// `PTA_LEAK_AUDIT_OWNER_TA`.
    OWNER_TA: u16 = 1;
    /// `PTA_LEAK_AUDIT_OWNER_TA_GONE`.
    OWNER_TA_GONE: u16 = 2;
    /// `PTA_LEAK_AUDIT_OWNER_PTA`.
    OWNER_PTA: u16 = 3;
    /// All instances created while the table was full.
    OWNER_OTHERS: u16 = 4;
    /// `PTA_LEAK_AUDIT_CMD_INSTANCES`.
    CMD_INSTANCES: u32 = 5;
    /// `PTA_LEAK_AUDIT_INSTANCE_BUSY`.
    INSTANCE_BUSY: u32 = 0x1;
    /// `PTA_LEAK_AUDIT_INSTANCE_PANICKED`.
    INSTANCE_PANICKED: u32 = 0x2;
    /// `PTA_LEAK_AUDIT_INSTANCE_INITIALIZING`.
    INSTANCE_INITIALIZING: u32 = 0x4;
    /// `PTA_LEAK_AUDIT_INSTANCE_RELEASING`.
    INSTANCE_RELEASING: u32 = 0x8;
    /// `PTA_LEAK_AUDIT_INSTANCE_HANDLES`.
    INSTANCE_HANDLES: u32 = 0x10;
    /// `PTA_LEAK_AUDIT_CMD_SESSIONS`.
    CMD_SESSIONS: u32 = 6;
    /// `PTA_LEAK_AUDIT_CMD_REGIONS`.
    CMD_REGIONS: u32 = 7;
    /// `PTA_LEAK_AUDIT_REGION_PA`.
    REGION_PA: u32 = 0x1;
    /// `PTA_LEAK_AUDIT_REGION_PA_HASH`.
    REGION_PA_HASH: u32 = 0x2;
    /// `PTA_LEAK_AUDIT_REGION_NONSEC`.
    REGION_NONSEC: u32 = 0x4;
    /// `PTA_LEAK_AUDIT_REGION_EPHEMERAL`.
    REGION_EPHEMERAL: u32 = 0x10;
    /// `PTA_LEAK_AUDIT_REGION_PERMANENT`.
    REGION_PERMANENT: u32 = 0x20;
    /// `PTA_LEAK_AUDIT_REGION_SHAREABLE`.
    REGION_SHAREABLE: u32 = 0x40;
    /// `PTA_LEAK_AUDIT_REGION_LDELF`.
    REGION_LDELF: u32 = 0x80;
    /// `PTA_LEAK_AUDIT_REGION_READONLY`.
    REGION_READONLY: u32 = 0x100;
    /// `PTA_LEAK_AUDIT_REGION_READ`.
    REGION_READ: u32 = 0x200;
    /// `PTA_LEAK_AUDIT_REGION_WRITE`.
    REGION_WRITE: u32 = 0x400;
    /// `PTA_LEAK_AUDIT_REGION_EXEC`.
    REGION_EXEC: u32 = 0x800;
    /// `PTA_LEAK_AUDIT_CMD_EVENTS`.
    CMD_EVENTS: u32 = 8;
    /// `PTA_LEAK_AUDIT_EVENT_OPEN`.
    EVENT_OPEN: u16 = 1;
    /// `PTA_LEAK_AUDIT_EVENT_CLOSE`.
    EVENT_CLOSE: u16 = 2;
    /// `PTA_LEAK_AUDIT_EVENT_INVOKE`.
    EVENT_INVOKE: u16 = 3;
    /// `PTA_LEAK_AUDIT_EVENT_MAP`.
    EVENT_MAP: u16 = 4;
    /// `PTA_LEAK_AUDIT_EVENT_UNMAP`.
    EVENT_UNMAP: u16 = 5;
    /// `PTA_LEAK_AUDIT_CMD_POOLS`.
    CMD_POOLS: u32 = 9;
    /// `PTA_LEAK_AUDIT_POOL_CORE_HEAP`.
    POOL_CORE_HEAP: u16 = 1;
    /// `PTA_LEAK_AUDIT_POOL_NEXUS_HEAP`.
    POOL_NEXUS_HEAP: u16 = 2;
    /// `PTA_LEAK_AUDIT_POOL_TA_RAM`.
    POOL_TA_RAM: u16 = 3;
    /// `PTA_LEAK_AUDIT_POOL_CRYPTO`.
    POOL_CRYPTO: u16 = 4;
    /// `PTA_LEAK_AUDIT_POOL_PAGE_TABLES`.
    POOL_PAGE_TABLES: u16 = 5;
    /// `PTA_LEAK_AUDIT_POOL_SESSIONS`.
    POOL_SESSIONS: u16 = 6;
    /// `PTA_LEAK_AUDIT_POOL_THREADS`.
    POOL_THREADS: u16 = 7;
    /// `PTA_LEAK_AUDIT_UNIT_BYTES`.
    UNIT_BYTES: u16 = 1;
    /// `PTA_LEAK_AUDIT_UNIT_OBJECTS`.
    UNIT_OBJECTS: u16 = 2;
    /// `PTA_LEAK_AUDIT_KNOWN_ALLOCATED`.
    KNOWN_ALLOCATED: u32 = 0x1;
    /// `PTA_LEAK_AUDIT_KNOWN_MAX`.
    KNOWN_MAX: u32 = 0x2;
    /// `PTA_LEAK_AUDIT_KNOWN_SIZE`.
    KNOWN_SIZE: u32 = 0x4;
    /// `PTA_LEAK_AUDIT_KNOWN_LARGEST_FREE`.
    KNOWN_LARGEST_FREE: u32 = 0x8;
    /// `PTA_LEAK_AUDIT_KNOWN_FREE2`.
    KNOWN_FREE2: u32 = 0x10;
    /// `PTA_LEAK_AUDIT_KNOWN_FAIL`.
    KNOWN_FAIL: u32 = 0x20;
    /// `PTA_LEAK_AUDIT_KNOWN_NUM_ALLOC`.
    KNOWN_NUM_ALLOC: u32 = 0x40;
    /// `PTA_LEAK_AUDIT_CMD_CANARY`.
    CMD_CANARY: u32 = 10;
    /// `PTA_LEAK_AUDIT_CANARY_CLEAR`.
    CANARY_CLEAR: u32 = 0;
    /// `PTA_LEAK_AUDIT_CANARY_PLANT`.
    CANARY_PLANT: u32 = 1;
    /// `PTA_LEAK_AUDIT_CANARY_MAX`.
    CANARY_MAX: u32 = 256;
    /// `PTA_LEAK_AUDIT_CMD_CENSUS`.
    CMD_CENSUS: u32 = 11;
    /// `PTA_LEAK_AUDIT_CMD_STACKS`.
    CMD_STACKS: u32 = 12;
    /// Levels of a call stack.
    FRAMES: u32 = 4;
}
