//! A build without access to a TEE: every request fails with build instructions.

use std::path::Path;

use anyhow::{Result, bail};

use super::{Device, NODE, World};
use crate::{error::NotObservable, source::stock::StatsPta};

/// No access to a TEE.
pub(super) struct UnlinkedWorld;

const HOW: &str = "this teeleak was built without libteec and cannot talk to a TEE: build it with \
                   `OPTEE_CLIENT_EXPORT=DIR cargo build --release -p teeleak --features live`, \
                   where DIR/usr/lib holds libteec.so, or with `--features direct` to do without \
                   libteec; this build can still read captures";

impl World for UnlinkedWorld {
    fn has_node(&self) -> bool {
        Path::new(NODE).exists()
    }

    fn connect(&self) -> Result<Box<dyn Device>> {
        bail!(NotObservable(HOW.into()))
    }

    fn stats(&self) -> Result<Box<dyn StatsPta>> {
        bail!(NotObservable(HOW.into()))
    }
}
