//! Plugin of tee-supplicant: stores the pushes of the teeleak TA while no teeleak runs.
//!
//! ```text
//! TA ── page of records ──> tee-supplicant ── abi ──> page (is it one?) ──> spool (a folder of captures)
//! ```
//!
//! Guarantees:
//! - it never stops tee-supplicant: a panic stays inside, and only the disk is waited for;
//! - the secure world is not trusted: anything but a page of records is refused, and the folder
//!   never exceeds its cap;
//! - written data stays readable after a crash of tee-supplicant or the machine; unwritten pages
//!   are counted, and the next page that is written reports the count.
//!
//! `TEELEAK_SPOOL` names the folder, `TEELEAK_SPOOL_BYTES` its cap.
#![cfg_attr(not(test), expect(unsafe_code, reason = "called by a C program, in `abi`"))]

#[cfg(not(test))]
mod abi;
mod page;
mod spool;

pub use page::{Page, Refused};
pub use spool::{CAP_BYTES, FILES_MAX, FOLDER, Spool};
