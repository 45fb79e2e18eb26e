//! Whose stamps are before the lines of a text: the report counts them as it does frames.
//!
//! The kernel's own, `[   12.345678]`, are no frame.

use std::{array, sync::Arc};

use crate::text;

/// Who wrote a stamp.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum StampKind {
    Terminal,
    Iso,
    Syslog,
    Logread,
    Dmesg,
    Logcat,
    Kmsg,
}

impl StampKind {
    const ALL: [Self; 7] = [
        Self::Terminal,
        Self::Iso,
        Self::Syslog,
        Self::Logread,
        Self::Dmesg,
        Self::Logcat,
        Self::Kmsg,
    ];

    const fn writer(self) -> &'static str {
        match self {
            Self::Terminal => "a terminal program",
            Self::Iso => "the journal or a build server",
            Self::Syslog => "syslog",
            Self::Logread => "logread",
            Self::Dmesg => "dmesg -T",
            Self::Logcat => "logcat",
            Self::Kmsg => "/dev/kmsg",
        }
    }

    /// Of what stands before a message; `None` for the kernel's own. A few bytes suffice, since every record
    /// is asked for.
    fn of_text(left: &[u8]) -> Option<Self> {
        match left {
            [b'(', b'0'..=b'9', ..] => Some(Self::Terminal),
            [b'<', b'0'..=b'9', ..] => Some(Self::Kmsg),
            [b'[', _, _, b':', ..] | [b'[', _, _, _, _, b'-', ..] => Some(Self::Terminal),
            [b'[', b'A'..=b'Z', _, _, b' ', ..] => Some(Self::Dmesg),
            [b'A'..=b'Z', _, _, b' ', b'A'..=b'Z', _, _, b' ', ..] => Some(Self::Logread),
            [b'A'..=b'Z', _, _, b' ', b'0'..=b'9' | b' ', _, b' ', ..] => Some(Self::Syslog),
            [b'A'..=b'Z', _, _, b' ', b'0'..=b'9', ..] => Some(Self::Iso),
            [b'0'..=b'9', b',', ..] | [b'0'..=b'9', _, b',', ..] => Some(Self::Kmsg),
            [b'0'..=b'9', _, b'-', _, _, b' ', ..] => Some(Self::Logcat),
            [b'0'..=b'9', _, b':', _, _, b':', ..] => Some(Self::Terminal),
            [b'0'..=b'9', _, _, _, b'-', _, _, b'-', ..] => Some(Self::Iso),
            _ => None,
        }
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

    #[inline(never)]
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
            ("2025-03-11T10:20:01.007Z ", Some(StampKind::Iso)),
            ("[2025-03-11 10:20:01] ", Some(StampKind::Terminal)),
            ("Mar 11 10:20:01 board kernel: ", Some(StampKind::Syslog)),
            ("2025-03-11T10:20:01+01:00 board kernel: ", Some(StampKind::Iso)),
            ("Tue 2025-03-11 10:20:01 CET board kernel: ", Some(StampKind::Iso)),
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
