//! Failed allocations, and whose pool was full.

use teeleak::Exit;

use super::{compare_all, form};

#[test]
fn reports_of_the_oom_killer_say_what_ran_out() {
    compare_all(&[
        form(
            "oom-cgroup.txt",
            Exit::Blind,
            &[
                "memory of the cgroup /app.slice/player ran out at its limit: pid 2210 (player) was killed, which had 93.8 % of it",
                "uses 262,144 kB of its limit of 262,144 kB; 812 allocations had hit the limit",
                "most of it: anon 245,760 kB, slab 3,072 kB and file 1,024 kB",
            ],
            &["nobody's account", "page_owner for what"],
        ),
        form(
            "oom-cgroup-6.12.txt",
            Exit::Blind,
            &[
                "memory of the cgroup /player ran out at its limit: pid 165 (tail) was killed, which had 100.0 %",
                "105 used",
            ],
            &[],
        ),
        form(
            "oom-cgroup-6.12-end.txt",
            Exit::Blind,
            &["memory of the cgroup /player ran out at its limit: pid 169 (tail) was killed"],
            &["of its limit of"],
        ),
        form(
            "oom-cgroup-4.14.txt",
            Exit::Blind,
            &["memory of the cgroup /app.slice ran out at its limit", "of its limit of 262,144 kB"],
            &["nobody's account", "page_owner for what"],
        ),
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
    ]);
}

#[test]
fn failed_allocations_say_whose_pool_was_full() {
    compare_all(&[
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
