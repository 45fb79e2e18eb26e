//! The release that was observed, and whether it lacks a fix.
//!
//! `git describe` names a build: `3.20.0`, `3.21.0-rc1`, `3.20.0-35-g1a2b3c4d`, each with `-dev` after it if files were
//! changed. Where no build was printed, the line that prints records says which releases it may be: `3.12 to 3.16`,
//! `3.18 or 3.19`.

use crate::model::{Exposure, FixRelease, Release};

/// How a build differs from the release that it is named after.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Build {
    /// Not at all.
    Release,
    /// It has later commits or changes, and all commits of the release.
    Changed,
    /// It is a candidate of the release.
    Candidate,
    /// A vendor's own name, which says nothing about the commits.
    Vendor,
}

/// The releases that the observed one may be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ObservedRelease {
    /// First and last release of each range.
    ranges: Vec<(Release, Release)>,
    build: Build,
}

impl ObservedRelease {
    /// `None` if the text names no release.
    pub(super) fn read(text: &str) -> Option<Self> {
        if let Some((release, build)) = build(text.split_whitespace().next()?)
            && !text.contains(" to ")
            && !text.contains(" or ")
        {
            return Some(Self { ranges: vec![(release, release)], build });
        }
        let ranges: Option<_> = text.split(" or ").map(range).collect();
        Some(Self { ranges: ranges?, build: Build::Release })
    }

    /// How this release relates to a leak; `None` if it has the fix or not yet the leak.
    pub(super) fn exposure(&self, since: Option<Release>, fixed: FixRelease) -> Option<Exposure> {
        let has_leak =
            |release| fixed.is_missing_in(release) && since.is_none_or(|from| from <= release);
        let is_affected = |(low, high): &(Release, Release)| has_leak(*low) && has_leak(*high);
        let overlaps = |(low, high): &(Release, Release)| {
            fixed.is_missing_in(*low) && since.is_none_or(|from| from <= *high)
        };
        let is_candidate = |(low, _): &(Release, Release)| fixed == FixRelease::In(*low);
        let is_later = |(low, _): &(Release, Release)| !fixed.is_missing_in(*low);
        match self.build {
            Build::Release if self.ranges.iter().all(is_affected) => Some(Exposure::Missing),
            _ if self.ranges.iter().all(is_affected) => Some(Exposure::Changed),
            Build::Candidate if self.ranges.iter().any(is_candidate) => Some(Exposure::Perhaps),
            Build::Vendor if self.ranges.iter().any(is_later) => Some(Exposure::Fork),
            _ => self.ranges.iter().any(overlaps).then_some(Exposure::Perhaps),
        }
    }

    /// Whether it may be one of these releases.
    pub(super) fn may_be(&self, from: Release, to: Release) -> bool {
        self.ranges.iter().any(|(low, high)| *low <= to && from <= *high)
    }
}

/// `3.12 to 3.16`, `up to 1.0`, `3.18`.
fn range(text: &str) -> Option<(Release, Release)> {
    let text = text.trim_matches([' ', ',']);
    if let Some(last) = text.strip_prefix("up to ") {
        return Some((Release { major: 0, minor: 0, patch: 0 }, last.parse().ok()?));
    }
    let (first, last) = text.split_once(" to ").unwrap_or((text, text));
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// A release and what follows its numbers.
fn build(text: &str) -> Option<(Release, Build)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (numbers, suffix) = text.split_at(end);
    let release = numbers.trim_end_matches('.').parse().ok()?;
    Some((release, kind(suffix)))
}

fn kind(suffix: &str) -> Build {
    let clean = suffix.trim_end_matches("-dev").trim_end_matches("-dirty");
    let first = clean.strip_prefix('-').unwrap_or(clean).split('-').next().unwrap_or_default();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match suffix {
        "" => Build::Release,
        _ if clean.is_empty() => Build::Changed,
        _ if first.strip_prefix("rc").is_some_and(is_number) => Build::Candidate,
        _ if is_number(first) && clean.contains("-g") => Build::Changed,
        _ => Build::Vendor,
    }
}

#[cfg(test)]
mod tests {
    use super::{Build, ObservedRelease, build};
    use crate::model::{Exposure, FixRelease, Release};

    fn release(text: &str) -> Release {
        text.parse().unwrap()
    }

    #[test]
    fn builds_are_told_apart() {
        for (text, expected) in [
            ("3.20.0", Build::Release),
            ("3.20.0-dev", Build::Changed),
            ("3.20.0-35-g1a2b3c4d", Build::Changed),
            ("3.20.0-35-g1a2b3c4d-dev", Build::Changed),
            ("3.20.0-rc1", Build::Candidate),
            ("3.20.0-rc1-4-g1a2b3c4d", Build::Candidate),
            ("3.20.0-acme.7", Build::Vendor),
            ("3.20.0.acme", Build::Vendor),
        ] {
            assert_eq!(build(text), Some((release("3.20.0"), expected)), "{text}");
        }
        for text in ["g1a2b3c4d-dev", "v3", "", "unknown"] {
            assert_eq!(build(text), None, "{text}");
        }
    }

    #[test]
    fn a_release_has_the_leak_from_its_first_to_its_fix() {
        let exposure = |text: &str| {
            let fixed = FixRelease::In(release("3.21.0"));
            ObservedRelease::read(text).unwrap().exposure(Some(release("3.19.0")), fixed)
        };
        for (text, expected) in [
            ("3.18.0", None),
            ("3.19.0", Some(Exposure::Missing)),
            ("3.20", Some(Exposure::Missing)),
            ("3.20.0-35-g1a2b3c4d", Some(Exposure::Changed)),
            ("3.20.0-acme", Some(Exposure::Changed)),
            ("3.21.0-rc1", Some(Exposure::Perhaps)),
            ("3.21.0", None),
            ("3.21.0-dev", None),
            ("3.22.0-35-g1a2b3c4d", None),
            ("3.22.0-acme", Some(Exposure::Fork)),
            ("4.10", None),
            ("3.18 or 3.19", Some(Exposure::Perhaps)),
            ("3.20 to 4.0, or up to 1.0", Some(Exposure::Perhaps)),
            ("3.12 to 3.16", None),
            ("3.19 or 3.20", Some(Exposure::Missing)),
        ] {
            assert_eq!(exposure(text), expected, "{text}");
        }
    }
}
