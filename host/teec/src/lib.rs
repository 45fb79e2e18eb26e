//! A session to a TA with shared memory that is registered once: over libteec, or over the kernel's
//! interface where no suitable libteec is available.
#![cfg_attr(
    any(feature = "client", feature = "direct"),
    expect(unsafe_code, reason = "the edge to libteec and to the kernel")
)]

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "direct")]
pub mod direct;

/// An error code of libteec, the TEE or the TA: a `TEEC_Result`.
pub type Code = u32;
