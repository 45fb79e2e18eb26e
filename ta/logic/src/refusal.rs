//! Why a request is turned down, as the `TEE_Result` that a client gets.

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
