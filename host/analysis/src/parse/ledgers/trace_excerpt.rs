//! Lines of strace that were pasted between other lines: which descriptors they copy and do not close.
//!
//! ```text
//! 30714 12:12:34.791556 dup(447 <unfinished ...>
//! 30714 12:12:34.791640 <... dup resumed>) = 400 <0.000076>
//! 1 2 30714 12 :12 :34.79 dup(447 <unfinished ...>30714 12 :12 :34.80 <... dup resumed> ) = 400    by a page
//! ```
//!
//! A whole trace has its own reader. An excerpt may lack the line that closes a copy, so that it proves nothing alone.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use regex::{Captures, Regex};

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{LogFact, LogRecord};

/// What its lines have.
pub(super) const OPENINGS: [&str; 4] = ["dup", "F_DUPFD", "close(", "close resumed"];

/// Most open calls and copies of an excerpt, and most calls of a line.
const MOST: usize = 1 << 12;

/// A call that ends where it begins, one that does not, and the end of such a one.
static CALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let stamps = r"(?:(?P<task>[0-9]+)\]? +)?(?:[0-9]+ ?: ?[0-9]+ ?: ?[0-9]+(?:\.[0-9]+)? +|[0-9]+\.[0-9]+ +)?";
    let name = "dup[23]?|fcntl|close";
    let end = r"\) *= *";
    let resumed = format!(r"<\.\.\. (?P<resumed>{name}) resumed>[^()]*{end}(?P<late>[0-9]+)");
    let args = r"(?P<args>[^()<]*(?:<[^()>]*>)?[^()<]*)";
    let begin = format!(r"(?-u:\b)(?P<name>{name})\({args}");
    let call =
        format!(r"{stamps}(?:{resumed}|{begin}(?:{end}(?P<result>[0-9]+)|(?P<begun><unfinished)))");
    Regex::new(&call).ok()
});

/// A call without its end, by task: its name and its arguments.
type UnfinishedCalls = HashMap<u64, (String, String)>;

#[derive(Default)]
pub(super) struct TraceExcerpt {
    begun: UnfinishedCalls,
    copies: BTreeMap<u64, LogRecord>,
    lost: u64,
}

impl Parser for TraceExcerpt {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        _: &mut LedgerOutput,
    ) -> LineOutcome {
        let Some(call) = CALL.as_ref().filter(|_| line.raw.contains([')', '<'])) else {
            return LineOutcome::Ignored;
        };
        let calls = call.captures_iter(line.raw).take(MOST);
        let taken = calls.filter(|call| self.take(call, line)).count();
        if taken > 0 { LineOutcome::Parsed } else { LineOutcome::Ignored }
    }

    /// Another ledger between two lines of a trace ends nothing.
    fn end(&mut self, _: &mut LedgerOutput) {}

    fn end_text(&mut self, out: &mut LedgerOutput) {
        self.begun.clear();
        let copies = std::mem::take(&mut self.copies);
        copies.into_values().for_each(|record| out.record(record));
        out.normal_world.lost =
            out.normal_world.lost.saturating_add(std::mem::take(&mut self.lost));
    }
}

impl TraceExcerpt {
    /// Reads a call; returns whether it is of interest.
    fn take(&mut self, call: &Captures<'_>, line: &LedgerLine<'_>) -> bool {
        let text = |name: &str| call.name(name).map(|part| part.as_str());
        let task = text("task").and_then(fields::decimal);
        let key = task.unwrap_or(0);
        if text("begun").is_some() {
            return self.begin(key, text("name"), text("args"));
        }
        let result = text("result").or(text("late")).and_then(fields::decimal);
        let whole = text("name").zip(text("args")).map(|(name, args)| (name.into(), args.into()));
        let resumed = || self.begun.remove(&key).filter(|(name, _)| text("resumed") == Some(name));
        let Some(((name, args), result)) = whole.or_else(resumed).zip(result) else {
            return false;
        };
        self.finish((&name, &args), task, result, line)
    }

    fn begin(&mut self, task: u64, name: Option<&str>, args: Option<&str>) -> bool {
        let Some((name, args)) = name.zip(args) else { return false };
        if self.begun.len() < MOST {
            self.begun.insert(task, (name.to_owned(), args.to_owned()));
        }
        true
    }

    fn finish(
        &mut self,
        (name, args): (&str, &str),
        task: Option<u64>,
        result: u64,
        line: &LedgerLine<'_>,
    ) -> bool {
        let digits = args.trim_start().split(|sign: char| !sign.is_ascii_digit()).next();
        let Some(fd) = digits.and_then(fields::decimal) else { return false };
        match name {
            // Whoever closes the number: no copy is better than a wrong one.
            "close" => result == 0 && self.copies.remove(&fd).is_some(),
            "fcntl" if !args.contains("F_DUPFD") => false,
            _ => self.copy((fd, result), task, line),
        }
    }

    fn copy(&mut self, (old, new): (u64, u64), task: Option<u64>, line: &LedgerLine<'_>) -> bool {
        if self.copies.len() >= MOST {
            self.lost = self.lost.saturating_add(1);
            return true;
        }
        let by = task.map_or_else(String::new, |task| task.to_string());
        let said = LogFact::Duplicated { task, old, new, mapped: None, is_excerpt: true };
        let place = line.place.clone();
        self.copies.insert(new, LogRecord { place, by: by.into(), moment: None, said });
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::{model::LogFact, parse::ledgers::LedgerReader};

    fn copies(text: &str) -> Vec<(Option<u64>, u64, u64)> {
        let mut reader = LedgerReader::new("report");
        text.lines().for_each(|line| reader.line(line.as_bytes()));
        let copy = |fact: &LogFact| match fact {
            LogFact::Duplicated { task, old, new, is_excerpt: true, .. } => {
                Some((*task, *old, *new))
            }
            _ => None,
        };
        reader.finish().sayings.iter().filter_map(|record| copy(&record.said)).collect()
    }

    #[test]
    fn pairs_are_read_in_one_line_and_in_two() {
        let pasted = "1 2 30714 12 :12 :34.791556 dup(447 <unfinished ...>30714 12 :12 :34.791640 <... dup resumed> ) = 400 <0.000076 >";
        assert_eq!(copies(pasted), [(Some(30714), 447, 400)]);
        let two = "then we saw\n30714 12:12:34.7 dup(447 <unfinished ...>\n30715 12:12:34.7 close(9) = 0\n30714 12:12:34.8 <... dup resumed>) = 400 <0.1>";
        assert_eq!(copies(two), [(Some(30714), 447, 400)]);
        for one in [
            "[pid  7] dup(5) = 6",
            "7 1795272821.0615 dup(5</dmabuf:x>) = 6</dmabuf:x>",
            "7 fcntl(5, F_DUPFD_CLOEXEC, 0) = 6",
            "7 12:12:34 dup3(5, 6, O_CLOEXEC) = 6",
        ] {
            assert_eq!(copies(one), [(Some(7), 5, 6)], "{one}");
        }
    }

    #[test]
    fn closed_copies_and_other_calls_are_none() {
        for text in [
            "7 dup(5) = 6\nMemTotal: 5 kB\n7 close(6) = 0",
            "7 dup(5) = 6\n7 close(6 <unfinished ...>\n7 <... close resumed>) = 0",
            "7 dup(5) = -1 EMFILE (Too many open files)",
            "7 fcntl(5, F_GETFD) = 1",
            "m_shareFD = dup(FD);",
            "<... dup resumed>) = 400",
        ] {
            assert_eq!(copies(text), [], "{text}");
        }
    }
}
