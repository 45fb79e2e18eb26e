//! Refusals of requests, and their `TEE_Result` codes.

/// Why a request is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The caller may not use this command.
    AccessDenied,
    /// A malformed request, or a value out of range.
    BadParameters,
    /// A malformed reply of the PTA.
    BadFormat,
    /// Another request has replaced this one.
    BadState,
    /// Unknown command, or the PTA is missing.
    NotSupported,
    /// The reply buffer is too small: needed bytes.
    ShortBuffer(usize),
    /// An error code of the PTA.
    Pta(u32),
}

impl Refusal {
    /// The `TEE_Result`: GlobalPlatform TEE Internal Core API 1.3.1, section 3.3.3.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::AccessDenied => 0xffff_0001,
            Self::BadFormat => 0xffff_0005,
            Self::BadParameters => 0xffff_0006,
            Self::BadState => 0xffff_0007,
            Self::NotSupported => 0xffff_000a,
            Self::ShortBuffer(_) => 0xffff_0010,
            Self::Pta(code) => code,
        }
    }
}
