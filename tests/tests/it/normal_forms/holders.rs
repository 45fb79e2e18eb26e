//! Who holds buffers, descriptors and addresses.

use teeleak::Exit;

use super::{answer, compare_all, form};
use crate::support::fixture;

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
fn a_copy_without_a_kind_is_named() {
    let path = fixture("normal-world/forms/dup-without-y.strace");
    let out = answer(&["--strace", &path], Exit::Blind);
    for text in ["fd 61, a dup of 52, is never closed; 8,388,608 bytes", "strace -y"] {
        assert!(out.contains(text), "{text}\n{out}");
    }
}

#[test]
fn heaps_and_processes_of_android_are_read() {
    compare_all(&[
        form(
            "ion-mtk.txt",
            Exit::Leak,
            &[
                "3 buffers, 71,024,640 bytes",
                "pid 611 (surfaceflinger): 1 buffer, 41,779,200 bytes",
                "as gralloc",
                "6,266,880 bytes",
            ],
            &["surfaceflinger( gralloc)"],
        ),
        form(
            "dumpsys-meminfo.txt",
            Exit::Blind,
            &[
                "pid 1893 (com.tv.guide): 308,785,152 bytes",
                "lost RAM: 789,696,512 bytes",
                "PSS by process",
                "RSS by process",
            ],
            &[],
        ),
        form(
            "dumpsys-meminfo-pid.txt",
            Exit::Blind,
            &["of pid 1893", "Native Heap: 165,072,896 bytes", "GL mtrack: 93,392,896 bytes"],
            &["TOTAL", "Java Heap"],
        ),
        form(
            "showmap.txt",
            Exit::Blind,
            &["[anon:libc_malloc]: 165,056,512 bytes", "/dmabuf:gralloc: 93,392,896 bytes"],
            &["TOTAL"],
        ),
    ]);
}

#[test]
fn tables_of_processes_faults_and_slabs_are_read() {
    compare_all(&[
        form(
            "procrank.txt",
            Exit::Blind,
            &["pid 702 (/vendor/bin/recorderd): 154,816,512 bytes"],
            &["TOTAL"],
        ),
        form(
            "smem.txt",
            Exit::Blind,
            &["pid 702 (recorderd --all channels): 154,816,512 bytes"],
            &[],
        ),
        form("top-toybox.txt", Exit::Blind, &["pid 702 (recorderd): 168,820,736 bytes"], &[]),
        form(
            "top-busybox.txt",
            Exit::Blind,
            &["pid 702 (/usr/bin/recorderd --all): 421,527,552 bytes"],
            &[],
        ),
        form(
            "iommu-faults.txt",
            Exit::Blind,
            &[
                "3 faults",
                "15000000.iommu: 2 faults, 66.7 %; the first at iova 0x29ca00000",
                "fe040f00.iommu: 1 fault",
            ],
            &[],
        ),
        form(
            "debug/slab/kmalloc-2k/alloc_traces",
            Exit::Blind,
            &["dsp_ring_alloc [dspfw]: 4,096 objects, 8,388,608 bytes"],
            &[],
        ),
    ]);
}
