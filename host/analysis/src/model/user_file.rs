//! Files of the user's own with which nothing of the input was read.

use std::sync::Arc;

use super::SourceLocation;

/// What a file of the user's own says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum UserFileKind {
    /// Which lines are steps.
    Rules,
    /// In which order steps come.
    Protocol,
    /// What messages mean.
    Messages,
}

impl UserFileKind {
    /// All values.
    pub const ALL: [Self; 3] = [Self::Rules, Self::Protocol, Self::Messages];

    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Protocol => "protocol",
            Self::Messages => "messages",
        }
    }
}

/// A line that has words of a file's patterns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NearLine {
    /// Where it is.
    pub place: SourceLocation,
    /// The line, not longer than a person reads.
    pub text: Arc<str>,
}

/// A file in which nothing of the input fits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnusedFile {
    /// What it says.
    pub kind: UserFileKind,
    /// Its name, as the user wrote it.
    pub name: Arc<str>,
    /// The lines that have most of its words.
    pub nearest: Vec<NearLine>,
}
