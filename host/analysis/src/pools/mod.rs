//! Pools: which ones fill up, when they will be full, and why an allocation failed.
//!
//! A failed allocation has one of three causes:
//! - a **leak**: the amount in use grows without end ([`crate::growth::judge`]);
//! - **fragmentation**: enough is free, but not in one piece ([`Shortage`]);
//! - plain **exhaustion**: peak demand exceeds the size of the pool.
//!
//! The analyses of sites, regions and sessions find out what fills a pool. If one of them did, the
//! pool's own growth is a note with a forecast.

mod findings;
mod forecast;
mod high_water;
mod incidents;
pub mod oom;
mod pace;
mod peak;
mod reported;
mod shortage;

pub use findings::findings;
pub use shortage::{Shortage, mean_piece};
