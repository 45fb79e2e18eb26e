//! Slab caches: `/proc/slabinfo` (Linux `mm/slab_common.c`, version 2.1) and the table of the kernel's
//! `slabinfo` tool (`tools/vm/slabinfo.c` of Linux 3.10).
//!
//! ```text
//! # name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables …
//! kmalloc-128        561900 562016    128   32    1 : tunables    0    0    0 : slabdata  17563  17563      0
//!
//! Name                   Objects Objsize    Space Slabs/Part/Cpu  O/S O %Fr %Ef Flg
//! anon_vma                  9361      56   622.5K      149/13/3   64 0   8  84
//! ```

use std::collections::HashSet;

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot};

#[derive(Default)]
pub(super) struct Slab {
    open: Option<LedgerSnapshot>,
    tool: bool,
    /// Caches of the open print.
    names: HashSet<String>,
}

impl Parser for Slab {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let tool = line.text.starts_with("Name ") && line.text.contains(" Objsize ");
        let kernel = line.text.starts_with("# name") && line.text.contains("<active_objs>");
        if tool || kernel {
            self.end(out);
            self.open = Some(LedgerSnapshot::new(LedgerKind::Slab, "", line.place.clone()));
            self.tool = tool;
            return LineOutcome::Parsed;
        }
        if line.text.starts_with("slabinfo - version:") {
            return LineOutcome::Parsed;
        }
        let text = line.ungrepped();
        if !self.tool && of_kernel(text).is_some() {
            // Through grep, or a head that was not copied: a cache that comes again starts the next print.
            let name = text.split_whitespace().next().unwrap_or_default();
            if self.names.contains(name) {
                self.end(out);
            }
            self.names.insert(name.to_owned());
            let begin = || LedgerSnapshot::new(LedgerKind::Slab, "", line.place.clone());
            self.open.get_or_insert_with(begin);
        }
        let Some(census) = &mut self.open else { return LineOutcome::Ignored };
        let read = if self.tool { of_tool(line.text) } else { of_kernel(text) };
        let Some((name, count, bytes)) = read else {
            return if !self.tool && is_cut(text) {
                LineOutcome::Rejected
            } else {
                LineOutcome::Ignored
            };
        };
        super::add(census, LedgerEntry::new(line.place.clone(), name, count, bytes));
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.names.clear();
        self.tool = false;
        self.open.take().into_iter().for_each(|census| out.census(census));
    }
}

/// Name, objects in use, bytes of all slabs.
fn of_kernel(text: &str) -> Option<(&str, u64, u64)> {
    let (head, _) = text.split_once(" : tunables")?;
    let mut words = head.split_whitespace();
    let name = words.next()?;
    let numbers: Vec<u64> = words.map(fields::decimal).collect::<Option<_>>()?;
    let [active, _, size, _, _] = numbers[..] else { return None };
    Some((name, active, active.saturating_mul(size)))
}

/// Whether a row of the kernel's was cut: the name of a cache, and three to five figures up to its tunables.
fn is_cut(text: &str) -> bool {
    let words: Vec<_> = text.split_whitespace().collect();
    let Some((name, rest)) = words.split_first() else { return false };
    let n_figures = rest.iter().take_while(|word| fields::decimal(word).is_some()).count();
    fields::decimal(name).is_none()
        && (3..=5).contains(&n_figures)
        && rest.get(n_figures).is_none_or(|word| *word == ":")
}

fn of_tool(text: &str) -> Option<(&str, u64, u64)> {
    // Names may have blanks, so the columns are found by `objects size space slabs/partial/cpu`.
    let words: Vec<_> = text.split_whitespace().collect();
    let slabs = words.iter().position(|word| word.matches('/').count() == 2)?;
    let [.., count, size, _] = words[..slabs] else { return None };
    let (count, size) = (fields::decimal(count)?, fields::decimal(size)?);
    let end = text.find(words.get(slabs.checked_sub(3)?)?)?;
    let name = text[..end].trim_end();
    Some((if name.is_empty() { words[0] } else { name }, count, count.saturating_mul(size)))
}

#[cfg(test)]
mod tests {
    use super::is_cut;

    #[test]
    fn only_rows_of_the_kernel_are_cut_ones() {
        for row in ["kmalloc-64 1000 1024 64", "kmalloc-64 1000 1024 64 64 1 : tuna"] {
            assert!(is_cut(row), "{row}");
        }
        for other in ["cpu0 1 2 3 4 5 6 7 8 9 10", "kmalloc-64 1000 1024", "1 2 3 4", "a 1 2 3 b"] {
            assert!(!is_cut(other), "{other}");
        }
    }
}
