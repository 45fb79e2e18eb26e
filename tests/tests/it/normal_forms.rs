//! `teeleak analyze` on each form in which memory of the normal world is printed: what one look shows, what is no
//! leak, and what grows.
//!
//! The texts of `fixtures/normal-world/forms` are made in the form that the kernel and its tools print; names of
//! drivers and programs are invented. Each has a golden; the essential points are asserted besides.

use teeleak::Exit;
use teeleak_tests::{golden, teeleak};

use crate::support::fixture;

/// A text, what it leads to, what the answer must say, and what it must never say.
struct Form {
    name: &'static str,
    exit: Exit,
    says: &'static [&'static str],
    never: &'static [&'static str],
}

/// The answer on a text, without the path of its folder.
fn answer(arguments: &[&str], exit: Exit) -> String {
    let folder = fixture("normal-world/forms/");
    let answer = teeleak(&[&["analyze"], arguments].concat());
    let out = answer.out.replace(&folder, "");
    assert_eq!(answer.exit, exit, "{arguments:?}\n{out}\n{}", answer.err);
    out
}

fn compare(form: &Form) {
    let path = fixture(&format!("normal-world/forms/{}", form.name));
    let out = answer(&["-v", &path], form.exit);
    for text in form.says {
        assert!(out.contains(text), "{}: {text}\n--- is not in\n{out}", form.name);
    }
    for text in form.never {
        assert!(!out.contains(text), "{}: {text}\n--- is in\n{out}", form.name);
    }
    let name = form.name.trim_end_matches(".txt").replace('/', "-");
    golden(&format!("normal-forms/{name}.txt"), &out);
}

fn compare_all(forms: &[Form]) {
    forms.iter().for_each(compare);
}

const fn form(
    name: &'static str,
    exit: Exit,
    says: &'static [&'static str],
    never: &'static [&'static str],
) -> Form {
    Form { name, exit, says, never }
}

#[test]
fn nothing_is_clean_that_was_not_decided() {
    compare_all(&[
        form(
            "meminfo-twice.txt",
            Exit::Blind,
            &["2 of meminfo; it takes 9", "memory in use is constant: 1557.3 MiB"],
            &["rose"],
        ),
        form(
            "slabinfo-twice.txt",
            Exit::Blind,
            &["2 of slabinfo; it takes 9", "kmalloc-2k: 40,118 objects, 82,161,664 bytes"],
            &[],
        ),
        form(
            "meminfo-undecided.txt",
            Exit::Leak,
            &["slab grows: 133.1 MiB -> 145.5 MiB over 12", "unreclaimable slab (SUnreclaim)"],
            &["no known pool grows"],
        ),
        form(
            "buddyinfo-falls.txt",
            Exit::Blind,
            &["zone Normal grows: 918.8 MiB -> 572.7 MiB free, about 23.1 MiB", "meminfo"],
            &[],
        ),
        form(
            "buddyinfo-pieces.txt",
            Exit::Blind,
            &["fragmentation of node 0 zone Normal: blocks of 1 MiB and more"],
            &["memory is not fragmented"],
        ),
        form(
            "fdinfo/proc",
            Exit::Blind,
            &[
                "pid 1893: 26 buffers, 81,469,440 bytes",
                "28 descriptors, fd 61 to 88",
                "fd 87, 88 are copies, inodes 10411 and 10414 again",
                "all of 3,133,440 bytes, exporter system, name vdec-out",
            ],
            &[],
        ),
    ]);
}

#[test]
fn a_missing_row_is_a_gap() {
    compare_all(&[
        form(
            "meminfo-cut.txt",
            Exit::Blind,
            &["what nobody accounts for is unknown in 1 of 2 snapshots", "2 of meminfo"],
            &["rose", "page_owner: pages"],
        ),
        form(
            "meminfo-grepped.txt",
            Exit::Leak,
            &["memory in use without the page cache grows without end: 356.7 MiB -> 400.8 MiB"],
            &["page_owner: pages", "nobody accounts for grows"],
        ),
        form(
            "meminfo-one-without-slab.txt",
            Exit::Leak,
            &["slab grows without end", "1,048,576 bytes"],
            &[],
        ),
    ]);
}

#[test]
fn what_looks_like_a_leak_in_normal_use_is_none() {
    compare_all(&[
        form(
            "ion-users.txt",
            Exit::Blind,
            &[
                "12 buffers, 63,553,536 bytes",
                "pid 419 (composer@2.4-se): 5 buffers, 25,952,256 bytes",
                "pid 433 (surfaceflinger): 3 buffers, 25,067,520 bytes",
                "pid 602 (mediaserver): 4 buffers, 12,533,760 bytes",
            ],
            &["orphaned", "pid 419 (allocator"],
        ),
        form(
            "ion-pools.txt",
            Exit::Blind,
            &[
                "270,823,424 bytes (258.3 MiB) wait there",
                "cached pool: 266,625,024 bytes",
                "64 of order 4 of VMID 10",
                "pid 611 (surfaceflinger): 1 buffer, 41,779,200 bytes",
            ],
            &["orphaned"],
        ),
        form(
            "bufinfo-two-exporters.txt",
            Exit::Leak,
            &[
                "vdec-contig, 4,194,304 bytes each: 1 -> 10 objects",
                "attached to fdc40000.vdec and fe100000.vop: the drivers to look at",
            ],
            &["3 -> 12"],
        ),
    ]);
}

#[test]
fn one_look_is_answered_with_facts() {
    compare_all(&[
        form(
            "one/meminfo.txt",
            Exit::Blind,
            &[
                "of 2,033,952 kB, 771,188 kB (37.9 %) are on nobody's account",
                "slab: 568,824 kB, 528,704 kB of it not reclaimable",
                "4,096 kB of 229,376 kB free",
                "swap: 133,084 kB of 524,284 kB used",
            ],
            &[],
        ),
        form(
            "one/slabinfo.txt",
            Exit::Blind,
            &["dvb_demux_filter: 182,044 objects, 221,365,504 bytes (211.1 MiB), 68.6 %"],
            &[],
        ),
        form(
            "one/bufinfo.txt",
            Exit::Blind,
            &[
                "14 buffers, 329,154,560 bytes (313.9 MiB), the printed total",
                "9 buffers, 301,989,888 bytes (288.0 MiB), 91.7 %",
                "attached to fdc30000.video-decoder and fdea0000.isp",
            ],
            &[],
        ),
        form(
            "one/heaps/system",
            Exit::Blind,
            &["pid 611 (mediaserver): 1 buffer, 188,743,680 bytes (180.0 MiB), 83.8 %"],
            &["orphaned"],
        ),
        form(
            "binder-proc.txt",
            Exit::Blind,
            &[
                "pid 742 (recordd): 3 threads, 37 nodes, 5 refs, 12 buffers",
                "36 nodes are referenced by pid 1288 (tv.guide.app) alone",
                "722,312 bytes (11 of 65,536 bytes): 69.4 %",
            ],
            &[],
        ),
        form(
            "alloc_calls-nameless.txt",
            Exit::Blind,
            &["alloc_iova_mem in a cache that the text does not name: 91,200 objects"],
            &["0 bytes"],
        ),
    ]);
}

#[test]
fn blocks_of_page_owner_end_with_an_empty_line() {
    compare_all(&[
        form(
            "page_owner-6.txt",
            Exit::Blind,
            &[
                "one snapshot of page_owner",
                "dsp_ring_grow [dspfw]: 6 order-10 blocks of pages = 25,165,824 bytes",
                "charged to memcg guide.service",
                "sock_alloc_inode: 1 page",
            ],
            &[],
        ),
        form(
            "page_owner-5.txt",
            Exit::Blind,
            &["wl_prealloc_chunk [wlcore5]: 5 order-10 blocks of pages = 20,971,520 bytes"],
            &[],
        ),
        form(
            "page_owner-sorted.txt",
            Exit::Blind,
            &[
                "page faults (handle_mm_fault): 181,204 pages, 742,211,584 bytes",
                "fe_alloc_packets [frontend]: 66,048 order-0 pages = 270,532,608 bytes",
            ],
            &["iterations 0 to 1"],
        ),
        form(
            "page_owner-culled.txt",
            Exit::Blind,
            &["dsp_ring_grow [dspfw]: 98,304 pages", "tsmux_open [tsmux]: 20,480 pages"],
            &["order-0"],
        ),
        form(
            "show_stacks.txt",
            Exit::Blind,
            &["dsp_ring_grow [dspfw]: 98,304 pages", "tsmux_open [tsmux]: 20,480 pages"],
            &["order-0"],
        ),
        form(
            "page_owner-by-name.txt",
            Exit::Blind,
            &["audio-out: 98,304 pages, 402,653,184 bytes", "no function is known"],
            &[],
        ),
    ]);
}

#[test]
fn failed_allocations_say_whose_pool_was_full() {
    compare_all(&[
        form(
            "oom.txt",
            Exit::Blind,
            &[
                "pid 1432 (epg-collector) was killed and is the victim, not the culprit",
                "pid 1187 (epgd) asked for memory",
                "18,800 kB usable, below min 22,528 kB",
                "of 1,011,712 kB, 456,540 kB (45.1 %) are on nobody's account",
                "slab 404,532 kB, 386,924 kB (38.2 %) of it not reclaimable",
                "kmalloc-2k 301,440 kB, skbuff_head_cache 38,656 kB",
                "all tasks together are resident with 91,632 kB",
                "no swap",
            ],
            &[],
        ),
        form(
            "page-allocation-failure.txt",
            Exit::Blind,
            &["memory is in pieces: an allocation of order 5 failed while 22,000 kB were free"],
            &["memory ran out"],
        ),
        form(
            "slub-full.txt",
            Exit::Blind,
            &[
                "ts_packet_desc could not get pages: it has 392,870 objects, 754,310,400 bytes",
                "362,848 objects of 1,920 bytes, 696,668,160 bytes",
                "30,022 objects more",
                "GFP_ATOMIC",
            ],
            &[],
        ),
        form(
            "slub-full-6.13.txt",
            Exit::Blind,
            &["kmalloc-4k", "12,240 objects", "66.7 % of it are debugging"],
            &[],
        ),
    ]);
}

#[test]
fn areas_are_full_or_in_pieces_or_busy() {
    compare_all(&[
        form(
            "cma-used-up.txt",
            Exit::Blind,
            &["linux,cma is used up", "22 pages (88 KiB) free", "fe380000.vdec"],
            &[],
        ),
        form(
            "cma-in-pieces.txt",
            Exit::Blind,
            &["is in pieces", "free in 25 pieces, the largest 504 pages", "fragmentation"],
            &[],
        ),
        form("cma-busy.txt", Exit::Blind, &["linux,cma is busy", "3 ranges busy"], &[]),
        form(
            "binder-space.txt",
            Exit::Blind,
            &[
                "binder area of pid 742 is full and in pieces",
                "13 buffers keep 786,560 of 1,040,384 bytes",
                "61 buffers, 495,808 bytes, are oneway calls of pid 1288 alone",
            ],
            &[],
        ),
        form(
            "binder-space-older.txt",
            Exit::Blind,
            &["binder area of pid 742 is full", "the figures were not printed"],
            &[],
        ),
    ]);
}

#[test]
fn lists_of_holders_are_read() {
    compare_all(&[
        form(
            "dmabuf_dump.txt",
            Exit::Blind,
            &[
                "100,663,296 bytes (96.0 MiB) (65.8 %) are open or mapped in no process",
                "pid 419 (composer@2.4-s) and pid 433 (surfaceflinger) share 4 buffers",
                "pid 602 (mediaserver) has 6 buffers",
            ],
            &[],
        ),
        form("dmabuf_dump-exporter.txt", Exit::Blind, &["65.8 %", "share 4 buffers"], &[]),
        form(
            "dmabuf_dump-b.txt",
            Exit::Blind,
            &["isp-carveout of 33,554,432 bytes (32.0 MiB) each: 3 buffers, 100,663,296 bytes"],
            &[],
        ),
        form(
            "fd-three-looks.txt",
            Exit::Blind,
            &[
                "pid 1186: 17 -> 41 descriptors",
                "24 of sync_file (4 -> 28)",
                "the usual limit of 1,024 is reached after 82 more looks",
            ],
            &["no limit"],
        ),
        form("fd-coreutils.txt", Exit::Blind, &["sync_file: 28 descriptors", "dma-buf: 6"], &[]),
        form(
            "fd-numeric.txt",
            Exit::Blind,
            &["sync_file: 28 descriptors"],
            &["fd 1000", "snapshot of mappings"],
        ),
        form(
            "lsof.txt",
            Exit::Blind,
            &["descriptors: 3 descriptors", "dma-buf: 1 descriptor", "eventpoll: 1 descriptor"],
            &[],
        ),
        form(
            "memleak-bcc.txt",
            Exit::Blind,
            &["demux_filter_new [demux]: 4 objects, 16,384 bytes, 97.0 %"],
            &[],
        ),
    ]);
}

#[test]
fn tables_and_lists_are_followed() {
    compare_all(&[
        form(
            "slabtop.txt",
            Exit::Leak,
            &[
                "tsmux_pkt: 120,016 -> 138,448 objects",
                "left exactly 2,048 objects behind",
                "81.7 %",
            ],
            &[],
        ),
        form(
            "vmallocinfo.txt",
            Exit::Leak,
            &["vpu_load_fw [vpu5]: 2 -> 11", "11,534,336 bytes", "1,052,672 bytes of addresses"],
            &["pcpu_get_vm_areas", "gic_of_init"],
        ),
        form("iova_map-four.txt", Exit::Blind, &["20,971,520 bytes each: 1 -> 4 objects"], &[]),
        form(
            "iommu_dump.txt",
            Exit::Blind,
            &[
                "iova 0x1c1000000, 10,485,760 bytes (10.0 MiB) of isp_mem, was allocated and never freed",
                "3 of the same size were freed, after at most 3.5 s",
            ],
            &["one snapshot of iommu_dump"],
        ),
    ]);
}

#[test]
fn plain_figures_are_a_series() {
    compare_all(&[
        form(
            "series.csv",
            Exit::Leak,
            &["rss_kb grows: 48,133 -> 59,888 KiB", "about 512 KiB"],
            &[],
        ),
        form("noise.csv", Exit::Blind, &["whether rss_kb grows is undecided"], &["rose"]),
        form(
            "bufinfo-5-columns.txt",
            Exit::Leak,
            &["ion, 262,144 bytes each: 1 -> 10 objects"],
            &[],
        ),
        form("numbers.txt", Exit::Leak, &["231 -> 276", "exactly 3 each time"], &[]),
        form("free.txt", Exit::Leak, &["free: Mem: 610,240 -> 632,768 kB"], &["Swap: 0"]),
        form(
            "vmstat.txt",
            Exit::Leak,
            &["exactly 2,048 KiB each time", "what is in use grows"],
            &[],
        ),
        form("top.txt", Exit::Leak, &["pid 702 (recorderd): 101,204 -> 123,732 kB"], &[]),
    ]);
}

#[test]
fn what_a_logger_puts_in_front_changes_nothing() {
    const NAMES: [&str; 10] = [
        "plain",
        "dmesg-T",
        "dmesg-x",
        "grep-kernel",
        "journal",
        "journal-monotonic",
        "logcat-b-kernel",
        "logread",
        "syslog",
        "syslog-iso",
    ];
    for name in NAMES {
        let path = fixture(&format!("normal-world/forms/heads/{name}.txt"));
        let out = answer(&[&path], Exit::Blind);
        for text in
            ["binder: proc 1904 released its vma but never its proc", "released: 2011", "4 used"]
        {
            assert!(out.contains(text), "{name}: {text}\n{out}");
        }
    }
    for name in ["grep-files", "logger"] {
        let path = fixture(&format!("normal-world/forms/heads/{name}.txt"));
        let out = answer(&[&path], Exit::Leak);
        assert!(out.contains("growth      2,097,152 bytes per iteration"), "{name}\n{out}");
    }
}

/// A page has put the records of the kernel's log into one line.
#[test]
fn records_in_one_line_are_told_apart() {
    compare(&form(
        "binder-flattened.txt",
        Exit::Leak,
        &["binder: proc 131 released its vma but never its proc", "after \"Too many open files\""],
        &[],
    ));
}

#[test]
fn a_copy_without_a_kind_is_named() {
    let path = fixture("normal-world/forms/dup-without-y.strace");
    let out = answer(&["--strace", &path], Exit::Blind);
    for text in ["fd 61, a dup of 52, is never closed; 8,388,608 bytes", "strace -y"] {
        assert!(out.contains(text), "{text}\n{out}");
    }
}

#[test]
fn a_text_that_nobody_knows_is_shown() {
    compare(&form(
        "unknown-report.txt",
        Exit::Blind,
        &[
            "none of 17 lines is of a known form",
            "== zvd pool report (build 7.2.0-r14) ==",
            "--rules",
        ],
        &["CFG_TEE_CORE", "no snapshot was taken"],
    ));
    // A description of its columns is all that it takes.
    let table = fixture("normal-world/forms/vendor-pools.toml");
    let path = fixture("normal-world/forms/unknown-report.txt");
    let out = answer(&["--table", &table, &path], Exit::Blind);
    assert!(out.contains("zvd-main: 65,503,232 bytes (62.5 MiB)"), "{out}");
    let mistaken = teeleak(&["analyze", "--table", &path, &path]);
    assert!(mistaken.err.contains("cannot read tables"), "{}", mistaken.err);
}

#[test]
fn rows_in_one_line_are_separated() {
    compare(&form(
        "camera-flattened.txt",
        Exit::Leak,
        &[
            "dma_heap mtk_mm: 1 buffer, 25,165,824 bytes",
            "pid 29202 (camerahalserver): 1 buffer, 25,165,824 bytes",
            "pid 29202: 1 buffer, 25,165,824 bytes (24.0 MiB), 100.0 %; 1 descriptor, fd 400",
            "iova_map: 3 mappings, 75,497,472 bytes",
            "the iommu has 3.6 GB mapped, the camera lists 362 MB",
        ],
        &[],
    ));
}

#[test]
fn a_series_is_what_its_user_calls_one() {
    let path = |name: &str| fixture(&format!("normal-world/forms/{name}"));
    let out = answer(&["--series", &path("columns.dat")], Exit::Leak);
    assert!(out.contains("use_kb grows: 7,000 -> 9,006 KiB over 30 values"), "{out}");
    assert!(!out.contains("pool grows"), "{out}");
    let torn = teeleak(&["analyze", "--series", &path("columns-torn.dat")]);
    assert_eq!(torn.exit, Exit::Usage, "{}", torn.err);
    let mistake = "columns-torn.dat: line 3: expected 3 columns as in the first line, found 2";
    assert!(torn.err.contains(mistake), "{}", torn.err);
}

#[test]
fn the_values_of_a_rule_are_a_series() {
    let path = |name: &str| fixture(&format!("normal-world/forms/{name}"));
    let (log, rules) = (path("stress.log"), path("stress-rules.toml"));
    let out = answer(&["--rules", &rules, &log], Exit::Leak);
    let grows =
        "memory_in_use_kb grows: 412,331 -> 514,525 KiB over 48 values, about 2,044 KiB each";
    assert!(out.contains(grows), "{out}");
    answer(&[&log], Exit::Blind);
}
