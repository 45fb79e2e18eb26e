//! The logic of the teeleak TA, without the TEE: admission, decoding requests, querying the PTA,
//! paging snapshots, keeping the ledger.
//!
//! Invariants:
//! - Nothing is allocated. All state is in one [`Auditor`], in fixed-size buffers.
//! - Nothing panics: requests and PTA replies are untrusted until checked.
//! - A reply is only written, never read back: it lies in memory that the normal world can change.
//! - A PTA error becomes a head with its result, a loss becomes a count: never an empty list.
//!
//! The TA's shell provides a [`Pta`] and calls [`Auditor::handle`]:
//!
//! ```
//! use teeleak_ta_logic::{Auditor, Caller, Pta, Query, Refusal};
//!
//! /// A device without the PTA.
//! struct Absent;
//! impl Pta for Absent {
//!     fn open_result(&self) -> u32 { 0xffff_0008 }
//!     fn info(&mut self, _: &mut [u8]) -> Result<usize, u32> { Err(self.open_result()) }
//!     fn list(&mut self, _: &Query, _: &mut [u8]) -> Result<usize, u32> { Err(self.open_result()) }
//!     fn exchange(&mut self, _: u32, _: [u32; 2]) -> Result<[u32; 2], u32> { Err(self.open_result()) }
//! }
//!
//! let mut auditor = Auditor::new();
//! let mut reply = [0; 2048];
//! let hello = [1, 1];
//! assert!(auditor.handle(&mut Absent, Caller::Client, 0, &hello, &mut reply).is_ok());
//! let refused = auditor.handle(&mut Absent, Caller::Client, 1, &[], &mut reply);
//! assert_eq!(refused, Err(Refusal::NotSupported));
//! ```
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod auditor;
mod binding;
mod events;
mod ledger;
pub mod login;
mod pta;
mod pusher;
mod refusal;
mod rows;
mod snapshot;
mod values;

pub use auditor::Auditor;
pub use ledger::{LEDGER_ROOM, VIOLATIONS_ROOM};
pub use login::Caller;
pub use pta::{Pta, Query, SCRATCH_BYTES};
pub use pusher::{LOOK_NOTES, PAGE_BYTES, PAGES_MAX, Plugin, Pusher, QUIET_NOTES};
pub use refusal::Refusal;
pub use snapshot::{INSTANCES_MAX, SLICES_MAX};
pub use values::Kept;
