//! The rows of `known/optee-leaks.toml`, which says what its columns mean.

use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, de::Error as _};
use teeleak_proto::Uuid;

use crate::model::{Certainty, FixRelease, Release};

/// A fixed leak of OP-TEE.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct LeakRow {
    pub(super) commit: String,
    #[serde(default = "optee_os")]
    pub(super) repository: String,
    #[serde(deserialize_with = "fix_release")]
    pub(super) fixed: FixRelease,
    #[serde(default, deserialize_with = "some_release")]
    pub(super) since: Option<Release>,
    pub(super) leaks: String,
    pub(super) when: String,
    #[serde(deserialize_with = "certainty")]
    pub(super) certainty: Certainty,
    #[serde(default)]
    pub(super) needs: Vec<Need>,
    #[serde(default, deserialize_with = "uuid")]
    pub(super) owner: Option<Uuid>,
    pub(super) open_result: Option<u32>,
    #[serde(default)]
    pub(super) once: bool,
    #[serde(rename = "site")]
    pub(super) sites: Vec<LeakSite>,
}

/// What has to be observed besides the site.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Debug)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Need {
    Alone,
    Together,
    Owner,
    FailedOpen,
    Panic,
}

/// An allocation that leaks.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct LeakSite {
    pub(super) file: String,
    pub(super) function: String,
    pub(super) bytes: Option<u64>,
    #[serde(default)]
    pub(super) shared: bool,
    pub(super) lines: Vec<SiteLine>,
}

/// The line of an allocation in a range of releases: `3.19.0..3.20.0:27`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SiteLine {
    pub(super) from: Release,
    pub(super) to: Release,
    pub(super) line: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeakTable {
    leak: Vec<LeakRow>,
}

/// All rows. A test reads the file, so it is never empty.
pub(super) fn rows() -> &'static [LeakRow] {
    static ROWS: LazyLock<Vec<LeakRow>> = LazyLock::new(|| read().unwrap_or_default());
    &ROWS
}

fn read() -> Result<Vec<LeakRow>, toml::de::Error> {
    let table: LeakTable = toml::from_str(include_str!("../../known/optee-leaks.toml"))?;
    Ok(table.leak)
}

fn optee_os() -> String {
    "optee_os".to_owned()
}

/// Reads a field of a row; the error shows what stands there.
fn field<'de, D: Deserializer<'de>, T>(
    from: D,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    parse(&text).ok_or_else(|| D::Error::custom(format!("expected {expected}, found `{text}`")))
}

pub(super) fn fix_release<'de, D: Deserializer<'de>>(from: D) -> Result<FixRelease, D::Error> {
    field(from, "a release, or `after` and a release", |text| match text.strip_prefix("after ") {
        Some(release) => Some(FixRelease::After(release.parse().ok()?)),
        None => Some(FixRelease::In(text.parse().ok()?)),
    })
}

fn some_release<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Release>, D::Error> {
    field(from, "a release", |text| text.parse().ok().map(Some))
}

fn certainty<'de, D: Deserializer<'de>>(from: D) -> Result<Certainty, D::Error> {
    field(from, "possible, likely or certain", |text| {
        Certainty::ALL.into_iter().find(|one| one.name() == text)
    })
}

fn uuid<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Uuid>, D::Error> {
    field(from, "a UUID", |text| Uuid::parse(text).map(Some))
}

impl<'de> Deserialize<'de> for SiteLine {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        field(from, "FROM..TO:LINE", |text| {
            let (releases, line) = text.split_once(':')?;
            let (from, to) = releases.split_once("..").unwrap_or((releases, releases));
            Some(Self { from: from.parse().ok()?, to: to.parse().ok()?, line: line.parse().ok()? })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Need, read, rows};
    use crate::model::Certainty;

    #[test]
    fn the_file_is_read() {
        read().unwrap();
        assert!(rows().len() > 30);
    }

    #[test]
    fn commits_are_named_once_and_in_full() {
        let mut commits = BTreeSet::new();
        for row in rows() {
            assert!(row.commit.len() >= 9, "{}", row.commit);
            assert!(row.commit.bytes().all(|digit| digit.is_ascii_hexdigit()), "{}", row.commit);
            assert!(commits.insert(&row.commit), "{} stands there twice", row.commit);
        }
    }

    #[test]
    fn the_newest_fix_comes_first() {
        assert!(rows().is_sorted_by(|newer, older| newer.fixed >= older.fixed));
    }

    #[test]
    fn releases_are_in_order() {
        for row in rows() {
            assert!(row.since.is_none_or(|since| row.fixed.is_missing_in(since)), "{}", row.commit);
            for site in &row.sites {
                let mut last = None;
                for line in &site.lines {
                    assert!(line.from <= line.to, "{} {line:?}", row.commit);
                    assert!(last < Some(line.from), "{} {line:?}", row.commit);
                    assert!(row.since.is_none_or(|since| since <= line.from), "{}", row.commit);
                    assert!(row.fixed.is_missing_in(line.to), "{} {line:?}", row.commit);
                    last = Some(line.to);
                }
            }
        }
    }

    #[test]
    fn needs_have_what_they_look_for() {
        for row in rows() {
            assert_eq!(row.needs.contains(&Need::Owner), row.owner.is_some(), "{}", row.commit);
            assert!(row.open_result.is_none() || row.needs.contains(&Need::FailedOpen));
            assert!(row.sites.iter().any(|site| !site.shared), "{}", row.commit);
            assert!(row.certainty < Certainty::Certain || row.needs.is_empty(), "{}", row.commit);
        }
    }
}
