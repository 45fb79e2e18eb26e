//! Which Debian mirror to use: the one that this machine uses.

use std::fs;
use std::path::Path;

use crate::error::{LabError, Result};

/// Names another mirror than the machine's own.
const OVERRIDE: &str = "TEELEAK_DEBIAN_MIRROR";
/// Where Debian's own keyring lies (package debian-archive-keyring).
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// One source of packages, as far as the lab is concerned with it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Entry {
    uri: String,
    suites: Vec<String>,
}

/// The URI of the machine's Debian mirror.
///
/// # Errors
/// When apt's own sources name none and the override is not set.
pub(super) fn of_machine() -> Result<String> {
    if let Ok(uri) = std::env::var(OVERRIDE) {
        return Ok(uri);
    }
    let mut entries = Vec::new();
    for (path, text) in source_files() {
        if path.ends_with(".sources") {
            entries.extend(deb822(&text));
        } else {
            entries.extend(one_line(&text));
        }
    }
    choose(&entries).ok_or_else(|| {
        LabError::Unusable(format!(
            "no Debian mirror in /etc/apt/sources.list or /etc/apt/sources.list.d: \
             set {OVERRIDE} to the URL of one"
        ))
    })
}

/// The lab's own sources file, in the one-paragraph style of apt.
pub(super) fn sources(mirror: &str, suites: &str) -> String {
    let signed_by =
        if Path::new(KEYRING).exists() { format!("Signed-By: {KEYRING}\n") } else { String::new() };
    format!(
        "Types: deb deb-src\nURIs: {mirror}\nSuites: {suites}\nComponents: main\n\
         Architectures: arm64\n{signed_by}"
    )
}

fn source_files() -> Vec<(String, String)> {
    let mut paths = vec!["/etc/apt/sources.list".to_owned()];
    let parts = fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten();
    let named = parts.flatten().map(|entry| entry.path().display().to_string());
    paths.extend(named.filter(|path| path.ends_with(".list") || path.ends_with(".sources")));
    paths.sort();
    let read = |path: String| Some((path.clone(), fs::read_to_string(path).ok()?));
    paths.into_iter().filter_map(read).collect()
}

fn choose(entries: &[Entry]) -> Option<String> {
    let is_archive = |entry: &&Entry| {
        let path = entry.uri.trim_end_matches('/');
        path.ends_with("/debian")
    };
    let has_release = |entry: &&Entry| {
        let known = ["bookworm", "trixie", "forky", "sid", "stable", "testing", "unstable"];
        entry.suites.iter().any(|suite| known.contains(&suite.as_str()))
    };
    let found = entries.iter().find(is_archive).or_else(|| entries.iter().find(has_release));
    found.map(|entry| entry.uri.clone())
}

/// Entries of a `.sources` file: paragraphs of `Field: values`.
fn deb822(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for paragraph in text.split("\n\n") {
        let field = |name: &str| values(paragraph, name);
        if field("Enabled:").first() == Some(&"no") || !field("Types:").contains(&"deb") {
            continue;
        }
        let suites: Vec<String> = field("Suites:").into_iter().map(str::to_owned).collect();
        entries.extend(
            field("URIs:")
                .into_iter()
                .map(|uri| Entry { uri: uri.to_owned(), suites: suites.clone() }),
        );
    }
    entries
}

/// The values of one field, its continuation lines included.
fn values<'a>(paragraph: &'a str, name: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in paragraph.lines().filter(|line| !line.starts_with('#')) {
        let continued = inside && line.starts_with([' ', '\t']);
        let start = line.strip_prefix(name);
        inside = continued || start.is_some();
        if inside {
            found.extend(start.unwrap_or(line).split_whitespace());
        }
    }
    found
}

/// Entries of a `.list` file: `deb [options] URI suite component...`.
fn one_line(text: &str) -> Vec<Entry> {
    let entry = |line: &str| {
        let rest = line.trim().strip_prefix("deb")?;
        let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
        let rest = match rest.strip_prefix('[') {
            Some(options) => options.split_once(']')?.1,
            None => rest,
        };
        let mut words = rest.split_whitespace();
        let uri = words.next()?.to_owned();
        let suites = words.next().map(str::to_owned).into_iter().collect();
        Some(Entry { uri, suites })
    };
    text.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEB822: &str = "Types: deb\n# a comment\nURIs: http://mirror.example/debian\n\
        Suites: bookworm\n bookworm-updates\nComponents: main\n\n\
        Types: deb\nURIs: http://mirror.example/debian-security\nSuites: bookworm-security\n\n\
        Types: deb\nURIs: http://off.example/debian\nSuites: sid\nEnabled: no\n\n\
        Types: deb-src\nURIs: http://src.example/debian\nSuites: sid\n";

    #[test]
    fn paragraphs_give_the_archive() {
        let entries = deb822(DEB822);
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].suites, ["bookworm", "bookworm-updates"]);
        assert_eq!(choose(&entries).unwrap(), "http://mirror.example/debian");
    }

    #[test]
    fn lines_give_the_archive() {
        let text = "# deb http://no.example/debian sid main\n\
            deb-src http://src.example/debian sid main\n\
            deb https://other.example/apt cloud main\n\
            deb [arch=amd64 signed-by=/k.gpg] http://m.example/debian/ trixie main\n";
        let entries = one_line(text);
        assert_eq!(entries.len(), 2);
        assert_eq!(choose(&entries).unwrap(), "http://m.example/debian/");
    }

    #[test]
    fn a_mirror_list_is_known_by_its_suites() {
        let entries = one_line("deb mirror+file:/etc/apt/mirrors/m.list bookworm main\n");
        assert_eq!(choose(&entries).unwrap(), "mirror+file:/etc/apt/mirrors/m.list");
    }

    #[test]
    fn another_distribution_has_none() {
        let entries = one_line("deb http://mirror.example/ubuntu noble main\n");
        assert_eq!(choose(&entries), None);
    }
}
