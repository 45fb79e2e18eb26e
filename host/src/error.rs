//! Errors that decide the exit code, and what to do about a `TEE_Result`.

use teeleak_analysis::model::TeeResult;
use teeleak_proto::tee_result::{
    ACCESS_DENIED, BAD_PARAMETERS, BUSY, COMMUNICATION, ITEM_NOT_FOUND, NOT_SUPPORTED,
    OUT_OF_MEMORY, SECURITY, TARGET_DEAD,
};
use thiserror::Error;

/// Nothing can be observed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{0}")]
pub struct Blind(pub String);

/// A call into the TEE that failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("{doing} failed with {}: {}", TeeResult(*.result), advice(*.result, doing))]
pub struct TeeError {
    /// `TEEC_Result`.
    pub result: u32,
    /// What was asked for.
    pub doing: &'static str,
}

/// What opening a context is called in a [`TeeError`].
pub(crate) const CONNECTING: &str = "connecting to the TEE";

/// What opening a session to the statistics PTA is called there.
pub const OPENING_STATS: &str = "opening a session to the statistics PTA";

/// What to do about it.
pub(crate) fn advice(result: u32, doing: &str) -> &'static str {
    match result {
        ACCESS_DENIED if doing == CONNECTING => "run as root, or as a user that may open /dev/tee0",
        ACCESS_DENIED => "run as root; the TA serves no other user unless it is built for a group",
        ITEM_NOT_FOUND if doing == CONNECTING => {
            "no /dev/tee0: load the optee driver (modprobe optee)"
        }
        ITEM_NOT_FOUND if doing == OPENING_STATS => {
            "this OP-TEE has none: build optee_os with CFG_WITH_STATS=y"
        }
        ITEM_NOT_FOUND => {
            "the TA is not installed, or tee-supplicant does not run: put the .ta file into \
             /lib/optee_armtz and start tee-supplicant"
        }
        SECURITY => {
            "the TA is signed with another key than this OP-TEE trusts: sign it with the key of its dev kit"
        }
        OUT_OF_MEMORY => {
            "the secure world has no memory left for it: keep a session open from before, \
             or raise CFG_CORE_HEAP_SIZE or the TA memory"
        }
        BUSY => "something holds the TEE: try again when no long command runs",
        COMMUNICATION => "tee-supplicant or the driver does not answer: is tee-supplicant running?",
        TARGET_DEAD => "the TA panicked: see the secure console, then start teeleak again",
        NOT_SUPPORTED => "this OP-TEE does not have it: see `teeleak doctor`",
        BAD_PARAMETERS => "host and TA do not understand each other: install those of one build",
        _ => "see the secure console, and `teeleak doctor`",
    }
}

#[cfg(test)]
mod tests {
    use crate::error::*;

    #[test]
    fn says_what_to_do() {
        let error =
            TeeError { result: ACCESS_DENIED, doing: "opening a session to the teeleak TA" };
        assert_eq!(
            error.to_string(),
            "opening a session to the teeleak TA failed with TEE_ERROR_ACCESS_DENIED (0xffff0001): \
             run as root; the TA serves no other user unless it is built for a group"
        );
    }
}
