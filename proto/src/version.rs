//! Versions of the TA's interface and how two ends agree.
//!
//! A client says `CURRENT` in [`crate::hello::HelloRequest`]; the TA answers with its own
//! `MIN..=CURRENT`. Both go on when each finds the other's number in its own range. Appending a
//! record variant or a field raises `CURRENT`; changing the meaning of an old one raises `MIN`.

/// The oldest version that this build still speaks.
pub const MIN: u16 = 1;

/// The version that this build writes.
pub const CURRENT: u16 = 1;

/// Whether a peer that speaks `min..=current` and this build understand each other.
#[must_use]
pub const fn agrees(min: u16, current: u16) -> bool {
    min <= CURRENT && MIN <= current
}
