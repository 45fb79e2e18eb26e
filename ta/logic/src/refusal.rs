//! Refusals of requests, and their `TEE_Result` codes.

use teeleak_proto::tee_result;

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
    /// The `TEE_Result`.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::AccessDenied => tee_result::ACCESS_DENIED,
            Self::BadFormat => tee_result::BAD_FORMAT,
            Self::BadParameters => tee_result::BAD_PARAMETERS,
            Self::BadState => tee_result::BAD_STATE,
            Self::NotSupported => tee_result::NOT_SUPPORTED,
            Self::ShortBuffer(_) => tee_result::SHORT_BUFFER,
            Self::Pta(code) => code,
        }
    }
}
