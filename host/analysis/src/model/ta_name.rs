//! The name of a TA whose heap is known from text.

use std::fmt;

use teeleak_proto::Uuid;

/// A TA by its UUID, or one that no line names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TaName {
    /// Its UUID.
    Uuid(Uuid),
    /// A TA that no line names, numbered from 1.
    Unnamed(u32),
}

impl TaName {
    /// The UUID, if known.
    #[must_use]
    pub const fn uuid(self) -> Option<Uuid> {
        match self {
            Self::Uuid(uuid) => Some(uuid),
            Self::Unnamed(_) => None,
        }
    }
}

impl fmt::Display for TaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(uuid) => write!(f, "TA {uuid}"),
            Self::Unnamed(number) => write!(f, "unnamed TA {number}"),
        }
    }
}
