//! Which Debian mirror to use: the one that this machine uses.

use std::path::Path;
use std::process::Command;

use crate::command::output;
use crate::error::{LabError, Result};

/// Names another mirror than the machine's own.
const OVERRIDE: &str = "TEELEAK_DEBIAN_MIRROR";
/// Where Debian's own keyring lies (package debian-archive-keyring).
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// Debian's releases, as the lists of sources name them.
const RELEASES: [&str; 7] = ["bookworm", "trixie", "forky", "sid", "stable", "testing", "unstable"];

/// The URI of the machine's Debian mirror.
///
/// # Errors
/// When apt's own sources cannot be read or name none, and the override is not set.
pub(super) fn of_machine() -> Result<String> {
    if let Ok(uri) = std::env::var(OVERRIDE) {
        return Ok(uri);
    }
    let targets = index_targets(&[]).map_err(|error| {
        LabError::Unusable(format!("{error}: or set {OVERRIDE} to a mirror's URL"))
    })?;
    choose(&targets).map(str::to_owned).ok_or_else(|| {
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

/// What apt would fetch of the lists of packages, in the order of its sources, whichever way these are
/// written: lines of release and URI.
///
/// # Errors
/// When apt cannot be started, or cannot read its sources.
fn index_targets(options: &[&str]) -> Result<String> {
    let mut apt = Command::new("apt-get");
    // What is known of a release is in lists that a fresh machine has not fetched yet.
    apt.args(["indextargets", "--no-release-info", "--format", "$(RELEASE) $(REPO_URI)"]);
    apt.args(options).args(["Created-By: Packages", "Component: main"]);
    output(apt.env("LC_ALL", "C"))
}

fn choose(targets: &str) -> Option<&str> {
    let on_network = |(_, uri): &(&str, &str)| !uri.starts_with("cdrom:");
    let mirrors = || targets.lines().filter_map(|line| line.split_once(' ')).filter(on_network);
    let is_archive = |(_, uri): &(&str, &str)| uri.trim_end_matches('/').ends_with("/debian");
    let has_release = |(release, _): &(&str, &str)| RELEASES.contains(release);
    mirrors().find(is_archive).or_else(|| mirrors().find(has_release)).map(|(_, uri)| uri)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_archive_is_chosen() {
        let targets = "cloud https://other.example/apt/\ntrixie http://m.example/debian/\n\
            trixie-security http://m.example/debian-security/\n";
        assert_eq!(choose(targets), Some("http://m.example/debian/"));
    }

    #[test]
    fn a_mirror_list_is_known_by_its_release() {
        let targets = "bookworm mirror+file:/etc/apt/mirrors/m.list/\n";
        assert_eq!(choose(targets), Some("mirror+file:/etc/apt/mirrors/m.list/"));
    }

    #[test]
    fn a_disk_is_no_mirror() {
        let disk = "bookworm cdrom://[Debian GNU/Linux 12.0.0 _Bookworm_]/\n";
        assert_eq!(choose(disk), None);
        let both = format!("{disk}bookworm http://m.example/debian/\n");
        assert_eq!(choose(&both), Some("http://m.example/debian/"));
    }

    #[test]
    fn another_distribution_has_none() {
        assert_eq!(choose("noble http://mirror.example/ubuntu/\n"), None);
    }

    /// Sources of a machine that has not fetched any list, as this machine's apt reads them.
    fn targets(name: &str, sources: &str) -> Option<Result<String>> {
        if !Path::new("/usr/bin/apt-get").exists() {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        for folder in ["parts", "lists/partial"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        fs::write(dir.path().join("parts").join(name), sources).unwrap();
        let dir = dir.path().display();
        let options = [
            "-oDir::Etc::sourcelist=/dev/null".to_owned(),
            format!("-oDir::Etc::sourceparts={dir}/parts"),
            format!("-oDir::State::Lists={dir}/lists"),
            "-oAPT::Architecture=amd64".to_owned(),
            "-oAPT::Architectures=amd64".to_owned(),
        ];
        Some(index_targets(&options.each_ref().map(String::as_str)))
    }

    #[test]
    fn apt_reads_paragraphs() {
        let sources = "Types: deb deb-src\n# a comment\nURIs: http://mirror.example/debian\n\
            Suites: bookworm\n bookworm-updates\nComponents: main contrib\n\n\
            Types: deb\nURIs: http://off.example/debian\nSuites: sid\nComponents: main\nEnabled: no\n\n\
            Types: deb-src\nURIs: http://src.example/debian\nSuites: sid\nComponents: main\n";
        let Some(targets) = targets("debian.sources", sources) else { return };
        let targets = targets.unwrap();
        assert_eq!(choose(&targets), Some("http://mirror.example/debian/"));
        for line in targets.lines() {
            assert!(line.starts_with("bookworm"), "{targets}");
            assert!(line.ends_with(" http://mirror.example/debian/"), "{targets}");
        }
    }

    #[test]
    fn apt_reads_lines() {
        let sources = "# deb http://no.example/debian sid main\n\
            deb-src http://src.example/debian sid main\n\
            deb https://download.example/linux/debian trixie stable\n\
            deb [arch=amd64 signed-by=/k.gpg] http://m.example/debian/ trixie main\n";
        let Some(targets) = targets("debian.list", sources) else { return };
        assert_eq!(choose(&targets.unwrap()), Some("http://m.example/debian/"));
    }

    #[test]
    fn what_apt_cannot_read_is_said() {
        let Some(targets) = targets("broken.list", "dep http://m.example/debian sid main\n") else {
            return;
        };
        let error = targets.unwrap_err().to_string();
        assert!(error.contains("Type 'dep' is not known on line 1"), "{error}");
    }
}
