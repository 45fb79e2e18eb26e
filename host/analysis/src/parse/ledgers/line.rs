//! A line and the prefix of its message: line numbers of grep, kernel stamps, heads of logcat.

use super::fields;
use crate::{
    model::SourceLocation,
    parse::{framing::decoration, strace::nanoseconds},
};

/// A parsed line.
#[derive(Clone, Debug)]
pub(super) struct LedgerLine<'t> {
    /// The line without trailing blanks.
    pub(super) raw: &'t str,
    /// The message, without stamp and task.
    pub(super) text: &'t str,
    /// Task that logged it: `T516752`, `1737:Binder_1`; empty if unknown.
    pub(super) by: &'t str,
    /// Process that logged it, in logcat.
    pub(super) pid: Option<u64>,
    /// Source and line number.
    pub(super) place: SourceLocation,
}

impl<'t> LedgerLine<'t> {
    /// Parses a line.
    pub(super) fn new(raw: &'t str, place: SourceLocation) -> Self {
        let raw = raw.trim_end();
        let plain = Self { raw, text: raw, by: "", pid: None, place };
        plain.beyond_stamps().or_else(|| plain.beyond_head()).unwrap_or(plain)
    }

    /// What is behind the stamps of a kernel, of logcat or of a recorder.
    fn beyond_stamps(&self) -> Option<Self> {
        self.of_kernel().or_else(|| self.of_logcat()).or_else(|| self.of_recorder())
    }

    /// What is behind the name of a file by grep, `kmsg.1.log:`, or behind facility and level by `dmesg -x`,
    /// `kern  :info  : `.
    fn beyond_head(&self) -> Option<Self> {
        let (head, rest) = self.raw.split_once(':')?;
        let text = match rest.split_once(": ") {
            Some((level, text))
                if FACILITIES.contains(&head.trim_end()) && LEVELS.contains(&level.trim()) =>
            {
                text
            }
            _ if is_file_name(head) => grepped(rest),
            _ => return None,
        };
        let inner = Self { raw: text, text, ..self.clone() };
        Some(Self { raw: self.raw, ..inner.beyond_stamps().unwrap_or(inner) })
    }

    /// `(250311_10:20:01.007)text`, `Mar 11 10:20:01 board kernel: <6>[   45.091496] (0)[1737:Binder_1]text`.
    fn of_recorder(&self) -> Option<Self> {
        let rest = decoration::beyond_stamps(self.raw.as_bytes());
        let text = self.raw.get(self.raw.len() - rest.len()..)?;
        (text.len() < self.raw.len()).then_some(())?;
        // What is beside the kernel's stamp names the task.
        let inner = self.raw.match_indices(['[', '<']).filter(|(at, _)| *at > 0).take(4);
        let mut inner = inner.map(|(at, _)| Self { raw: &self.raw[at..], ..self.clone() });
        let of_kernel = inner.find_map(|line| line.of_kernel());
        Some(
            of_kernel.map_or_else(
                || Self { text, ..self.clone() },
                |line| Self { raw: self.raw, ..line },
            ),
        )
    }

    /// `<6>[14990.389760][T516752] HwBinder:14964_: text`, `<6>[   45.091496] (0)[1737:Binder_1]text`.
    fn of_kernel(&self) -> Option<Self> {
        let rest = match self.raw.strip_prefix('<') {
            Some(rest) => rest.split_once('>').filter(|(level, _)| level.len() <= 2)?.1,
            // A selection with the mouse often starts one sign too late.
            None => self
                .raw
                .strip_prefix(|level: char| level.is_ascii_digit())
                .and_then(|rest| rest.strip_prefix('>'))
                .unwrap_or(self.raw),
        };
        let (stamp, rest) = rest.strip_prefix('[')?.split_once(']')?;
        nanoseconds(stamp.trim()).filter(|_| stamp.contains('.'))?;
        let mut rest = rest.trim_start();
        if let Some((_, after)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            rest = after.trim_start();
        }
        let task = rest.strip_prefix('[').and_then(|inside| inside.split_once(']'));
        let task = task.filter(|(task, _)| is_task(task));
        let (by, rest) = task.map_or(("", rest), |(task, rest)| (task, rest.trim_start()));
        // The journal puts the machine in front: `box kernel: `.
        let behind_machine =
            rest.split_once(" kernel: ").filter(|(machine, _)| !machine.contains([' ', ':']));
        let rest = behind_machine.map_or(rest, |(_, rest)| rest);
        Some(Self { text: rest, by, ..self.clone() })
    }

    /// `03-19 15:06:05.842   143 12974 E M4U_L   : text`, the form of `logcat -v threadtime`.
    fn of_logcat(&self) -> Option<Self> {
        let (day, rest) = self.raw.split_once(' ')?;
        let is_day = day.len() == 5 && day.as_bytes().get(2) == Some(&b'-');
        let (time, rest) = rest.trim_start().split_once(' ')?;
        if !is_day || time.as_bytes().get(2) != Some(&b':') {
            return None;
        }
        let (pid, rest) = rest.trim_start().split_once(' ')?;
        let (tid, rest) = rest.trim_start().split_once(' ')?;
        fields::decimal(tid)?;
        let (text, pid) =
            (rest.split_once(": ").map_or(rest, |(_, text)| text), fields::decimal(pid)?);
        if pid == 0 && fields::decimal(tid) == Some(0) {
            return Some(Self { text: of_kernel_buffer(rest), ..self.clone() });
        }
        Some(Self { text, by: tid, pid: Some(pid), ..self.clone() })
    }

    /// The message without a line number of `grep -n`.
    pub(super) fn ungrepped(&self) -> &'t str {
        let number_and_rest =
            self.text.split_once(':').filter(|(n, _)| fields::decimal(n.trim_end()).is_some());
        number_and_rest.map_or(self.text, |(_, rest)| rest).trim_start()
    }
}

/// Facilities and levels as `dmesg -x` prints them.
const FACILITIES: [&str; 4] = ["kern", "user", "daemon", "syslog"];
const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"];

/// Whether grep may have put this name in front: one word with a dot, a slash or a digit in it, and a letter.
fn is_file_name(head: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-+".contains(&byte);
    let has_sign = head.contains(['.', '/']) && head.bytes().any(|byte| byte.is_ascii_alphabetic());
    has_sign && head.len() < 256 && head.bytes().all(is_part)
}

/// A line without the number that `grep -n` puts behind the name.
fn grepped(rest: &str) -> &str {
    let number = rest.split_once(':').filter(|(number, _)| fields::decimal(number).is_some());
    number.map_or(rest, |(_, rest)| rest)
}

/// A message of the kernel in `logcat -b kernel`, which takes the text before the first colon for a tag: `I binder  :
/// 1904 close ...`.
fn of_kernel_buffer(text: &str) -> &str {
    text.split_once(' ')
        .filter(|(level, _)| level.len() == 1)
        .map_or(text, |(_, text)| text.trim_start())
}

/// `T516752`, `1737:Binder_1`, `5:kworker/u:0`.
fn is_task(text: &str) -> bool {
    let number = text.strip_prefix('T').or_else(|| text.split_once(':').map(|(n, _)| n));
    number.is_some_and(|number| fields::decimal(number.trim()).is_some())
}

#[cfg(test)]
mod tests {
    use crate::parse::ledgers::line::*;

    #[test]
    fn heads_are_taken_off() {
        let place = SourceLocation { source: "x".into(), at: 1 };
        for (text, message, by, pid) in [
            ("<6>[14990.389760][T516752] Hw:1_: a", "Hw:1_: a", "T516752", None),
            ("<6>[   45.091496] (0)[1737:Binder_1]binder: b", "binder: b", "1737:Binder_1", None),
            ("<4>[ 554.826463] CPU: 0", "CPU: 0", "", None),
            ("4>[ 554.826463] CPU: 0", "CPU: 0", "", None),
            ("[    1.500000] [<ffff>] f+0x1/0x2", "[<ffff>] f+0x1/0x2", "", None),
            ("03-19 15:06:05.842   143 12974 E M4U_L   : c", "c", "12974", Some(143)),
            ("(250311_10:20:01.007)MemTotal: 5 kB", "MemTotal: 5 kB", "", None),
            ("Mar 11 10:20:01 board kernel: [  1.5][T5] d", "d", "T5", None),
            ("MemTotal: 5 kB", "MemTotal: 5 kB", "", None),
            ("[not a stamp] x", "[not a stamp] x", "", None),
        ] {
            let line = LedgerLine::new(text, place.clone());
            assert_eq!((line.text, line.by, line.pid), (message, by, pid), "{text}");
        }
    }
}
