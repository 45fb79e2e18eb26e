//! The file that a text comes from, by its name and by shell commands in the text.

use super::fields::decimal;

/// Origin of the lines that follow.
#[derive(Clone, Debug, Default)]
pub(super) struct TextContext {
    /// The path, as far as known: `/proc/29202/fdinfo/400`.
    path: String,
}

impl TextContext {
    /// Starts a file.
    pub(super) fn file(&mut self, name: &str) {
        name.clone_into(&mut self.path);
    }

    /// Reads a line with a shell prompt and a `cat`: `root@box:/sys/kernel # cat alloc_calls`. Returns whether
    /// it is one.
    pub(super) fn prompt(&mut self, text: &str) -> bool {
        // A quick check, since most lines have no command.
        if memchr::memmem::find(text.as_bytes(), b" cat ").is_none() {
            return false;
        }
        let prompts = ["# cat ", "$ cat ", " shell cat "];
        let prompt_and_command = prompts.iter().find_map(|prompt| text.split_once(prompt));
        let Some((head, command)) = prompt_and_command else { return false };
        let file = command.split([' ', '|', '>', ';']).next().unwrap_or_default();
        // Pages put blanks into paths: `/proc/29202 /fdinfo`.
        let folder = head.split_once(':').map_or("", |(_, folder)| folder).replace(' ', "");
        self.path = match (file.starts_with('/'), folder.starts_with('/')) {
            (false, true) => format!("{folder}/{}", file.trim_start_matches("./")),
            _ => file.to_owned(),
        };
        true
    }

    /// What a page has put behind a command into the same line: what the command printed.
    pub(super) fn behind_command(text: &str) -> Option<&str> {
        let (_, command) = text.split_once(" cat ")?;
        let (_, output) = command.trim_start().split_once(' ')?;
        let output = output.trim_start();
        (!output.is_empty() && !output.starts_with(['|', '>', ';'])).then_some(output)
    }

    /// The last part of the path, without `.txt` or `.log`: `system` of `heaps/system.txt`.
    pub(super) fn name(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.strip_suffix(".txt").or_else(|| name.strip_suffix(".log")).unwrap_or(name)
    }

    /// The whole path.
    pub(super) fn folder(&self) -> &str {
        &self.path
    }

    /// The part before the last one: `kmalloc-128` of `slab/kmalloc-128/alloc_calls`.
    pub(super) fn parent(&self) -> &str {
        self.path.rsplit('/').nth(1).unwrap_or_default()
    }

    /// Process and descriptor, for `…/29202/fdinfo/400`.
    pub(super) fn descriptor(&self) -> Option<(u64, u64)> {
        let mut parts = self.path.rsplit('/');
        let fd = decimal(parts.next()?)?;
        let pid = parts.next().filter(|part| *part == "fdinfo").and_then(|_| parts.next())?;
        Some((decimal(pid)?, fd))
    }

    /// The pid in the path: `…/proc/131`, `procmem.1892.txt`, `…/131/maps`.
    pub(super) fn process(&self) -> Option<u64> {
        let own_number = self.name().rsplit(['.', '-']).find_map(decimal);
        own_number.or_else(|| decimal(self.parent()).filter(|_| self.name() == "maps"))
    }
}

#[cfg(test)]
mod tests {
    use super::TextContext;

    #[test]
    fn prompts_and_files_give_the_same_context() {
        let mut typed = TextContext::default();
        assert!(typed.prompt("RE8DDCL1:/proc/29202/fdinfo # cat 400"));
        assert_eq!(typed.descriptor(), Some((29202, 400)));
        typed.file("fixtures/000/proc/29202/fdinfo/400");
        assert_eq!(typed.descriptor(), Some((29202, 400)));
        assert!(typed.prompt("root@petrel-p1:/sys/kernel/slab/kmalloc-128 # cat alloc_calls"));
        assert_eq!((typed.parent(), typed.name()), ("kmalloc-128", "alloc_calls"));
        assert!(typed.prompt("RE8DDCL1:/proc/iommu_debug # cat iova_map | grep -n \"0x1800000\""));
        assert_eq!(typed.name(), "iova_map");
        assert!(typed.prompt(r"F:\bin>adb shell cat /mnt/binder/proc/131"));
        assert_eq!((typed.process(), typed.parent()), (Some(131), "proc"));
        assert!(!typed.prompt("MemTotal: 5 kB"));
    }
}
