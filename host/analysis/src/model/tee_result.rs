//! A `TEE_Result` as a person reads it, in the one form in which all output prints it.

use std::{borrow::Cow, fmt};

use teeleak_proto::tee_result::{
    ACCESS_CONFLICT, ACCESS_DENIED, BAD_FORMAT, BUSY, CIPHERTEXT_INVALID, COMMUNICATION,
    CORRUPT_OBJECT, CORRUPT_OBJECT_2, ERRORS, ITEM_NOT_FOUND, MAC_INVALID, NOT_IMPLEMENTED,
    NOT_SUPPORTED, OUT_OF_MEMORY, SECURITY, SIGNATURE_INVALID, STORAGE_NO_SPACE,
    STORAGE_NOT_AVAILABLE, STORAGE_NOT_AVAILABLE_2, SUCCESS, TARGET_DEAD, UNSUPPORTED_VERSION,
};

/// What to do about a load or a call that failed with a result, where that is the same for all of them.
const ADVICE: [(&[u32], &str); 11] = [
    (
        &[ITEM_NOT_FOUND],
        "check that the TA's file (UUID.ta) is in the directory that tee-supplicant reads, /lib/optee_armtz by \
         default, that tee-supplicant runs, and that a pseudo TA is built in",
    ),
    (
        &[COMMUNICATION],
        "check that tee-supplicant runs: the request that the TEE core had for it was not answered",
    ),
    (
        &[SECURITY, SIGNATURE_INVALID, MAC_INVALID],
        "check the signature: the binary, or what secure storage knows about it, was refused; sign the TA with the \
         key of this build (TA_SIGN_KEY), and look for an older version than the one stored",
    ),
    (
        &[BAD_FORMAT, UNSUPPORTED_VERSION],
        "rebuild the TA with the development kit of this OP-TEE, for 32 or 64 bits as the core expects, and check \
         that the file is complete",
    ),
    (
        &[TARGET_DEAD],
        "read the secure console: the TA panicked or crashed, and its code and call stack are there",
    ),
    (
        &[NOT_IMPLEMENTED, NOT_SUPPORTED],
        "check that this build of OP-TEE has the function: an option is off, or the parts are of different releases",
    ),
    (
        &[ACCESS_DENIED, ACCESS_CONFLICT],
        "check who calls: the TA or the object may not be used by this client now",
    ),
    (
        &[BUSY],
        "check who holds the TA: a single instance serves one session at a time unless its flags allow more",
    ),
    (
        &[STORAGE_NOT_AVAILABLE, STORAGE_NOT_AVAILABLE_2],
        "check secure storage: tee-supplicant, its directory (/var/lib/tee or /data/tee), and the key of RPMB",
    ),
    (
        &[CORRUPT_OBJECT, CORRUPT_OBJECT_2, CIPHERTEXT_INVALID],
        "check secure storage: what is stored is damaged, or was written with another key or by another release",
    ),
    (
        &[STORAGE_NO_SPACE],
        "free space in secure storage: the file system of the normal world, or RPMB",
    ),
];

/// A `TEE_Result` or `TEEC_Result`, printed with its name where it has one:
/// `TEE_ERROR_ITEM_NOT_FOUND (0xffff0008)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TeeResult(pub u32);

impl TeeResult {
    /// The TA died.
    pub const TARGET_DEAD: Self = Self(TARGET_DEAD);
    /// Memory could not be had.
    pub const OUT_OF_MEMORY: Self = Self(OUT_OF_MEMORY);

    /// What the specification calls it.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        if self.0 == SUCCESS {
            return Some("TEE_SUCCESS");
        }
        ERRORS.iter().find(|(code, _)| *code == self.0).map(|(_, name)| *name)
    }

    /// Whether it is a failure that the specifications define.
    #[must_use]
    pub fn is_error(self) -> bool {
        self.0 != SUCCESS && self.name().is_some()
    }

    /// What to do about a load or a call that failed with it.
    #[must_use]
    pub fn advice(self) -> Option<&'static str> {
        ADVICE.iter().find(|(codes, _)| codes.contains(&self.0)).map(|(_, advice)| *advice)
    }

    /// What fits into a drawing: the name without what all errors have in common, or else the code.
    #[must_use]
    pub fn short_name(self) -> Cow<'static, str> {
        match self.name() {
            Some(name) => name.trim_start_matches("TEE_ERROR_").into(),
            None => self.to_string().into(),
        }
    }
}

impl fmt::Display for TeeResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.0;
        match self.name() {
            Some(name) => write!(f, "{name} ({code:#010x})"),
            None => write!(f, "{code:#010x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TeeResult;

    #[test]
    fn results_are_printed_by_name_and_code() {
        let printed =
            [0, 0xffff_0008, 0xffff_3024, 0x8000_0001].map(|code| TeeResult(code).to_string());
        assert_eq!(
            printed,
            [
                "TEE_SUCCESS (0x00000000)",
                "TEE_ERROR_ITEM_NOT_FOUND (0xffff0008)",
                "TEE_ERROR_TARGET_DEAD (0xffff3024)",
                "0x80000001",
            ]
        );
        let short = [0xffff_0008, 0x8000_0001].map(|code| TeeResult(code).short_name());
        assert_eq!(short, ["ITEM_NOT_FOUND", "0x80000001"]);
    }
}
