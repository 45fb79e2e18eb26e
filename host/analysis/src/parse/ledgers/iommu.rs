//! `/proc/iommu_debug/*` of MediaTek's kernels (as in a field report of a 5.10 kernel).
//!
//! ```text
//! 0          0x29ca00000   0x1800000   48446.930479                       iova_map: table, address, size, time
//! alloc 0 0x29ca00000 0x1800000 0x29e1fffff 48446.929254 cam_mem          iommu_dump: what was done
//! map 0 0x29ca00000 0x1800000 0x29e1fffff 48446.930479
//! ```
//!
//! `iommu_dump` becomes rows of a snapshot, too: one for each address, with the last step.

use std::collections::{HashMap, HashSet};

use super::{LedgerLine, LedgerOutput, LineOutcome, MOST, Parser, TextContext, fields};
use crate::{
    model::{LedgerEntry, LedgerKind, LedgerSnapshot},
    parse::strace::nanoseconds,
};

#[derive(Default)]
pub(super) struct Iommu {
    map: Option<LedgerSnapshot>,
    dump: Option<LedgerSnapshot>,
    /// Tables and addresses in `map`.
    mapped: HashSet<(Option<u64>, Option<u64>)>,
    /// Row of each address in `dump`.
    known: HashMap<u64, usize>,
}

impl Parser for Iommu {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let words: Vec<_> = unnumbered(line.ungrepped()).split_whitespace().collect();
        match words[..] {
            [table, address, size, time]
                if fields::decimal(table).is_some()
                    && address.starts_with("0x")
                    && size.starts_with("0x") =>
            {
                if nanoseconds(time).is_none() {
                    return LineOutcome::Rejected;
                }
                // A row that stands there again starts the next print.
                if !self.mapped.insert((fields::decimal(table), fields::number(address))) {
                    self.end_map(out);
                    self.mapped.insert((fields::decimal(table), fields::number(address)));
                }
                self.take_mapping(line, address, size)
            }
            [
                step @ ("alloc" | "map" | "sync" | "unmap" | "free"),
                table,
                address,
                size,
                _,
                time,
                ref device @ ..,
            ] if fields::decimal(table).is_some() && address.starts_with("0x") => {
                let read = nanoseconds(time)
                    .and_then(|ns| self.take_step(line, (step, ns), (address, size), device));
                LineOutcome::from(read)
            }
            _ => LineOutcome::Ignored,
        }
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.known.clear();
        self.end_map(out);
        self.dump.take().into_iter().for_each(|census| out.census(census));
    }
}

/// A line without the number that an editor puts in front: `Line 7416 : alloc 0 ...`.
fn unnumbered(text: &str) -> &str {
    let number = text.strip_prefix("Line ").and_then(|rest| rest.split_once(':'));
    number.filter(|(n, _)| fields::decimal(n.trim()).is_some()).map_or(text, |(_, rest)| rest)
}

impl Iommu {
    fn end_map(&mut self, out: &mut LedgerOutput) {
        self.mapped.clear();
        self.map.take().into_iter().for_each(|census| out.census(census));
    }

    fn take_mapping(&mut self, line: &LedgerLine<'_>, address: &str, size: &str) -> LineOutcome {
        let (Some(address), Some(bytes)) = (fields::number(address), fields::number(size)) else {
            return LineOutcome::Rejected;
        };
        let census = self.map.get_or_insert_with(|| {
            LedgerSnapshot::new(LedgerKind::IovaMap, "", line.place.clone())
        });
        let mut row = LedgerEntry::new(line.place.clone(), "mapping", 1, bytes);
        row.ids.address = Some(address);
        super::add(census, row);
        LineOutcome::Parsed
    }

    fn take_step(
        &mut self,
        line: &LedgerLine<'_>,
        (step, ns): (&str, u64),
        at: (&str, &str),
        device: &[&str],
    ) -> Option<()> {
        let (address, bytes) = (fields::number(at.0)?, fields::number(at.1)?);
        let census = self.dump.get_or_insert_with(|| {
            LedgerSnapshot::new(LedgerKind::IommuDump, "", line.place.clone())
        });
        let known_row = self.known.get(&address).and_then(|at| census.rows.get_mut(*at));
        if let Some(row) = known_row {
            // Only `free` returns the addresses; after any other step the device keeps them.
            row.count = u64::from(step != "free");
            if step == "alloc" {
                // Its addresses are given out anew.
                (row.ids.start, row.place) = (Some(ns), line.place.clone());
                row.stack.clear();
            }
            row.ids.end = Some(ns);
            row.stack.truncate(MOST);
            row.stack.push(step.into());
            return Some(());
        }
        if census.rows.len() >= MOST {
            census.lost = census.lost.saturating_add(1);
            return Some(());
        }
        let name = device.first().copied().unwrap_or("device");
        let mut row = LedgerEntry::new(line.place.clone(), name, u64::from(step != "free"), bytes);
        (row.ids.address, row.stack) = (Some(address), vec![step.into()]);
        (row.ids.start, row.ids.end) = (Some(ns), Some(ns));
        self.known.insert(address, census.rows.len());
        census.rows.push(row);
        Some(())
    }
}
