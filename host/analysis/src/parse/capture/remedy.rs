//! How to observe what is missing: build flags and other remedies.

use teeleak_proto::pta;

/// How to get the PTA.
pub const PTA: &str =
    "put ta/pta into optee_os (ta/pta/port.py) and build it with CFG_LEAK_AUDIT=y";

/// How to get allocation records.
pub const RECORDS: &str = "build optee_os with CFG_TEE_CORE_MALLOC_DEBUG=y";

/// How to get pool counters.
pub const POOLS: &str = "build optee_os with CFG_WITH_STATS=y";

/// How to get events.
pub const EVENTS: &str = "build optee_os with CFG_LEAK_AUDIT_EVENTS=512";

/// How to keep more events.
pub const MORE_EVENTS: &str = "build optee_os with a larger CFG_LEAK_AUDIT_EVENTS";

/// How to get call stacks of allocations.
pub const STACKS: &str =
    "build optee_os with CFG_UNWIND=y and CFG_LEAK_AUDIT_STACKS=512, for a 64-bit Arm core";

/// How to keep more call stacks of allocations.
pub const MORE_STACKS: &str = "build optee_os with a larger CFG_LEAK_AUDIT_STACKS";

/// How to get owners and epochs.
pub const TAGS: &str = "put the current ta/pta into optee_os (ta/pta/port.py): an older one has \
     them on 64-bit TEE cores only; without them teeleak compares snapshots instead";

/// How to read records of another version.
pub const OTHER_VERSION: &str = "read it with the teeleak version that wrote it";

/// How to get allocation sites without the PTA.
pub const CONSOLE: &str = "pass --console CONSOLE, the console that OP-TEE prints to, \
     with an optee_os built with CFG_TEE_CORE_MALLOC_DEBUG=y; or use the PTA: put ta/pta into \
     optee_os (ta/pta/port.py) and build it with CFG_LEAK_AUDIT=y";

/// How to make OP-TEE print dumps.
pub const PRINTED: &str =
    "build optee_os with CFG_TEE_CORE_MALLOC_DEBUG=y and CFG_TEE_CORE_LOG_LEVEL=2 or higher";

/// Which release prints dumps on request.
pub const DUMP: &str = "optee_os 3.5.0 or later prints its allocations on request";

/// What to do about a console without OP-TEE output.
pub const OTHER_CONSOLE: &str = "check that OP-TEE prints to this console; set the speed of a \
     serial port (stty), and build optee_os with CFG_TEE_CORE_LOG_LEVEL=2 or higher";

/// How to get heaps of TAs.
pub const TA_STATS: &str =
    "build optee_os and the TA's dev kit with CFG_TA_STATS=y (optee_os 3.20.0 or later)";

/// How to get the regions of a TA that is in a call.
pub(super) const IDLE: &str = "take snapshots while no call into the TA is running";

/// Optional features of a build: bit, name, and how to enable it.
pub const FEATURES: &[(u32, &str, &str)] = &[
    (pta::FEATURE_RECORDS, "allocation sites", RECORDS),
    (pta::FEATURE_TAGS, "owners and epochs of allocations", TAGS),
    (pta::FEATURE_EVENTS, "events", EVENTS),
    (pta::FEATURE_POOLS, "pool counters", POOLS),
];
