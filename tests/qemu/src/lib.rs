//! The lab: a real OP-TEE under QEMU.
//!
//! It fetches OP-TEE OS, TF-A, a kernel and a guest's packages from Debian,
//! builds a firmware variant with the auditor's PTA in it, boots it and runs
//! commands in the guest. Everything slow is kept in the user's cache,
//! keyed by what it was made from.
//!
//! Invariants: nothing is written into the repository or into a user's own
//! OP-TEE tree; no result is read from console output; every wait has a limit;
//! QEMU never outlives the process that started it.
//!
//! ```no_run
//! # fn main() -> teeleak_qemu::Result<()> {
//! use std::time::Duration;
//! use teeleak_qemu::Lab;
//!
//! let mut guest = Lab::new()?.boot("default", &[])?;
//! let outcome = guest.exec("xtest -t regression 1013", Duration::from_secs(300))?;
//! assert_eq!(outcome.code, 0, "{}", outcome.stdout);
//! guest.shutdown()?;
//! # Ok(())
//! # }
//! ```

mod apt;
mod cache;
mod cargo_tool;
mod command;
mod cpio;
mod deb;
mod debian;
mod error;
mod firmware;
mod forget;
mod guest;
mod host_packages;
mod kernel;
mod lab;
mod overlay;
mod package;
mod packages;
mod page_owner_sort;
mod products;
pub mod progress;
mod qemu;
mod rootfs;
mod tree;
mod variant;

pub use error::{LabError, Result};
pub use firmware::Firmware;
pub use forget::Forget;
pub use guest::{Guest, Outcome, Running, User};
pub use lab::Lab;
pub use overlay::weaver;
pub use package::Package;
pub use qemu::Clock;
pub use rootfs::Rootfs;
pub use variant::{VARIANTS, Variant};
