//! A text of `page_owner`, put together of stacks that a kernel has printed.
//!
//! `stacks.txt` has what Debian's Linux 6.12 for arm64 printed in QEMU (`slab/*/alloc_traces` of debugfs): callers
//! of allocations that were in use. What stands before them when a page is taken is [`ALLOCATOR`].

use std::io::{Result, Write};

use teeleak_bench_measure::Random;

const STACKS: &str = include_str!("stacks.txt");

/// What takes a page, innermost first (Linux 6.12 `mm/page_alloc.c`, `mm/mempolicy.c`).
const ALLOCATOR: &str = " post_alloc_hook+0x12c/0x140\n get_page_from_freelist+0x1a0c/0x1bd0\n \
    __alloc_pages_noprof+0x1b8/0x1160\n alloc_pages_mpol_noprof+0x90/0x1c0\n";

/// Stacks that differ: as many as a phone has after a day.
const DIFFERENT: usize = 4000;

/// Programs, as they come.
const COMMS: [&str; 8] = [
    "init",
    "kworker/u16:3",
    "surfaceflinger",
    "camerahalserver",
    "mediaserver",
    "system_server",
    "HwBinder:14964_",
    "drm-player",
];

/// Writes blocks until there are so many bytes.
pub(crate) fn write(bytes: u64, seed: u64, out: &mut impl Write) -> Result<()> {
    let mut random = Random(seed);
    let stacks = stacks(&mut random);
    let (mut written, mut block, mut pfn, mut ns) = (0, Vec::new(), 0x40000, 1_000_000_000);
    while written < bytes {
        block.clear();
        let order = if random.below(8) == 0 { random.below(5) } else { 0 };
        pfn += 1 << order;
        ns += random.below(2_000_000);
        let (pid, comm) = (1 + random.below(32_000), early(&mut random, &COMMS).unwrap_or(&"init"));
        writeln!(
            block,
            "Page allocated via order {order}, mask 0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO|__GFP_COMP), pid {pid}, \
             tgid {pid} ({comm}), ts {ns} ns"
        )?;
        writeln!(
            block,
            "PFN 0x{pfn:x} type Movable Block {} type Movable Flags 0x3ffff800002002c(referenced|uptodate|lru|\
             swapbacked|node=0|zone=0|lastcpupid=0xffff)",
            pfn >> 9
        )?;
        block.extend_from_slice(ALLOCATOR.as_bytes());
        block.extend_from_slice(early(&mut random, &stacks).map_or("", String::as_str).as_bytes());
        block.push(b'\n');
        out.write_all(&block)?;
        written += block.len() as u64;
    }
    Ok(())
}

/// Stacks as they are, and with calls from elsewhere in the same functions.
fn stacks(random: &mut Random) -> Vec<String> {
    let real: Vec<Vec<&str>> =
        STACKS.split("\n\n").map(|stack| stack.lines().map(str::trim).collect()).collect();
    let line = |frame: &str| format!(" {frame}\n");
    let mut all: Vec<String> =
        real.iter().map(|stack| stack.iter().map(|frame| line(frame)).collect()).collect();
    while all.len() < DIFFERENT {
        let Some(stack) = early(random, &real) else { break };
        let other = usize::try_from(random.below(stack.len() as u64)).unwrap_or(0);
        let frames = stack.iter().enumerate().map(|(at, frame)| match frame.split_once("+0x") {
            Some((name, _)) if at == other => {
                line(&format!("{name}+0x{:x}/0x1000", 4 * random.below(1024)))
            }
            _ => line(frame),
        });
        all.push(frames.collect());
    }
    all
}

/// One of them; early ones more often, as the square of a uniform number.
fn early<'t, T>(random: &mut Random, all: &'t [T]) -> Option<&'t T> {
    let n = all.len() as u64;
    let at = random.below(n) * random.below(n) / n.max(1);
    all.get(usize::try_from(at).ok()?)
}
