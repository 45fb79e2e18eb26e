//! Plugin of tee-supplicant: keeps what the teeleak TA pushes, while no teeleak runs.
//!
//! ```text
//! TA ── page of records ──> tee-supplicant ── abi ──> page (is it one?) ──> spool (a folder of captures)
//! ```
//!
//! What it promises:
//! - tee-supplicant goes on whatever happens here: a panic stays inside, nothing waits but for the disk;
//! - the secure world is not trusted: what is no page of records is refused, and the folder never
//!   holds more than its cap, whatever is pushed;
//! - what was written stays readable, wherever tee-supplicant or the machine ended; what could not be
//!   written is counted, and the count is told in the next page that can be.
//!
//! `TEELEAK_SPOOL` names the folder, `TEELEAK_SPOOL_BYTES` its cap.
#![cfg_attr(not(test), expect(unsafe_code, reason = "called by a C program, in `abi`"))]

#[cfg(not(test))]
mod abi;
mod page;
mod spool;

pub use page::{Page, Refused};
pub use spool::{CAP_BYTES, FILES_MAX, FOLDER, Spool};
