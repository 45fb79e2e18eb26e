//! Versions of the TA's interface, and their negotiation.
//!
//! A client sends `CURRENT` in [`crate::hello::HelloRequest`]; the TA replies with its own
//! `MIN..=CURRENT`. Both continue if each other's version is in their own range. Appending a
//! record variant or a field raises `CURRENT`; changing the meaning of an old one raises `MIN`.
//!
//! | version | what came with it |
//! | --- | --- |
//! | 1 | everything else |
//! | 2 | call stacks: [`crate::census::StackRecord`], its section, and the field of sites; handles of instances |

/// The oldest version that this build supports.
pub const MIN: u16 = 1;

/// The version that this build writes.
pub const CURRENT: u16 = 2;

/// The first version with call stacks.
pub const STACKS: u16 = 2;

/// Whether this build is compatible with a peer that supports `min..=current`.
#[must_use]
pub const fn agrees(min: u16, current: u16) -> bool {
    min <= CURRENT && MIN <= current
}
