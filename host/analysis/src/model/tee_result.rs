//! A `TEE_Result` as a person reads it, in the one form in which all output prints it.

use std::{borrow::Cow, fmt};

use teeleak_proto::tee_result::{ERRORS, OUT_OF_MEMORY, SUCCESS, TARGET_DEAD};

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
