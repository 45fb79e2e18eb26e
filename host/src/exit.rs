//! Exit codes, the same for every command.

use std::process::ExitCode;

use teeleak_analysis::audit::Conclusion;

use crate::error::{NotObservable, TeeError};

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// Observed, and nothing was found.
    Clean = 0,
    /// Something leaks.
    Leak = 1,
    /// The command line or an input file is wrong.
    Usage = 2,
    /// The requested parts could not be observed.
    Blind = 3,
    /// Steps were taken in the wrong order, with or without a leak.
    Order = 4,
}

impl Exit {
    /// The more severe one: a wrong order, then a leak, then an incomplete observation.
    pub(crate) fn or(self, other: Self) -> Self {
        let weight = |exit: &Self| match exit {
            Self::Clean => 0,
            Self::Usage => 1,
            Self::Blind => 2,
            Self::Leak => 3,
            Self::Order => 4,
        };
        if weight(&other) > weight(&self) { other } else { self }
    }

    /// The exit code for an error that ended a command.
    pub(crate) fn of_error(error: &anyhow::Error) -> Self {
        let blind =
            error.chain().any(|cause| cause.is::<TeeError>() || cause.is::<NotObservable>());
        if blind { Self::Blind } else { Self::Usage }
    }
}

impl From<Conclusion> for Exit {
    fn from(conclusion: Conclusion) -> Self {
        match conclusion {
            Conclusion::Clean => Self::Clean,
            Conclusion::Leak => Self::Leak,
            Conclusion::Inconclusive => Self::Blind,
            Conclusion::Order => Self::Order,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
