//! Pools: what fills, when it will be full, and why an allocation failed.
//!
//! Three things are told apart that look the same from outside, a failed allocation:
//! - a **leak**: what is in use grows without end ([`crate::growth::judge`]);
//! - **fragmentation**: enough is free, but not in one piece ([`Shortage`]);
//! - plain **exhaustion**: at its peak the demand was more than the pool has.
//!
//! Who fills a pool is for the analyses of sites, regions and sessions to say. Where one of them
//! found it, the pool's own growth is a note that tells how long it will last.

mod findings;
mod forecast;
mod incidents;
pub mod oom;
mod shortage;

use std::sync::Arc;

pub use findings::findings;
pub use shortage::{Shortage, mean_piece};

use crate::model::PoolKind;

/// A pool's name as a person says it.
#[must_use]
pub fn name(kind: &PoolKind) -> Arc<str> {
    match kind {
        PoolKind::CoreHeap => "core heap".into(),
        PoolKind::NexusHeap => "nexus heap".into(),
        PoolKind::TaRam => "TA memory".into(),
        PoolKind::Crypto => "big numbers of the crypto library".into(),
        PoolKind::PageTables => "translation tables".into(),
        PoolKind::Sessions => "sessions".into(),
        PoolKind::Threads => "threads of the TEE core".into(),
        PoolKind::Named(name) => name.clone(),
    }
}
