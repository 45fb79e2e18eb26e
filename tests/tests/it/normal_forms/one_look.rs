//! One look at a ledger is answered with facts.

use teeleak::Exit;
use teeleak_tests::teeleak;

use super::{answer, compare, compare_all, form};
use crate::support::fixture;

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
