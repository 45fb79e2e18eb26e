//! Writes the TA's header and says how it is linked. Needs `TA_DEV_KIT_DIR`.

use optee_utee_build::{Error, TaConfig};

/// `TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION | TA_FLAG_INSTANCE_KEEP_ALIVE`: what it leaks
/// stays when its clients are gone.
const FLAGS: u32 = 1 << 2 | 1 << 3 | 1 << 4;

include!("../../ta/older_loaders.rs");

fn main() -> Result<(), Error> {
    println!("cargo::rustc-link-arg=-nostartfiles");
    let config = TaConfig::new_default_with_cargo_env(leaky_interface::LEAKY)?
        .ta_flags(FLAGS)
        // Bytes: its own tables and what libutee keeps of objects and operations, so that the core's
        // heap is full before this is.
        .ta_data_size(1 << 20)
        .ta_stack_size(14 << 10)
        .trace_level(1);
    optee_utee_build::build(config)?;
    suit_older_loaders().map_err(Error::from)
}
