//! What apt answers, taken apart.

/// A file that apt would fetch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Download {
    /// File name, with the version in it.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
}

impl Download {
    pub(super) fn to_line(&self) -> String {
        format!("{} {}\n", self.bytes, self.file)
    }

    pub(super) fn from_line(line: &str) -> Option<Self> {
        let (bytes, file) = line.split_once(' ')?;
        Some(Self { file: file.to_owned(), bytes: bytes.parse().ok()? })
    }
}

/// The files of `--print-uris`, whose lines are `'URI' file bytes hash`.
pub(super) fn downloads(text: &str) -> Vec<Download> {
    text.lines().filter_map(download).collect()
}

fn download(line: &str) -> Option<Download> {
    let (_uri, rest) = line.strip_prefix('\'')?.split_once("' ")?;
    let mut words = rest.split_whitespace();
    let file = words.next()?.to_owned();
    let bytes = words.next()?.parse().ok()?;
    Some(Download { file, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn downloads_are_found_among_notices() {
        let text = "Reading package lists...\nNOTICE: 'optee-os' packaging is maintained in git\n\
            'http://mirror/o/optee-os_4.10.0-2.dsc' optee-os_4.10.0-2.dsc 2080 SHA256:37\n\
            'http://mirror/z/zlib1g_1%3a1.3_arm64.deb' zlib1g_1%3a1.3_arm64.deb 88096 SHA256:00\n";
        let files = downloads(text);
        assert_eq!(
            files,
            [
                Download { file: "optee-os_4.10.0-2.dsc".into(), bytes: 2080 },
                Download { file: "zlib1g_1%3a1.3_arm64.deb".into(), bytes: 88096 },
            ]
        );
    }

    #[test]
    fn records_read_back_what_they_wrote() {
        let one = Download { file: "a_1.deb".into(), bytes: 7 };
        assert_eq!(Download::from_line(one.to_line().trim_end()), Some(one));
        assert_eq!(Download::from_line("x a_1.deb"), None);
        assert_eq!(Download::from_line(""), None);
    }
}
