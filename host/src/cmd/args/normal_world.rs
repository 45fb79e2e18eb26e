//! Whether the normal world is looked at besides the TEE.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::{
    Env,
    source::{Ways, live::Observer, normal::both},
};

/// What is looked at besides the TEE.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum Also {
    /// Memory and descriptors of the normal world.
    NormalWorld,
}

/// What to look at besides the TEE.
#[derive(Args, Clone, Default, Debug)]
pub(crate) struct NormalWorldArgs {
    /// Look at the normal world's ledgers, too: descriptors and dma-bufs of each process, slab caches, pages,
    /// binder. Works without a TEE as well; as root it sees more.
    #[arg(long, value_name = "WHAT", value_enum)]
    with: Vec<Also>,
}

impl NormalWorldArgs {
    /// Whether the normal world is to be looked at.
    pub(crate) fn normal_world(&self) -> bool {
        self.with.contains(&Also::NormalWorld)
    }

    /// The best way into the TEE, with the normal world where that is asked for.
    ///
    /// # Errors
    /// When nothing that was asked for can be looked at.
    pub(crate) fn reach(&self, ways: &Ways, env: &mut Env<'_>) -> Result<Box<dyn Observer>> {
        if self.normal_world() {
            both::reach(ways, env.world, &env.root, env.err)
        } else {
            ways.reach(env.world, env.err)
        }
    }
}
