//! Why a request is turned down, as the `TEE_Result` that a client gets.

use teeleak_proto::tee_result;

/// Says no.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Not a caller that this command is for.
    AccessDenied,
    /// A request that can't be read or holds a value out of its range.
    BadParameters,
    /// A reply of the PTA that can't be read.
    BadFormat,
    /// Something else was asked for since.
    BadState,
    /// No such command, or the PTA isn't there.
    NotSupported,
    /// The reply buffer is too small: bytes that are needed.
    ShortBuffer(usize),
    /// What the PTA answered.
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
