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

pub use findings::findings;
pub use shortage::{Shortage, mean_piece};
