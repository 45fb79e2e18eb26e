//! Whose stamps are before the lines of a text: the report counts them as it does frames.
//!
//! The kernel's own, `[   12.345678]`, are no frame.

use std::{array, sync::Arc};

use super::decoration;
use crate::text;

/// Who wrote a stamp.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum StampKind {
    Terminal,
    Syslog,
    Logread,
    Dmesg,
    Logcat,
    Kmsg,
}

impl StampKind {
    const ALL: [Self; 6] =
        [Self::Terminal, Self::Syslog, Self::Logread, Self::Dmesg, Self::Logcat, Self::Kmsg];

    const fn writer(self) -> &'static str {
        match self {
            Self::Terminal => "a terminal program or a build server",
            Self::Syslog => "syslog or the journal",
            Self::Logread => "logread",
            Self::Dmesg => "dmesg -T",
            Self::Logcat => "logcat",
            Self::Kmsg => "/dev/kmsg",
        }
    }

    /// Of what stands before a message; `None` for the kernel's own.
    fn of_text(left: &[u8]) -> Option<Self> {
        match left.first()? {
            b'[' if matches!(left.get(1), Some(b' ' | b'0'..=b'9')) && !left.contains(&b':') => None,
            b'[' => {
                let is_stamp = decoration::is_of_clock(left);
                let is_named = left.get(1).is_some_and(u8::is_ascii_alphabetic);
                is_stamp.then_some(if is_named { Self::Dmesg } else { Self::Terminal })
            }
            b'(' => decoration::in_parentheses(left).map(|_| Self::Terminal),
            b'<' => decoration::level(left).map(|_| Self::Kmsg),
            _ => decoration::kmsg(left).map(|_| Self::Kmsg).or_else(|| Self::of_wall(left)),
        }
    }

    fn of_wall(left: &[u8]) -> Option<Self> {
        let end = decoration::date_and_time(left)?;
        let rest = &left[end..];
        if decoration::threadtime(rest).or_else(|| decoration::brief(rest)).is_some() {
            return Some(Self::Logcat);
        }
        let is_named = left[0].is_ascii_alphabetic();
        let has_year = left[..end].trim_ascii_end().iter().rev().take(4).all(u8::is_ascii_digit);
        Some(match decoration::host(rest) {
            Some(_) if is_named && has_year => Self::Logread,
            Some(_) => Self::Syslog,
            None => Self::Terminal,
        })
    }
}

/// Lines with stamps that were left out, by who wrote them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct StampCounts([u64; StampKind::ALL.len()]);

impl StampCounts {
    /// Counts the stamps of lines that have this text before their messages.
    #[inline]
    pub(crate) fn note(&mut self, left: &[u8], lines: u64) {
        // Most lines have none, or the kernel's.
        if !matches!(left, [] | [b'[', b' ', ..]) {
            self.note_any(left, lines);
        }
    }

    #[cold]
    fn note_any(&mut self, left: &[u8], lines: u64) {
        if let Some(kind) = StampKind::of_text(left) {
            let sum = &mut self.0[kind as usize];
            *sum = sum.saturating_add(lines);
        }
    }

    /// Adds those of another text.
    pub(crate) fn add(&mut self, other: &Self) {
        self.0 = array::from_fn(|kind| self.0[kind].saturating_add(other.0[kind]));
    }

    /// What was left out, each a sentence.
    pub(crate) fn sentences(&self) -> impl Iterator<Item = Arc<str>> {
        let kinds = StampKind::ALL.into_iter().zip(self.0).filter(|(_, lines)| *lines > 0);
        kinds.map(|(kind, lines)| {
            let was = if lines == 1 { "was" } else { "were" };
            let lines = text::count(lines, "line");
            format!("{lines} with a stamp of {} {was} read without it", kind.writer()).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{StampCounts, StampKind};

    #[test]
    fn each_writer_is_known() {
        for (left, kind) in [
            ("", None),
            ("[   12.345678] ", None),
            ("[12.345678] [TEE] ", None),
            ("[18:22:07.331] [ 5120.448240] ", Some(StampKind::Terminal)),
            ("(250311_10:20:01.007)", Some(StampKind::Terminal)),
            ("10:20:01.007 ", Some(StampKind::Terminal)),
            ("2025-03-11T10:20:01.007Z ", Some(StampKind::Terminal)),
            ("Mar 11 10:20:01 board kernel: ", Some(StampKind::Syslog)),
            ("2025-03-11T10:20:01+01:00 board kernel: ", Some(StampKind::Syslog)),
            ("Tue Mar 11 10:20:01 2025 kern.info kernel: ", Some(StampKind::Logread)),
            ("[Tue Mar 11 10:20:01 2025] ", Some(StampKind::Dmesg)),
            ("03-11 10:20:01.007   143 12974 E TEE : ", Some(StampKind::Logcat)),
            ("03-11 10:20:01.007 I/KERNEL(    0): ", Some(StampKind::Logcat)),
            ("<6>[    1.564775] ", Some(StampKind::Kmsg)),
            ("5,4711,300000000,-;", Some(StampKind::Kmsg)),
            ("camera-hal: ", None),
        ] {
            assert_eq!(StampKind::of_text(left.as_bytes()), kind, "{left}");
        }
    }

    #[test]
    fn stamps_are_counted_by_writer() {
        let mut counts = StampCounts::default();
        counts.note(b"[   12.345678] ", 7);
        counts.note(b"<6>", 1);
        counts.note(b"<6>", 2);
        let sentences: Vec<_> = counts.sentences().collect();
        assert_eq!(sentences, ["3 lines with a stamp of /dev/kmsg were read without it".into()]);
    }
}
