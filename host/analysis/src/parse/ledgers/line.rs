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
        let known_time = plain.of_kernel().or_else(|| plain.of_logcat());
        known_time.or_else(|| plain.of_recorder()).unwrap_or(plain)
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
            None => self.raw,
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
        let text = rest.split_once(": ").map_or(rest, |(_, text)| text);
        Some(Self { text, by: tid, pid: Some(fields::decimal(pid)?), ..self.clone() })
    }

    /// The message without a line number of `grep -n`.
    pub(super) fn ungrepped(&self) -> &'t str {
        let number_and_rest =
            self.text.split_once(':').filter(|(n, _)| fields::decimal(n).is_some());
        number_and_rest.map_or(self.text, |(_, rest)| rest).trim_start()
    }
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
