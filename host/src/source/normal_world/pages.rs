//! Physical addresses of the memory of TEE clients, to match with what a TA has mapped.
//!
//! `/proc/PID/maps` lists virtual ranges, `/proc/PID/pagemap` the physical pages behind them, 8
//! bytes per page (Linux `Documentation/admin-guide/mm/pagemap.rst`). Memory mapped by drivers
//! (`VM_PFNMAP`) has no entries there and is not found. Only root can read physical addresses, and
//! they are no secret to root.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, ErrorKind},
    os::unix::fs::FileExt as _,
    path::Path,
};

use teeleak_analysis::model::LedgerKind;

use super::{
    bytes::{MOST_BYTES, read},
    gaps::LedgerObstacle,
    own_memory::is_ring,
    process::{ProcessIdentity, plain},
};

/// Most pages to read per process: 256 MiB of 4 KiB pages.
const MOST_PAGES: u64 = 1 << 16;

/// Pagemap entries per read.
const AT_ONCE: usize = 512;

/// Bytes of an entry of pagemap.
const ENTRY: usize = 8;

/// Bit 63 of an entry: the page is present.
const PRESENT: u64 = 1 << 63;

/// Bits 0 to 54: the page frame number.
const NUMBER: u64 = (1 << 55) - 1;

/// A range of a process's memory.
struct Area<'m> {
    begin: u64,
    end: u64,
    inode: &'m str,
    name: &'m str,
}

/// Pages that are contiguous in virtual and physical memory.
struct PageRun {
    va: u64,
    page: u64,
    pages: u64,
}

/// Appends the lines of one process; returns the number of pages not read.
///
/// # Errors
/// When the process ended, or its page frame numbers are hidden from this user.
pub(super) fn append_process(
    folder: &Path,
    pid: u32,
    who: &ProcessIdentity,
    text: &mut String,
) -> io::Result<u64> {
    let maps = read(&folder.join("maps"), MOST_BYTES)?;
    let maps = String::from_utf8_lossy(&maps.text);
    let pagemap = File::open(folder.join("pagemap"))?;
    let page = rustix::param::page_size() as u64;
    let (mut looked, mut lost) = (0, 0);
    // Writing to memory never fails.
    let _ = writeln!(text, "pid {pid} start {} page {page} comm {}", who.start, who.comm);
    let is_foreign = |area: &Area<'_>| !is_ring(area.name);
    for area in maps.lines().filter_map(area).filter(is_foreign) {
        let pages = (area.end - area.begin) / page;
        if looked + pages > MOST_PAGES {
            lost += pages;
            continue;
        }
        looked += pages;
        for run in runs(&pagemap, &area, page)? {
            let PageRun { va, page: number, pages } = run;
            let name = if area.name.is_empty() { "anon".into() } else { plain(area.name) };
            let pa = number.saturating_mul(page);
            let _ = writeln!(text, " {va:#x} pa {pa:#x} pages {pages} ino {} {name}", area.inode);
        }
    }
    Ok(lost)
}

/// Why the pages of other processes can't be read.
pub(super) fn look(proc: &Path) -> Option<LedgerObstacle> {
    let ledger = LedgerKind::ClientPages.info().name;
    let error = own_page(proc).err()?;
    Some(LedgerObstacle::of_error(ledger, &error, "CONFIG_PROC_PAGE_MONITOR=y"))
}

/// Reads the entry of a page of this process: its number is 0 without the permission.
fn own_page(proc: &Path) -> io::Result<()> {
    let page = rustix::param::page_size() as u64;
    let probe = [0_u8; 1];
    let va = std::hint::black_box(&raw const probe).addr() as u64 / page * page;
    let area = Area { begin: va, end: va + page, inode: "", name: "" };
    runs(&File::open(proc.join("self/pagemap"))?, &area, page).map(|_| ())
}

/// `7f12-7f13 rw-s 00000000 00:05 1042 /dmabuf:x`: writable areas only, since program text and
/// libraries are no buffers.
fn area(line: &str) -> Option<Area<'_>> {
    let mut words = line.splitn(6, ' ');
    let (begin, end) = words.next()?.split_once('-')?;
    let access = words.next()?;
    let inode = words.nth(2)?;
    let name = words.next().unwrap_or_default().trim();
    let address = |text| u64::from_str_radix(text, 16).ok();
    let area = Area { begin: address(begin)?, end: address(end)?, inode, name };
    (access.as_bytes().get(1) == Some(&b'w') && area.begin < area.end).then_some(area)
}

/// The present pages of an area.
fn runs(pagemap: &File, area: &Area<'_>, page: u64) -> io::Result<Vec<PageRun>> {
    let mut runs: Vec<PageRun> = Vec::new();
    let mut entries = [0; AT_ONCE * ENTRY];
    let mut va = area.begin;
    while va < area.end {
        let n_pages = usize::try_from((area.end - va) / page).unwrap_or(AT_ONCE).min(AT_ONCE);
        if n_pages == 0 {
            break;
        }
        let read = pagemap.read_at(&mut entries[..n_pages * ENTRY], va / page * ENTRY as u64)?;
        let (entries, _) = entries[..read].as_chunks();
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            add(&mut runs, va, u64::from_ne_bytes(*entry), page)?;
            va += page;
        }
    }
    Ok(runs)
}

fn add(runs: &mut Vec<PageRun>, va: u64, entry: u64, bytes: u64) -> io::Result<()> {
    if entry & PRESENT == 0 {
        return Ok(());
    }
    let page = entry & NUMBER;
    if page == 0 {
        // Without CAP_SYS_ADMIN all numbers are 0.
        return Err(ErrorKind::PermissionDenied.into());
    }
    match runs.last_mut() {
        Some(run) if run.va + run.pages * bytes == va && run.page + run.pages == page => {
            run.pages += 1;
        }
        _ => runs.push(PageRun { va, page, pages: 1 }),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::source::normal_world::pages::*;

    #[test]
    fn areas_that_may_be_written_are_read() {
        let line =
            "7f0000000000-7f0000004000 rw-s 00000000 00:05 1042                       /memfd:a b";
        let area = area(line).unwrap();
        assert_eq!((area.begin, area.end - area.begin), (0x7f00_0000_0000, 0x4000));
        assert_eq!((area.inode, area.name), ("1042", "/memfd:a b"));
        for bad in ["", "7f-7e rw-p 0 0:0 0", "x-y rw-p 0 0:0 0", "1-2 r-xp 0 0:0 7 /bin/sh", "1-2"]
        {
            assert!(super::area(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn pages_side_by_side_are_one_run() {
        let mut runs = Vec::new();
        for (n, page) in [(0, 7), (1, 8), (2, 20), (4, 21)] {
            add(&mut runs, n * 4096, PRESENT | page, 4096).unwrap();
        }
        add(&mut runs, 5 * 4096, 0, 4096).unwrap();
        let run_numbers: Vec<_> =
            runs.iter().map(|run| (run.va / 4096, run.page, run.pages)).collect();
        assert_eq!(run_numbers, [(0, 7, 2), (2, 20, 1), (4, 21, 1)]);
        assert!(add(&mut runs, 0, PRESENT, 4096).is_err());
    }
}
