//! What is not decided, missing or normal is neither clean nor a leak.

use teeleak::Exit;

use super::{compare_all, form};

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
