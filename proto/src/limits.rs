//! Limits for both ends of a wire.

/// Longest request that the TA reads, in bytes.
pub const REQUEST_BYTES: usize = 1024;

/// Longest record on any wire, in bytes, without its length.
pub const RECORD_BYTES: usize = 512;

/// Smallest reply buffer that the TA accepts, in bytes: any one record and the end of the page.
pub const REPLY_BYTES_MIN: usize = 2 * (RECORD_BYTES + 2);

/// Largest reply buffer that the TA fills, in bytes; it leaves the remainder untouched.
pub const REPLY_BYTES_MAX: usize = 1 << 20;

/// Longest payload of a capture frame, in bytes.
pub const FRAME_BYTES: usize = 1 << 20;

/// Most kinds of resources per protocol.
pub const RESOURCES: usize = 8;

/// Most steps per protocol, over all resources.
pub const STEPS: usize = 24;

/// Most events in the proof of a violation.
pub const PROOF_EVENTS: usize = 10;
