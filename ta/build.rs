//! Generates the TA's header and sets its link options. Needs `TA_DEV_KIT_DIR`; `TEELEAK_GROUP=GID`
//! admits the clients of a group besides root.

use std::error::Error;

use optee_utee_build::TaConfig;
use teeleak_proto::command::TA_UUID;
use uuid::{Uuid, uuid};

/// `TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION | TA_FLAG_INSTANCE_KEEP_ALIVE`, see
/// `lib/libutee/include/user_ta_header.h` of optee_os 4.10.0: whoever is out of secure memory
/// finds the TA loaded and its session to the PTA open.
const FLAGS: u32 = 1 << 2 | 1 << 3 | 1 << 4;

/// Heap size in bytes. Nothing allocates, but libutee's start-up needs a pool to register.
const HEAP: u32 = 4 << 10;

/// Stack size in bytes, without the 2 KiB that the framework adds. The deepest use is decoding a
/// `Bind` of 1 KiB and copying it into the ledger.
const STACK: u32 = 14 << 10;

/// Trace errors only.
const TRACE_LEVEL: i32 = 1;

/// The name space of client UUIDs: Linux, `drivers/tee/tee_core.c`, `tee_client_uuid_ns`.
const CLIENTS: Uuid = uuid!("58ac9ca0-2086-4683-a1b8-ec4bc08e01b6");

include!("older_loaders.rs");

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=TEELEAK_GROUP");
    if let Ok(group) = std::env::var("TEELEAK_GROUP") {
        let gid: u32 = group.parse().map_err(|error| {
            format!("TEELEAK_GROUP: a numeric group id, found {group:?}: {error}")
        })?;
        let client = Uuid::new_v5(&CLIENTS, format!("gid={gid:x}").as_bytes());
        println!("cargo::rustc-env=TEELEAK_GROUP_CLIENT={client}");
    }
    println!("cargo::rustc-link-arg=-nostartfiles");
    let config = TaConfig::new_default_with_cargo_env(&TA_UUID.to_string())
        .map_err(|error| format!("{error:?}"))?
        .ta_flags(FLAGS)
        .ta_data_size(HEAP)
        .ta_stack_size(STACK)
        .trace_level(TRACE_LEVEL);
    optee_utee_build::build(config).map_err(|error| format!("{error:?}"))?;
    Ok(suit_older_loaders()?)
}
