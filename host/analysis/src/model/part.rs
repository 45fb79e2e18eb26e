//! Completeness: what was seen, in part or not at all, and why.

use std::{fmt, sync::Arc};

use super::TeeResult;

/// Objects of one kind, as far as they were seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part<T> {
    /// All of them.
    Complete(T),
    /// Some of them.
    Partial(T, Gap),
    /// None: nothing can be said about them.
    Unobserved(Gap),
}

impl<T> Part<T> {
    /// What was seen, if anything was.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Complete(seen) | Self::Partial(seen, _) => Some(seen),
            Self::Unobserved(_) => None,
        }
    }

    /// What was not seen.
    pub fn gap(&self) -> Option<&Gap> {
        match self {
            Self::Complete(_) => None,
            Self::Partial(_, gap) | Self::Unobserved(gap) => Some(gap),
        }
    }
}

/// Something that was not seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Gap {
    /// What: "allocation sites", "regions of 37eb0e02-…".
    pub what: Arc<str>,
    /// Why not.
    pub reason: Reason,
    /// What would make it visible, if anything: "build OP-TEE with `CFG_…=y`".
    pub remedy: Option<Arc<str>>,
    /// Objects missed, where somebody counted them.
    pub lost: u64,
}

/// Why something was not seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reason {
    /// The source can't tell such things.
    NotOffered,
    /// It is not built into this OP-TEE.
    NotBuilt,
    /// The TA was busy.
    Busy,
    /// It was overwritten before it could be read.
    Overrun,
    /// There was no room for it.
    NoRoom,
    /// Block headers were found overwritten.
    Corrupt,
    /// It changed while it was read.
    Moved,
    /// It was not there in time.
    Late,
    /// Asking failed with this `TEE_Result`.
    Failed(u32),
    /// The text ends, or is damaged, there.
    Damaged,
    /// It is not there.
    Absent,
    /// It may not be read.
    Refused,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOffered => f.write_str("the source does not tell"),
            Self::NotBuilt => f.write_str("not built into this OP-TEE"),
            Self::Busy => f.write_str("the TA was busy"),
            Self::Overrun => f.write_str("overwritten before it was read"),
            Self::NoRoom => f.write_str("no room"),
            Self::Corrupt => f.write_str("block headers are overwritten"),
            Self::Moved => f.write_str("changed while it was read"),
            Self::Late => f.write_str("did not come in time"),
            Self::Failed(result) => write!(f, "failed with {}", TeeResult(*result)),
            Self::Damaged => f.write_str("the input is damaged there"),
            Self::Absent => f.write_str("not there"),
            Self::Refused => f.write_str("may not be read"),
        }
    }
}
