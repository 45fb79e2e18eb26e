//! Holdings of the normal world as text.

use std::io;

use teeleak_analysis::{
    model::saturating_sum,
    text::{count, number},
};

use super::{TextLine, TextPage};
use crate::render::normal_world::{DmaBufHoldings, Holdings, ProcessHoldings};

/// Figures of `/proc/meminfo` that are shown.
const MEMORY: [&str; 8] = [
    "MemTotal",
    "MemAvailable",
    "AnonPages",
    "Shmem",
    "Slab",
    "KernelStack",
    "PageTables",
    "CmaFree",
];

/// Holders shown per buffer.
const HOLDERS: usize = 4;

/// Writes the holdings; of each list the `top` entries.
pub(crate) fn write(
    holdings: &Holdings<'_>,
    top: usize,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    page.write_line(TextLine::default().head("normal world"))?;
    processes(&holdings.processes, top, page)?;
    buffers(&holdings.buffers, top, page)?;
    caches(holdings, top, page)?;
    let figures: Vec<_> =
        holdings.memory.iter().filter(|(name, _)| MEMORY.contains(name)).collect();
    if figures.is_empty() {
        return Ok(());
    }
    page.heading("memory")?;
    figures.into_iter().try_for_each(|(name, bytes)| {
        page.write_line(
            TextLine::indent(2).text(format_args!("{name:<15} {:>15} bytes", number(*bytes))),
        )
    })
}

fn processes(all: &[ProcessHoldings<'_>], top: usize, page: &mut TextPage<'_>) -> io::Result<()> {
    let fds = saturating_sum(all.iter().map(|process| process.fds));
    page.blank()?;
    let n = count(all.len() as u64, "process");
    page.write_line(
        TextLine::default().head("descriptors").text(format_args!(": {} of {n}", number(fds))),
    )?;
    for process in all.iter().take(top) {
        let limit = process.limit.map_or_else(|| "unlimited".to_owned(), number);
        let (n, bytes) = process.buffers;
        let buffers = match n {
            0 => String::new(),
            n => format!(", {} of {} bytes", count(n, "dma-buf"), number(bytes)),
        };
        let (pid, comm) = (process.holder.pid, &process.holder.comm);
        let fds = number(process.fds);
        let line = TextLine::indent(2).text(format_args!("{fds:>9} of {limit:<9} ")).hang();
        page.write_line(line.text(format_args!("pid {pid} ({comm}){buffers}")))?;
    }
    rest(all.len(), top, "process", page)
}

fn buffers(all: &[DmaBufHoldings<'_>], top: usize, page: &mut TextPage<'_>) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let bytes = saturating_sum(all.iter().map(|buffer| buffer.bytes));
    page.blank()?;
    let n = number(all.len() as u64);
    let bytes = number(bytes);
    page.write_line(
        TextLine::default().head("dma-bufs").text(format_args!(": {n} of {bytes} bytes")),
    )?;
    for buffer in all.iter().take(top) {
        let holders = buffer.holders.iter().take(HOLDERS);
        let mut holder_texts: Vec<_> = holders
            .map(|(holder, fd)| format!("pid {} ({}) as fd {fd}", holder.pid, holder.comm))
            .collect();
        if buffer.holders.len() > HOLDERS {
            holder_texts.push(format!("{} more", number((buffer.holders.len() - HOLDERS) as u64)));
        }
        let holder_text =
            if holder_texts.is_empty() { "no process".into() } else { holder_texts.join(", ") };
        let (bytes, inode, name) = (number(buffer.bytes), buffer.inode, buffer.name);
        let line = TextLine::indent(2).text(format_args!("{bytes:>13} bytes ")).hang();
        page.write_line(line.text(format_args!("inode {inode}, {name}: ")).dim(holder_text))?;
    }
    rest(all.len(), top, "dma-buf", page)
}

fn caches(holdings: &Holdings<'_>, top: usize, page: &mut TextPage<'_>) -> io::Result<()> {
    let caches = &holdings.caches;
    if caches.is_empty() {
        return Ok(());
    }
    let bytes = saturating_sum(caches.iter().map(|row| row.bytes));
    page.blank()?;
    let n = count(caches.len() as u64, "cache");
    let bytes = number(bytes);
    page.write_line(TextLine::default().head("slab").text(format_args!(": {bytes} bytes in {n}")))?;
    for row in caches.iter().take(top) {
        let (bytes, n) = (number(row.bytes), number(row.count));
        page.write_line(
            TextLine::indent(2).text(format_args!("{bytes:>13} bytes = {n:>9} x {}", row.name)),
        )?;
    }
    rest(caches.len(), top, "cache", page)
}

fn rest(all: usize, top: usize, one: &str, page: &mut TextPage<'_>) -> io::Result<()> {
    if all <= top {
        return Ok(());
    }
    let remaining = count((all - top) as u64, one);
    page.write_line(TextLine::indent(2).dim(format_args!("and {remaining} more (--top N)")))
}
