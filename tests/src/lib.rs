//! Tests of the parts together: the real host tool and the real handlers of the TA, around a
//! simulated TEE core.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[cfg(feature = "browser")]
pub mod browser;
mod clients;
mod entry;
mod golden;
mod large;
mod stock;
mod tee;
mod tracefs;
mod world;

pub use clients::{client, preload};
pub use golden::{golden, published};
pub use large::large;
pub use stock::{PoolFigures, Printed, Stock};
pub use tee::{Event, Region, Session, Site, Tee, Workload};
pub use tracefs::tracefs;
pub use world::{Answer, Simulated, World, teeleak};
