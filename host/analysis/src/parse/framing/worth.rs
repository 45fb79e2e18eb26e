//! What lines say to the readers of traces and ledgers, which have no start that shows where a line begins.
//!
//! Lines of a table that is wider than the page are broken; whether those of the widest line were, shows in what
//! all readers make of the text before and after they are joined.

use super::{console_start, decoration, wrap};
use crate::{
    catalogue::{Catalogue, LineSource},
    parse::{
        console::{LineReading, reading},
        ledgers::LedgerReader,
        strace,
    },
};

/// Lines of the widest width that may have been cut there.
const CUT: usize = 3;

/// Most lines that are read; more show nothing new.
const LINES: usize = 600;

/// What readers make of lines.
#[derive(Clone, Copy, Default, Debug)]
struct Worth {
    facts: usize,
    damaged: usize,
}

/// The width of the widest lines, if those after them continue them.
pub(super) fn column(lines: &[&[u8]]) -> Option<usize> {
    let lines = &lines[..lines.len().min(LINES)];
    let widest = lines.iter().map(|line| wrap::width(line)).max()?;
    let is_cut = |pair: &&[&[u8]]| is_cut(pair[0], pair[1], widest);
    let n_cut = lines.windows(2).filter(is_cut).count();
    (widest >= wrap::NARROW && n_cut >= CUT).then_some(())?;
    let before = Worth::of_lines(lines.iter().copied());
    let joined_lines = joined(lines, widest);
    let after = Worth::of_lines(joined_lines.iter().map(Vec::as_slice));
    let is_better = after.facts > before.facts && after.damaged <= before.damaged
        || after.facts == before.facts && after.damaged < before.damaged;
    is_better.then_some(widest)
}

fn is_cut(line: &[u8], next: &[u8], widest: usize) -> bool {
    wrap::width(line) == widest && !next.trim_ascii().is_empty() && !console_start::is_start(next)
}

fn joined(lines: &[&[u8]], widest: usize) -> Vec<Vec<u8>> {
    let mut joined_lines: Vec<Vec<u8>> = Vec::new();
    let mut previous: &[u8] = b"";
    for line in lines {
        match joined_lines.last_mut() {
            Some(open_line) if is_cut(previous, line, widest) => open_line.extend_from_slice(line),
            _ => joined_lines.push(line.to_vec()),
        }
        previous = line;
    }
    joined_lines
}

impl Worth {
    fn of_lines<'l>(lines: impl Iterator<Item = &'l [u8]>) -> Self {
        let mut worth = Self::default();
        let mut ledgers = LedgerReader::new("");
        for line in lines {
            match reading(line) {
                LineReading::Whole => worth.facts += 1,
                LineReading::Damaged => worth.damaged += 1,
                LineReading::Other => {
                    worth.facts += usize::from(strace::is_whole_call(line) || is_message(line));
                }
            }
            ledgers.line(line);
        }
        let normal_world = ledgers.finish();
        let rows = normal_world.censuses.iter().map(|census| census.rows.len()).sum::<usize>();
        worth.facts += rows + normal_world.sayings.len() + normal_world.events.len();
        worth.damaged += usize::try_from(normal_world.accounting.rejected).unwrap_or(usize::MAX);
        worth
    }
}

/// Whether a line without a prefix of OP-TEE is a message that the catalogue explains.
fn is_message(line: &[u8]) -> bool {
    let message = decoration::message(line).trim_ascii_end();
    Catalogue::built_in().find(LineSource::Normal, message).is_some()
}

#[cfg(test)]
mod tests {
    use super::column;

    fn cut(text: &str, column: usize) -> Vec<&[u8]> {
        let mut lines = Vec::new();
        for line in text.lines() {
            lines.extend(line.as_bytes().chunks(column));
        }
        lines
    }

    #[test]
    fn calls_of_a_trace_are_joined() {
        let call =
            "1741684801.061500 ioctl(3</dev/tee0>, TEE_IOC_CLOSE_SESSION, {session=17}) = 0\n";
        let lines = cut(&call.repeat(6), 60).concat();
        assert_eq!(lines.len(), call.repeat(6).len() - 6);
        assert_eq!(column(&cut(&call.repeat(6), 60)), Some(60));
        assert_eq!(column(&cut(&call.repeat(6), 200)), None);
    }

    #[test]
    fn tables_that_fit_stay() {
        let table = "MemTotal:        1009276 kB\nMemFree:          850308 kB\nCached:            24576 kB\n";
        assert_eq!(column(&cut(&table.repeat(4), 80)), None);
    }
}
