//! Descriptors of a process as `ls -l /proc/PID/fd` lists them (toybox, busybox, coreutils), and `lsof` with its head.
//!
//! ```text
//! box:/ # ls -l /proc/1186/fd
//! lr-x------ 1 system graphics 64 2026-03-03 10:15 13 -> anon_inode:sync_file
//!
//! COMMAND    PID   USER   FD      TYPE DEVICE SIZE/OFF NODE NAME
//! player     702  media   4u  a_inode   0,13        0 9000 [eventpoll]
//! ```
//!
//! The process is in the command, in a line of its own where `ls` lists several folders, or in the name of the
//! file. A descriptor that comes again starts the next look.

use std::collections::{BTreeMap, BTreeSet};

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot, SourceLocation};

#[derive(Default)]
pub(super) struct FdListing {
    pid: Option<u64>,
    open: Option<OpenListing>,
    /// Whether the rows are those of `lsof`.
    is_lsof: bool,
}

struct OpenListing {
    pid: u64,
    comm: String,
    place: SourceLocation,
    fds: BTreeSet<u64>,
    /// Number of descriptors by what they refer to.
    kinds: BTreeMap<String, u64>,
}

impl Parser for FdListing {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        context: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        if let Some(pid) = process(line.raw) {
            self.end(out);
            self.pid = Some(pid);
            return LineOutcome::Parsed;
        }
        let words: Vec<_> = if self.is_lsof || line.text.starts_with("COMMAND") {
            line.text.split_whitespace().collect()
        } else {
            Vec::new()
        };
        if words.first() == Some(&"COMMAND")
            && words.contains(&"FD")
            && words.last() == Some(&"NAME")
        {
            self.end(out);
            self.is_lsof = true;
            return LineOutcome::Parsed;
        }
        if let Some((pid, comm, open)) = of_lsof(&words).filter(|_| self.is_lsof) {
            // Working directories, programs and mapped files are no descriptors.
            open.into_iter().for_each(|(fd, target)| self.take((pid, comm), fd, target, line, out));
            return LineOutcome::Parsed;
        }
        let pid = self.pid.or_else(|| process(&format!("{}/", context.folder()))).unwrap_or(0);
        let Some((fd, target)) = descriptor(line.text) else {
            let is_total = self.pid.is_some() && line.text.starts_with("total ");
            return if is_total { LineOutcome::Parsed } else { LineOutcome::Ignored };
        };
        self.take((pid, ""), fd, target, line, out);
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.finish(out);
        (self.pid, self.is_lsof) = (None, false);
    }
}

impl FdListing {
    /// Adds a descriptor; one that comes again starts the next look.
    fn take(
        &mut self,
        (pid, comm): (u64, &str),
        fd: u64,
        target: &str,
        line: &LedgerLine<'_>,
        out: &mut LedgerOutput,
    ) {
        let is_new = |open: &OpenListing| open.pid != pid || open.fds.contains(&fd);
        if self.open.as_ref().is_some_and(is_new) {
            self.finish(out);
        }
        let open = self.open.get_or_insert_with(|| OpenListing {
            pid,
            comm: comm.to_owned(),
            place: line.place.clone(),
            fds: BTreeSet::new(),
            kinds: BTreeMap::new(),
        });
        if open.fds.len() < super::MOST {
            open.fds.insert(fd);
            *open.kinds.entry(kind(target)).or_default() += 1;
        }
    }

    fn finish(&mut self, out: &mut LedgerOutput) {
        let Some(OpenListing { pid, comm, place, fds, kinds }) = self.open.take() else { return };
        let comm: std::sync::Arc<str> = comm.into();
        let mut census = LedgerSnapshot::new(LedgerKind::Descriptors, "", place.clone());
        let row = |name: &str, count| {
            let mut row = LedgerEntry::new(place.clone(), name, count, 0);
            row.holder = Some(Holder { pid, comm: comm.clone() });
            row
        };
        super::add(&mut census, row("", fds.len() as u64));
        kinds.iter().for_each(|(kind, count)| super::add(&mut census, row(kind, *count)));
        out.census(census);
    }
}

/// A row of `lsof`: process, its name, and descriptor and target if it is of one.
type LsofRow<'t> = (u64, &'t str, Option<(u64, &'t str)>);

/// `player 702 media 4u a_inode 0,13 0 9000 [eventpoll]`, with a column for the thread in newer ones.
fn of_lsof<'t>(words: &[&'t str]) -> Option<LsofRow<'t>> {
    const OTHERS: [&str; 8] = ["cwd", "rtd", "txt", "mem", "DEL", "ltx", "NOFD", "err"];
    let [comm, pid, rest @ .., target] = words else { return None };
    let pid = fields::decimal(pid)?;
    let fd = |word: &&str| {
        fields::decimal(word.trim_end_matches(|mode: char| mode.is_ascii_alphabetic()))
    };
    let is_fd = |word: &&&str| {
        word.ends_with(['r', 'w', 'u']) && word.starts_with(|first: char| first.is_ascii_digit())
    };
    let open = rest.iter().take(4).find(is_fd).and_then(fd).map(|fd| (fd, *target));
    let is_other = rest.iter().take(4).any(|word| OTHERS.contains(word));
    (open.is_some() || is_other).then_some((pid, *comm, open))
}

/// The process of `/proc/1186/fd` in a command or a line of its own.
fn process(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("/proc/")?;
    let (pid, rest) = rest.split_once("/fd")?;
    let is_end = rest.is_empty() || rest.starts_with(['/', ':', ' ', '|', ';']);
    let is_command = text.contains("ls ") || text.starts_with('/') || rest.starts_with('/');
    fields::decimal(pid).filter(|_| is_end && is_command && !text.contains(" -> "))
}

/// Number and target of `lrwx------ 1 root root 64 Mar  3 10:35 10 -> /dmabuf:`.
fn descriptor(text: &str) -> Option<(u64, &str)> {
    let text = text.trim_start();
    let is_link = text.starts_with('l')
        && text
            .get(..10)
            .is_some_and(|mode| mode.bytes().skip(1).all(|byte| b"rwx-.s".contains(&byte)));
    let (head, target) = text.split_once(" -> ").filter(|_| is_link)?;
    Some((fields::decimal(head.rsplit(' ').next()?)?, target))
}

/// What a descriptor refers to, without what differs from one to the next.
fn kind(target: &str) -> String {
    let target = target.trim_end().trim_end_matches(" (deleted)");
    let inner = target.strip_prefix("anon_inode:").unwrap_or(target);
    if inner.starts_with("/dmabuf") || inner.trim_matches(['[', ']']) == "dmabuf" {
        return "dma-buf".into();
    }
    if let Some((kind, _)) = inner.split_once(":[") {
        return kind.into();
    }
    if inner.starts_with("/dev/") || !inner.starts_with('/') {
        return inner.trim_matches(['[', ']']).into();
    }
    // Files belong to their folder: a log per day is one kind.
    inner.rsplit_once('/').map_or(inner, |(folder, _)| folder).to_owned() + "/"
}
