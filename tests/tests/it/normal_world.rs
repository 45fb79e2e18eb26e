//! `teeleak analyze` on what the kernel and its tools printed of the normal world's memory.
//!
//! The texts of `fixtures/normal-world` are raw excerpts of published field reports: a camera that loses a
//! buffer with each shot, a box whose slab, pages and ion heap grow, a daemon that binder does not let go.
//! The blanks that web pages put into them are taken out again; nothing else is changed. A fourth report, on
//! memory that comes and goes, has no raw text: its series is made here as it describes.

use std::{fmt::Write as _, fs};

use teeleak::Exit;
use teeleak_tests::{golden, teeleak};

use crate::support::{fixture, folder};

/// Compares what a folder of texts leads to, and looks for what it must say.
fn compare(name: &str, exit: Exit, says: &[&str]) {
    let folder = fixture(&format!("normal-world/{name}"));
    let answer = teeleak(&["analyze", &folder]);
    let out = answer.out.replace(&format!("{folder}/"), "");
    for text in says {
        assert!(out.contains(text), "{text}\n--- is not in\n{out}");
    }
    assert_eq!(answer.exit, exit, "{out}\n{}", answer.err);
    golden(&format!("normal-world.{name}.txt"), &out);
}

#[test]
fn a_dup_that_is_never_closed_keeps_a_buffer() {
    compare(
        "camera",
        Exit::Leak,
        &[
            "25,165,824 bytes at iova 0x29ca00000 (inode 5771744) are held by pid 29202 (camerahalserver) \
             as fd 400, a dup of 447 never closed",
            "the iommu has 3.6 GB mapped, the camera lists 362 MB",
        ],
    );
}

#[test]
fn binder_keeps_a_process_that_is_gone() {
    compare(
        "binder",
        Exit::Leak,
        &["binder: proc 131 released its vma but never its proc", "after \"Too many open files\""],
    );
}

/// What Debian's Linux 6.12 for arm64 said in QEMU of `leaky-ree`: twelve steps of each workload, with
/// `slub_debug=U,skbuff_head_cache`. Files and lines that show nothing are left out, nothing is changed.
#[test]
fn a_real_kernel_is_read() {
    compare(
        "linux-6.12",
        Exit::Leak,
        &[
            "12 buffers of 1,048,576 bytes, 12,582,912 bytes (12.0 MiB) in all, are held by pid 176 (leaky-ree) as fd 8 \
             to 19, dups of 7 never closed",
            "slabinfo: skbuff_head_cache: 36 -> 124 objects",
            "binder: 12 procs are never released although their processes have exited",
        ],
    );
}

/// `events/kmem` of Debian's Linux 6.12 for arm64 in QEMU, of `struct file` alone: a server opens 8 files in each of
/// six steps and closes none, another one closes all.
#[test]
fn the_kernels_own_trace_is_paired() {
    let trace = fixture("kernel/6.12.files-never-closed.ftrace");
    let mark = "tracing_mark_write: ";
    let answer =
        teeleak(&["analyze", "--rules", "kmem", "--protocol", "kmem", "--mark", mark, &trace]);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    let server = "leaky-ree (process 159) 49 times";
    assert!(answer.out.contains(server), "{}", answer.out);
    golden("normal-world.kmem.txt", &answer.out.replace(&trace, "trace.txt"));
}

#[test]
fn a_slab_cache_grows_from_one_function() {
    compare(
        "kernel-slab",
        Exit::Blind,
        &[
            "alloc_vmap_area in kmalloc-128: 561,481 objects",
            "set_reg_bit.constprop.6 [mali_kbase]",
        ],
    );
}

#[test]
fn pages_are_kept_by_one_function() {
    compare(
        "kernel-pages",
        Exit::Blind,
        &["__pte_alloc_kernel: 119,706 order-0 pages = 490,315,776 bytes (467.6 MiB)"],
    );
}

#[test]
fn an_ion_heap_has_orphans() {
    compare(
        "kernel-ion",
        Exit::Leak,
        &[
            "278,401,024 bytes of ion heap system are orphaned",
            "the printed total is 278,401,024 bytes, the 26 rows shown sum to 275,451,904",
            "ion-trace: 8 buffers acquired and never released",
        ],
    );
}

/// Numbers that look like chance and are the same each time (a linear congruential generator; Knuth's MMIX).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// What is in use at one moment, in KiB.
struct Moment {
    slab: u64,
    anon: u64,
    cached: u64,
}

/// All memory, in KiB.
const TOTAL: u64 = 2_097_152;

fn meminfo(moment: &Moment) -> String {
    let Moment { slab, anon, cached } = moment;
    let free = TOTAL - slab - anon - cached - 90_000;
    format!(
        "MemTotal: {TOTAL} kB\nMemFree: {free} kB\nBuffers: 20000 kB\nCached: {cached} kB\n\
         SwapTotal: 0 kB\nSwapFree: 0 kB\nAnonPages: {anon} kB\nShmem: 4000 kB\nSlab: {slab} kB\n\
         KernelStack: 10000 kB\nPageTables: 20000 kB\n"
    )
}

/// Free blocks: `large` KiB of them in blocks of 1 MiB, the rest in single pages and pairs.
fn buddyinfo(free: u64, large: u64) -> String {
    let small = free - large;
    format!("Node 0, zone   Normal {} {} 0 0 0 0 0 0 {} 0 0\n", small / 8, small / 16, large / 1024)
}

fn analyzed(name: &str, files: &[(&str, String)]) -> teeleak_tests::Answer {
    let folder = folder(&format!("normal-world/{name}"));
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
    let folder = folder.display().to_string();
    let mut answer = teeleak(&["analyze", &folder]);
    answer.out = answer.out.replace(&format!("{folder}/"), "");
    answer
}

/// A stress test for 16 hours that comes and goes by some ten MiB and loses 2 KiB each time it calls the
/// driver; kmemleak scans after each of the last runs.
#[test]
fn a_leak_below_an_oscillation_is_found() {
    let mut chance = Chance(4);
    let (mut memory, mut blocks, mut scans) = (String::new(), String::new(), String::new());
    for n in 0..96 {
        let swing = chance.below(60_000);
        let moment = Moment {
            slab: 120_000 + n * 7_200 + chance.below(60_000),
            anon: 400_000 + swing,
            cached: 300_000,
        };
        memory += &meminfo(&moment);
        let free = TOTAL - moment.slab - moment.anon - 390_000;
        blocks += &buddyinfo(free, free / 10 * 7);
    }
    for scan in 1..=12 {
        for object in 0..scan {
            let address = 0xffff_ffc0_a1b2_0000_u64 + object * 0x800;
            write!(
                scans,
                "unreferenced object {address:#x} (size 2048):\n  comm \"kernel_submit\", pid 2311, jiffies \
                 4295012345 (age 61.240s)\n  backtrace:\n    [<00000000a1b2c3d4>] kmem_cache_alloc_trace+0x1b0/0x2d4\n    \
                 [<0000000012345678>] bug_driver+0x2c/0x80 [bug]\n"
            )
            .unwrap();
        }
    }
    let files = [("meminfo", memory), ("buddyinfo", blocks), ("kmemleak", scans)];
    let answer = analyzed("oscillation", &files);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    for text in [
        "slab grows without end",
        "bug_driver [bug]: 12 objects without any reference",
        "memory is not fragmented",
    ] {
        assert!(answer.out.contains(text), "{text}\n{}", answer.out);
    }
    golden("normal-world.oscillation.txt", &answer.out);
}

/// A framework that is stopped and started again and again: memory in use comes and goes and rises, as the
/// page cache does; no pool grows, kmemleak has nothing, and large blocks are used up.
#[test]
fn memory_in_pieces_is_no_leak() {
    let mut chance = Chance(5);
    let (mut memory, mut blocks) = (String::new(), String::new());
    for n in 0..288 {
        let moment = Moment {
            slab: 120_000 + chance.below(3_000),
            anon: 400_000 + chance.below(200_000),
            cached: 300_000 + n * 2_000 + chance.below(30_000),
        };
        memory += &meminfo(&moment);
        let free = TOTAL - moment.slab - moment.anon - moment.cached - 90_000;
        blocks += &buddyinfo(free, free * (288 - n) / 330);
    }
    let answer = analyzed("pieces", &[("meminfo", memory), ("buddyinfo", blocks)]);
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    for text in ["free memory is fragmented, without a leak", "no known pool grows"] {
        assert!(answer.out.contains(text), "{text}\n{}", answer.out);
    }
    assert!(!answer.out.contains("without end"), "{}", answer.out);
    golden("normal-world.pieces.txt", &answer.out);
}

#[test]
fn caches_and_mappings_are_followed_over_prints() {
    let mut slabs = String::new();
    for n in 0..10 {
        write!(
            slabs,
            "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>\n\
             kmalloc-128 {} 9000 128 32 1 : tunables 0 0 0 : slabdata 9 9 0\n\
             dentry {} 9000 192 21 1 : tunables 0 0 0 : slabdata 9 9 0\n",
            1000 + 40 * n,
            5000 + n % 3
        )
        .unwrap();
    }
    let mapping = |n: u32| format!("0 0x2{n}a00000 0x1800000 48446.93047{n}\n");
    let shots = |n| (0..n).map(mapping).collect::<String>();
    let files = [("slabinfo", slabs), ("iova_map.1", shots(3)), ("iova_map.2", shots(5))];
    let answer = analyzed("prints", &files);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    for text in [
        "slabinfo: kmalloc-128: 1,000 -> 1,360 objects, 46,080 bytes more over 10 snapshots",
        "each of iterations 1 to 9 left exactly 40 objects",
        "iova_map: 25,165,824 bytes each: 3 -> 5 objects",
    ] {
        assert!(answer.out.contains(text), "{text}\n{}", answer.out);
    }
    assert!(!answer.out.contains("slabinfo: dentry"), "{}", answer.out);
}

/// A terminal's log has ledgers and console text of OP-TEE, each read by its own reader.
#[test]
fn a_log_may_have_both_worlds() {
    let console = "I/TC: buffer: 28 bytes core/kernel/tee_ta_manager.c:1\n".repeat(3);
    let text =
        format!("root@box:/ # cat /proc/meminfo\nMemTotal: 1000 kB\nMemFree: 9 kB\n{console}");
    let answer = analyzed("both", &[("log", text)]);
    assert!(answer.out.contains("input: 6 read, 5 used, 1 unrelated, 0 damaged"), "{}", answer.out);
    assert!(answer.out.contains("1 snapshot"), "{}", answer.out);
}

#[test]
fn ledgers_are_chosen_by_the_option_too() {
    let log = fixture("normal-world/kernel-pages/sorted_page_owner.txt");
    let answer = teeleak(&["analyze", "--json", "--normal-world", &log]);
    let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(report["findings"][0]["subject"]["name"], "__pte_alloc_kernel");
    let input = &report["coverage"]["input"];
    assert_eq!(input["read"], input["parsed"], "{input}");
}

/// What teeleak itself makes of folders of `/proc` and `/sys` can be read from a file as well.
#[test]
fn what_a_run_puts_together_is_read_as_text_too() {
    let answer = teeleak(&["analyze", &fixture("normal-world/live")]);
    let read = "2 ledger snapshots of the normal world";
    assert!(answer.out.contains(read), "{}", answer.out);
    assert!(answer.out.contains("input: 11 read, 11 used"), "{}", answer.out);
    assert_eq!(answer.exit, Exit::Blind);
}
