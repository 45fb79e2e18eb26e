//! Whether the normal world is observed in addition to the TEE.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::{
    env::Env,
    source::{AccessOptions, normal_world::both_worlds, observer::Observer},
};

/// What can be observed in addition to the TEE.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum ExtraTarget {
    /// Memory and descriptors of the normal world.
    NormalWorld,
}

/// What to observe in addition to the TEE.
#[derive(Args, Clone, Default, Debug)]
pub(crate) struct NormalWorldArgs {
    /// Observe the normal world's ledgers, too: descriptors and dma-bufs of each process, slab caches,
    /// pages, binder. Works without a TEE; run as root to observe more.
    #[arg(long, value_name = "WHAT", value_enum)]
    with: Vec<ExtraTarget>,
}

impl NormalWorldArgs {
    /// Whether to observe the normal world.
    pub(crate) fn normal_world(&self) -> bool {
        self.with.contains(&ExtraTarget::NormalWorld)
    }

    /// Opens the best access to the TEE, with the normal world if requested.
    ///
    /// # Errors
    /// When nothing that was requested can be observed.
    pub(crate) fn reach(
        &self,
        ways: &AccessOptions,
        env: &mut Env<'_>,
    ) -> Result<Box<dyn Observer>> {
        if self.normal_world() {
            both_worlds::reach(ways, env.world, &env.root, env.err)
        } else {
            ways.reach(env.world, env.err)
        }
    }
}
