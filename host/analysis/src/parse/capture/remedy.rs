//! Which build flag, or what else, brings what could not be seen.

use teeleak_proto::pta;

/// What brings the PTA.
pub const PTA: &str = "patch optee_os with ta/pta and build it with CFG_LEAK_AUDIT=y";

/// What brings allocation records.
pub const RECORDS: &str = "build optee_os with CFG_TEE_CORE_MALLOC_DEBUG=y";

/// What brings pool counters.
pub const POOLS: &str = "build optee_os with CFG_WITH_STATS=y";

/// What brings events.
pub const EVENTS: &str = "build optee_os with CFG_LEAK_AUDIT_EVENTS=512";

/// What keeps more events.
pub const MORE_EVENTS: &str = "build optee_os with a larger CFG_LEAK_AUDIT_EVENTS";

/// What brings owners and epochs.
pub const TAGS: &str =
    "a 64-bit core has room for them; on 32 bits differences between samples take over";

/// What brings the records of another version.
pub const OTHER_VERSION: &str = "read it with the teeleak that wrote it";

/// What brings allocation sites without the PTA.
pub const CONSOLE: &str = "give --console CONSOLE, where OP-TEE's own output can be read, with an optee_os built with \
                                  CFG_TEE_CORE_MALLOC_DEBUG=y; or the PTA: patch optee_os with ta/pta and build it \
                                  with CFG_LEAK_AUDIT=y";

/// What makes dumps appear.
pub const PRINTED: &str =
    "build optee_os with CFG_TEE_CORE_MALLOC_DEBUG=y and CFG_TEE_CORE_LOG_LEVEL=2 or more";

/// What lets dumps be asked for.
pub const DUMP: &str = "optee_os 3.5.0 or later prints its allocations on request";

/// What to do about a console that says nothing.
pub const OTHER_CONSOLE: &str = "is it the console that OP-TEE prints to? a serial port needs its speed set (stty), and optee_os \
     CFG_TEE_CORE_LOG_LEVEL=2 or more";

/// What brings heaps of TAs.
pub const TA_STATS: &str =
    "build optee_os and the TA's dev kit with CFG_TA_STATS=y (optee_os 3.20.0 or later)";

/// What shows the regions of a TA that is in a call.
pub(super) const IDLE: &str = "sample while no call into the TA is running";

/// Features that a build has or has not: bit, what it brings, the way to it.
pub const FEATURES: &[(u32, &str, &str)] = &[
    (pta::FEATURE_RECORDS, "allocation sites", RECORDS),
    (pta::FEATURE_TAGS, "owners and epochs of allocations", TAGS),
    (pta::FEATURE_EVENTS, "events", EVENTS),
    (pta::FEATURE_POOLS, "pool counters", POOLS),
];
