//! Errors that decide the exit code, and what to do about a `TEE_Result`.

use std::fmt;

use teeleak_analysis::model::TeeResult;
use teeleak_proto::tee_result::{
    ACCESS_DENIED, BAD_PARAMETERS, BUSY, COMMUNICATION, ITEM_NOT_FOUND, NOT_SUPPORTED,
    OUT_OF_MEMORY, SECURITY, TARGET_DEAD,
};
use thiserror::Error;

/// Nothing can be observed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{0}")]
pub struct NotObservable(pub String);

/// A call into the TEE that failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("{request} failed with {}: {}", TeeResult(*.result), advice(*.result, *.request))]
pub struct TeeError {
    /// `TEEC_Result`.
    pub result: u32,
    /// What was requested.
    pub request: TeeOperation,
}

/// A request to the TEE.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TeeOperation {
    /// A context.
    Connect,
    /// A session to the teeleak TA.
    OpenTa,
    /// A session to the statistics PTA.
    OpenStats,
    /// Anything else, as the subject of a sentence: `invoking the TA`.
    Other(&'static str),
}

impl fmt::Display for TeeOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting to the TEE",
            Self::OpenTa => "opening a session to the teeleak TA",
            Self::OpenStats => "opening a session to the statistics PTA",
            Self::Other(request) => request,
        })
    }
}

/// What to do about a result code.
pub(crate) fn advice(result: u32, request: TeeOperation) -> &'static str {
    match result {
        ACCESS_DENIED if request == TeeOperation::Connect => {
            "run as root, or as a user that may open /dev/tee0"
        }
        ACCESS_DENIED => "run as root; the TA serves no other user unless it is built for a group",
        ITEM_NOT_FOUND if request == TeeOperation::Connect => {
            "no /dev/tee0: load the optee driver (modprobe optee)"
        }
        ITEM_NOT_FOUND if request == TeeOperation::OpenStats => {
            "this OP-TEE was built without it: build optee_os with CFG_WITH_STATS=y"
        }
        ITEM_NOT_FOUND => {
            "the TA is not installed, or tee-supplicant is not running: put the .ta file into \
             /lib/optee_armtz and start tee-supplicant"
        }
        SECURITY => {
            "this OP-TEE does not trust the key that signed the TA: sign it with the key of its dev kit"
        }
        OUT_OF_MEMORY => {
            "the secure world is out of memory: open a session before memory runs out, \
             or raise CFG_CORE_HEAP_SIZE or the TA memory"
        }
        BUSY => "the TEE is busy: try again when no long command runs",
        COMMUNICATION => "tee-supplicant or the driver does not answer: is tee-supplicant running?",
        TARGET_DEAD => "the TA panicked: see the secure console, then restart teeleak",
        NOT_SUPPORTED => "not supported by this OP-TEE: see `teeleak doctor`",
        BAD_PARAMETERS => "host and TA versions do not match; install both from one build",
        _ => "see the secure console, and `teeleak doctor`",
    }
}

#[cfg(test)]
mod tests {
    use crate::error::*;

    #[test]
    fn says_what_to_do() {
        let error = TeeError { result: ACCESS_DENIED, request: TeeOperation::OpenTa };
        assert_eq!(
            error.to_string(),
            "opening a session to the teeleak TA failed with TEE_ERROR_ACCESS_DENIED (0xffff0001): \
             run as root; the TA serves no other user unless it is built for a group"
        );
    }
}
