//! A session to a TA, and memory shared with it that is registered once: over libteec, or over the
//! kernel's interface itself where there is no libteec that fits.
#![cfg_attr(
    any(feature = "client", feature = "direct"),
    expect(unsafe_code, reason = "the edge to libteec and to the kernel")
)]

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "direct")]
pub mod direct;

/// What libteec, the TEE or the TA answered instead of success: a `TEEC_Result`.
pub type Code = u32;
