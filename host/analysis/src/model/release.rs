//! Releases of OP-TEE, which are numbered alike in all its repositories.

use std::{fmt, str::FromStr};

/// A release, ordered as numbers: 3.9.0 comes before 3.10.0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Release {
    /// First number.
    pub major: u16,
    /// Second number.
    pub minor: u16,
    /// Third number, 0 for nearly all.
    pub patch: u16,
}

/// A text that is no release.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRelease;

/// Reads `3.20.0` or `3.20`, and nothing else.
impl FromStr for Release {
    type Err = NoRelease;

    fn from_str(text: &str) -> Result<Self, NoRelease> {
        let numbers: Vec<u16> =
            text.split('.').map(number).collect::<Option<_>>().ok_or(NoRelease)?;
        match *numbers {
            [major, minor] => Ok(Self { major, minor, patch: 0 }),
            [major, minor, patch] => Ok(Self { major, minor, patch }),
            _ => Err(NoRelease),
        }
    }
}

/// A number without a sign, which `parse` would allow.
fn number(digits: &str) -> Option<u16> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// As people name it: 3.20, and 1.0.1 where that is not the first.
impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { major, minor, patch } = self;
        write!(f, "{major}.{minor}")?;
        if *patch == 0 { Ok(()) } else { write!(f, ".{patch}") }
    }
}

/// When a fix is released.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FixRelease {
    /// This release is the first that has it.
    In(Release),
    /// It came after this release, and no release is known to have it.
    After(Release),
}

impl FixRelease {
    /// Whether this release lacks the fix.
    #[must_use]
    pub fn is_missing_in(self, release: Release) -> bool {
        match self {
            Self::In(first) => release < first,
            Self::After(last) => release <= last,
        }
    }
}

impl fmt::Display for FixRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(release) => release.fmt(f),
            Self::After(release) => write!(f, "after {release}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FixRelease, Release};

    #[test]
    fn releases_are_ordered_as_numbers() {
        let release = |text: &str| text.parse::<Release>().ok();
        assert!(release("3.9.0") < release("3.10.0"));
        assert_eq!(release("3.20"), release("3.20.0"));
        for wrong in ["", "3", "3.", "3.+1", "3.20.0-dev", "3.20.0.1", "3.70000"] {
            assert!(release(wrong).is_none(), "{wrong}");
        }
        assert_eq!(release("1.0.1").unwrap().to_string(), "1.0.1");
        assert_eq!(release("3.20.0").unwrap().to_string(), "3.20");
    }

    #[test]
    fn a_fix_is_missing_before_its_release() {
        let release = |text: &str| text.parse::<Release>().unwrap();
        let fixed = FixRelease::In(release("3.21.0"));
        assert!(fixed.is_missing_in(release("3.20.0")) && !fixed.is_missing_in(release("3.21.0")));
        let fixed = FixRelease::After(release("4.10.0"));
        assert!(fixed.is_missing_in(release("4.10.0")) && !fixed.is_missing_in(release("4.11.0")));
    }
}
