//! How a step ended: with a code, or in the words of a text that names none.

use std::{fmt, sync::Arc};

use teeleak_proto::tee_result::{ERRORS, SUCCESS};

use super::{TeeResult, errno};

/// The result of a step. Words are no code: nobody knows which one they stand for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StepResult {
    /// A `TEE_Result`, `TEEC_Result`, or negative errno of the kernel.
    Code(u32),
    /// What a text says instead, of a step that failed.
    Words(Arc<str>),
}

impl StepResult {
    /// It succeeded.
    pub const SUCCESS: Self = Self::Code(SUCCESS);

    /// The code that a name stands for: of the specification, with the prefix of either side, or an errno.
    #[must_use]
    pub fn named_code(name: &str) -> Option<u32> {
        let error = name.strip_prefix("TEEC_ERROR_").or_else(|| name.strip_prefix("TEE_ERROR_"));
        let of_tee = |error: &str| {
            let is_wanted = |known: &str| known.strip_prefix("TEE_ERROR_") == Some(error);
            ERRORS.iter().find(|(_, known)| is_wanted(known)).map(|(code, _)| *code)
        };
        match error {
            Some(error) => of_tee(error),
            None => errno::code(name.strip_prefix('-').unwrap_or(name)),
        }
    }

    /// The code, if it is one.
    #[must_use]
    pub const fn code(&self) -> Option<u32> {
        match self {
            Self::Code(code) => Some(*code),
            Self::Words(_) => None,
        }
    }

    /// The words, if it is no code.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Code(_) => None,
            Self::Words(words) => Some(words),
        }
    }

    /// Whether the step failed.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        *self != Self::SUCCESS
    }

    /// Whether it says that memory ran out.
    #[must_use]
    pub fn lacks_memory(&self) -> bool {
        match self {
            Self::Code(code) => *code == TeeResult::OUT_OF_MEMORY.0 || errno::is_no_memory(*code),
            Self::Words(words) => {
                let words = words.to_ascii_lowercase().replace(['_', '-'], " ");
                NO_MEMORY.iter().any(|phrase| words.contains(phrase))
            }
        }
    }

    /// What fits into a drawing: a name without what all errors have in common, or else all of it.
    #[must_use]
    pub fn short(&self) -> String {
        match self {
            Self::Code(code) if self.is_failure() && errno::name(*code).is_none() => {
                TeeResult(*code).short_name().into_owned()
            }
            _ => self.to_string(),
        }
    }
}

impl From<u32> for StepResult {
    fn from(code: u32) -> Self {
        Self::Code(code)
    }
}

/// What texts say of memory that ran out, in lower case.
const NO_MEMORY: [&str; 5] =
    ["out of memory", "no memory", "cannot allocate memory", "not enough memory", "enomem"];

impl fmt::Display for StepResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(SUCCESS) => f.write_str("ok"),
            Self::Words(words) => write!(f, "\"{words}\""),
            Self::Code(code) => match errno::name(*code) {
                Some(name) => write!(f, "{name} ({})", code.cast_signed()),
                None => TeeResult(*code).fmt(f),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::StepResult;

    fn words(text: &str) -> StepResult {
        StepResult::Words(text.into())
    }

    #[test]
    fn names_of_both_sides_and_of_the_kernel_are_codes() {
        for (name, code) in [
            ("TEE_ERROR_OUT_OF_MEMORY", Some(0xffff_000c)),
            ("TEEC_ERROR_COMMUNICATION", Some(0xffff_000e)),
            ("ENOMEM", Some(0xffff_fff4)),
            ("-ENOMEM", Some(0xffff_fff4)),
            ("TEE_ERROR_UNHEARD_OF", None),
            ("OUT_OF_MEMORY", None),
            ("failed", None),
            ("", None),
        ] {
            assert_eq!(StepResult::named_code(name), code, "{name}");
        }
    }

    #[test]
    fn a_result_is_printed_as_what_it_is() {
        let printed = [0, 0xffff_000c, 0xffff_fff4, 0xffff_ffff, 7].map(StepResult::Code);
        let printed: Vec<_> =
            printed.iter().map(|result| (result.to_string(), result.short())).collect();
        let texts = [
            ("ok", "ok"),
            ("TEE_ERROR_OUT_OF_MEMORY (0xffff000c)", "OUT_OF_MEMORY"),
            ("ENOMEM (-12)", "ENOMEM (-12)"),
            ("0xffffffff", "0xffffffff"),
            ("0x00000007", "0x00000007"),
        ];
        assert_eq!(printed, texts.map(|(long, short)| (long.to_owned(), short.to_owned())));
        assert_eq!(words("no route").to_string(), "\"no route\"");
    }

    #[test]
    fn memory_that_ran_out_is_recognised_in_every_form() {
        let starved = [
            StepResult::Code(0xffff_000c),
            StepResult::Code(0xffff_fff4),
            words("Out of memory"),
            words("ERR_NO_MEMORY"),
        ];
        assert!(starved.iter().all(StepResult::lacks_memory));
        let others = [StepResult::SUCCESS, StepResult::Code(0xffff_0000), words("failed")];
        assert!(!others.iter().any(StepResult::lacks_memory));
    }
}
