//! Writes the TA's header and says how it is linked. Needs `TA_DEV_KIT_DIR`.

use optee_utee_build::{Error, TaConfig};
use teeleak_proto::command::TA_UUID;

/// `TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION`.
const FLAGS: u32 = 1 << 2 | 1 << 3;

include!("../../../ta/older_loaders.rs");

fn main() -> Result<(), Error> {
    println!("cargo::rustc-link-arg=-nostartfiles");
    let config = TaConfig::new_default_with_cargo_env(&TA_UUID.to_string())?
        .ta_flags(FLAGS)
        .ta_data_size(8 << 10)
        .ta_stack_size(14 << 10)
        .trace_level(1);
    optee_utee_build::build(config)?;
    suit_older_loaders().map_err(Error::from)
}
