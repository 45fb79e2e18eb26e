//! Completeness: whether data was observed fully, in part or not at all, and why.

use std::{fmt, sync::Arc};

use super::TeeResult;

/// Objects of one kind, with the gap if they are incomplete.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Completeness<T> {
    /// All objects.
    Complete(T),
    /// Some objects, and the number of the others: those that the gap says were lost.
    Counted(T, Gap),
    /// Some objects.
    Partial(T, Gap),
    /// Not observed.
    Unobserved(Gap),
}

impl<T> Completeness<T> {
    /// The observed objects, if any.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Complete(seen) | Self::Counted(seen, _) | Self::Partial(seen, _) => Some(seen),
            Self::Unobserved(_) => None,
        }
    }

    /// What was not observed.
    pub fn gap(&self) -> Option<&Gap> {
        match self {
            Self::Complete(_) => None,
            Self::Counted(_, gap) | Self::Partial(_, gap) | Self::Unobserved(gap) => Some(gap),
        }
    }
}

/// Data that was not observed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Gap {
    /// The data: "allocation sites", "regions of 37eb0e02-…".
    pub what: Arc<str>,
    /// Why it is missing.
    pub reason: Reason,
    /// How to get it, if possible: "build OP-TEE with `CFG_…=y`".
    pub remedy: Option<Arc<str>>,
    /// Number of missed objects, if counted.
    pub lost: u64,
}

/// Why data was not observed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reason {
    /// Not available from this source.
    NotOffered,
    /// Not built into this OP-TEE.
    NotBuilt,
    /// The TA was busy.
    Busy,
    /// Overwritten before it was read.
    Overrun,
    /// No room for it.
    NoRoom,
    /// Block headers are overwritten.
    Corrupt,
    /// It changed while it was read.
    Moved,
    /// It did not arrive in time.
    Late,
    /// The request failed with this `TEE_Result`.
    Failed(u32),
    /// The input is damaged there.
    Damaged,
    /// The input is damaged where it was packed, so that what precedes it may be wrong.
    Garbled,
    /// The input is damaged there, but what it said is known from what surrounds it.
    Restored,
    /// The recording stops before it.
    Cut,
    /// Missing.
    Absent,
    /// No permission to read it.
    Refused,
}

impl Reason {
    /// Whether the input is damaged.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged | Self::Garbled)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOffered => f.write_str("not available from this source"),
            Self::NotBuilt => f.write_str("not built into this OP-TEE"),
            Self::Busy => f.write_str("the TA was busy"),
            Self::Overrun => f.write_str("overwritten before it was read"),
            Self::NoRoom => f.write_str("no room"),
            Self::Corrupt => f.write_str("block headers are overwritten"),
            Self::Moved => f.write_str("changed while it was read"),
            Self::Late => f.write_str("did not arrive in time"),
            Self::Failed(result) => write!(f, "failed with {}", TeeResult(*result)),
            Self::Damaged => f.write_str("the input is damaged here"),
            Self::Garbled => {
                f.write_str("the packed input is damaged, and what precedes it may be wrong")
            }
            Self::Restored => f.write_str("the input is damaged here, and what it said is known"),
            Self::Cut => f.write_str("the recording stops before it"),
            Self::Absent => f.write_str("missing"),
            Self::Refused => f.write_str("no permission to read"),
        }
    }
}
