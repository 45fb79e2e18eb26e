//! `/proc/meminfo`: memory figures of the normal world.

use std::{fs, io, path::Path};

/// The text of `/proc/meminfo`.
pub(super) struct MemoryFigures(String);

impl MemoryFigures {
    /// Reads it; `root` is the root of the file system.
    pub(super) fn read(root: &Path) -> io::Result<Self> {
        fs::read_to_string(root.join("proc/meminfo")).map(Self)
    }

    /// The figure of this name, in bytes.
    pub(super) fn bytes(&self, name: &str) -> Option<u64> {
        let mut lines = self.0.lines();
        let figure = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        figure.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    }

    /// The lines whose name starts with one of `names`.
    pub(super) fn lines<'m>(&'m self, names: &'m [&str]) -> impl Iterator<Item = &'m str> {
        self.0.lines().filter(|line| names.iter().any(|name| line.starts_with(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryFigures;

    #[test]
    fn figures_are_bytes() {
        let text =
            "MemTotal:        1009276 kB\nMemFree:  12 kB\nCmaFree:  0 kB\nHugePages_Free: x\n";
        let figures = MemoryFigures(text.into());
        let all =
            ["MemTotal", "CmaFree", "MemTot", "HugePages_Free"].map(|name| figures.bytes(name));
        assert_eq!(all, [Some(1009276 * 1024), Some(0), None, None]);
        assert_eq!(figures.lines(&["Mem", "Huge"]).count(), 3);
    }
}
