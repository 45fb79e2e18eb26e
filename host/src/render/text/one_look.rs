//! What a single look shows, as text.

use std::io;

use teeleak_analysis::{
    model::PoolKind,
    one_look::{HeapLook, HeldSite, OneLook, PoolLook, TaLook},
    text::{count, number},
};

use super::{TextLine, TextPage, snapshot::figures};

/// Columns that names of pools have at least, and at most.
const NARROW: usize = 15;
const WIDE: usize = 52;

/// Writes a look.
pub(crate) fn write(look: &OneLook, page: &mut TextPage<'_>) -> io::Result<()> {
    page.heading("alive at the last look")?;
    look.heaps.iter().try_for_each(|one| heap(one, look, page))?;
    look.tas.iter().try_for_each(|one| ta(one, page))?;
    pools(&look.pools, page)?;
    match &look.next_step {
        Some(next) => page.write_line(TextLine::indent(2).head("next ").hang().text(next)),
        None => Ok(()),
    }
}

fn heap(heap: &HeapLook, look: &OneLook, page: &mut TextPage<'_>) -> io::Result<()> {
    let lost_text = match heap.lost {
        0 => String::new(),
        lost => format!("; {} missing", count(lost, "record")),
    };
    let (allocations, bytes) = (count(heap.count, "allocation"), number(heap.bytes));
    let sites = count(heap.n_sites, "site");
    page.write_line(
        TextLine::indent(2)
            .head(heap.heap.label())
            .hang()
            .text(format_args!(": {allocations} of {bytes} bytes at {sites}{lost_text}")),
    )?;
    heap.sites.iter().try_for_each(|one| site(one, look, page))?;
    let n_more = heap.n_sites - heap.sites.len() as u64;
    if n_more > 0 {
        let more_text = count(n_more, "site");
        page.write_line(
            TextLine::indent(4).dim(format_args!("and {more_text} more, all smaller")),
        )?;
    }
    Ok(())
}

fn site(site: &HeldSite, look: &OneLook, page: &mut TextPage<'_>) -> io::Result<()> {
    let (bytes, n, size) = (number(site.bytes()), number(site.count), number(site.size));
    let line =
        TextLine::indent(4).text(format_args!("{bytes:>9} bytes = {n:>5} x {size:<7} ")).hang();
    let line = line.text(format_args!("{}:{}", site.file, site.line));
    let line = match &site.owner {
        Some(owner) => line.dim(format_args!("  {owner}")),
        None => line,
    };
    page.write_line(if site.is_per_region {
        let counts: Vec<_> = look.tas.iter().map(|ta| number(ta.n_regions)).collect();
        line.dim(format_args!("  as many as the TAs have regions ({})", counts.join(" + ")))
    } else {
        line
    })
}

fn ta(ta: &TaLook, page: &mut TextPage<'_>) -> io::Result<()> {
    let partial = if ta.partial { ", lines of its map are missing" } else { "" };
    let panicked = if ta.panicked { ", panicked" } else { "" };
    let (regions, bytes) = (count(ta.n_regions, "region"), number(ta.bytes));
    let line = TextLine::indent(2).head(format_args!("TA {}", ta.uuid)).hang();
    let line = line.text(format_args!(": {regions} of {bytes} bytes{partial}{panicked}"));
    page.write_line(match ta.others {
        Some(n) => line.warn(format_args!(", far more than the others ({})", number(n))),
        None => line,
    })?;
    let Some(small) = ta.small else { return Ok(()) };
    let (n, bytes) = (number(small.count), number(small.bytes));
    let (from, to) = small.between;
    page.write_line(TextLine::indent(4).text(format_args!(
        "{n} of them are small (at most 8,192 bytes, {bytes} in all), read-write and at pa {from:#x} \
         to {to:#x}, away from its code at {:#x}: buffers mapped for it one by one",
        small.code
    )))
}

fn pools(pools: &[PoolLook], page: &mut TextPage<'_>) -> io::Result<()> {
    let name = |kind: &PoolKind| kind.label().into_owned();
    let widths = pools.iter().map(|look| name(&look.pool.kind).chars().count());
    let width = widths.max().unwrap_or(0).clamp(NARROW, WIDE);
    for look in pools {
        let name = name(&look.pool.kind);
        let begin = TextLine::indent(2).head(format_args!("{name:<width$} ")).hang();
        let line = begin.text(figures(&look.pool));
        page.write_line(match look.course() {
            Some(course) => line.dim(format_args!(", {course}")),
            None => line,
        })?;
    }
    Ok(())
}
