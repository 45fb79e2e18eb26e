//! TEE client calls of normal-world processes.
//!
//! ```text
//! process + preload library ── ring file ──> folder ── frames ──> sink
//! kernel's driver + probes ── trace_pipe ──> text + notes ── frames ──> sink
//! ```
//!
//! A ring file is read while it is written; [`teeleak_proto::client`] explains why that is safe.

mod folder;
pub(crate) mod kernel;
mod library;
mod preload;
mod process;
mod recorder;
mod ring;

pub(crate) use folder::Folder;
pub use library::find as find_library;
pub(crate) use preload::{Extra, Tracing};
pub(crate) use recorder::Recorder;
pub use ring::RingFile;
