//! Whether the normal world is observed in addition to the TEE.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::{
    Env,
    source::{Ways, live::Observer, normal::both},
};

/// What can be observed in addition to the TEE.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum Also {
    /// Memory and descriptors of the normal world.
    NormalWorld,
}

/// What to observe in addition to the TEE.
#[derive(Args, Clone, Default, Debug)]
pub(crate) struct NormalWorldArgs {
    /// Observe the normal world's ledgers, too: descriptors and dma-bufs of each process, slab caches,
    /// pages, binder. Works without a TEE; run as root to observe more.
    #[arg(long, value_name = "WHAT", value_enum)]
    with: Vec<Also>,
}

impl NormalWorldArgs {
    /// Whether to observe the normal world.
    pub(crate) fn normal_world(&self) -> bool {
        self.with.contains(&Also::NormalWorld)
    }

    /// Opens the best access to the TEE, with the normal world if requested.
    ///
    /// # Errors
    /// When nothing that was requested can be observed.
    pub(crate) fn reach(&self, ways: &Ways, env: &mut Env<'_>) -> Result<Box<dyn Observer>> {
        if self.normal_world() {
            both::reach(ways, env.world, &env.root, env.err)
        } else {
            ways.reach(env.world, env.err)
        }
    }
}
