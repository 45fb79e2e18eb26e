//! The kinds of ledgers of the normal world: one table of their names, what they show and how to get them.
//!
//! The reader of a live system, `teeleak doctor` and the list of what was not observed are made from this table. To add
//! a ledger, add a row here, a parser in `parse/ledgers` and, if it needs one, an analysis in `normal_world`.

use super::ledger_info::{LedgerFamily, LedgerFiles, LedgerInfo};

/// Defines the kinds of ledgers and their properties; `family` and `files` default to `None`.
macro_rules! ledgers {
    ($($(#[doc = $doc:literal])* $kind:ident { $($field:ident: $value:expr,)* })*) => {
        /// A kind of ledger: a list of memory in use, as the normal world prints it.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum LedgerKind {
            $($(#[doc = $doc])* $kind,)*
        }

        impl LedgerKind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Properties of the kind.
            #[must_use]
            #[expect(clippy::needless_update, reason = "rows leave out fields that they do not need")]
            pub const fn info(self) -> &'static LedgerInfo {
                const BLANK: LedgerInfo =
                    LedgerInfo { id: "", fingerprint: "", name: "", shows: "", capture: "", family: None, files: None };
                match self {
                    $(Self::$kind => const { &LedgerInfo { $($field: $value,)* ..BLANK } },)*
                }
            }
        }
    };
}

ledgers! {
    /// `/proc/meminfo`.
    MemInfo {
        id: "meminfo",
        fingerprint: "meminfo",
        name: "meminfo",
        shows: "which pool of the normal world grows",
        capture: "cat /proc/meminfo, repeatedly",
        files: LedgerFiles::new(&["proc/meminfo"], "mount /proc"),
    }
    /// The table of Allwinner's `cpu_monitor -m`.
    CpuMonitor {
        id: "cpu-monitor",
        fingerprint: "cpu_monitor",
        name: "cpu_monitor",
        shows: "which pool of the normal world grows",
        capture: "cpu_monitor -m 1000, or /proc/meminfo",
        family: Some(LedgerFamily::Allwinner),
    }
    /// `/proc/buddyinfo`.
    BuddyInfo {
        id: "buddyinfo",
        fingerprint: "buddyinfo",
        name: "buddyinfo",
        shows: "fragmentation of free memory",
        capture: "cat /proc/buddyinfo, repeatedly",
        files: LedgerFiles::new(&["proc/buddyinfo"], "mount /proc"),
    }
    /// `/proc/slabinfo`, or the table of the kernel's `slabinfo` tool.
    Slab {
        id: "slabinfo",
        fingerprint: "slabinfo",
        name: "slabinfo",
        shows: "growing kernel caches",
        capture: "CONFIG_SLUB_DEBUG=y and /proc/slabinfo",
        files: LedgerFiles::new(&["proc/slabinfo"], "CONFIG_SLUB_DEBUG=y"),
    }
    /// `alloc_calls` of a slab cache.
    SlabCallers {
        id: "slab-callers",
        fingerprint: "slab alloc_calls",
        name: "slab alloc_calls",
        shows: "functions that allocate the objects of a cache",
        capture: "slub_debug=U and /sys/kernel/slab/CACHE/alloc_calls (since 5.14 alloc_traces of debugfs)",
        files: LedgerFiles::new(
            &["sys/kernel/debug/slab/*/alloc_traces", "sys/kernel/slab/*/alloc_calls"],
            "CONFIG_SLUB_DEBUG=y and slub_debug=U on the kernel's command line",
        ),
    }
    /// Kernel log of a traced slab cache.
    SlabTrace {
        id: "slab-trace",
        fingerprint: "slab trace",
        name: "slab trace",
        shows: "functions that allocate from a cache",
        capture: "slub_debug=T,CACHE or /sys/kernel/slab/CACHE/trace",
    }
    /// `page_owner`, raw or sorted.
    PageOwner {
        id: "page-owner",
        fingerprint: "page_owner",
        name: "page_owner",
        shows: "functions that allocate pages",
        capture: "CONFIG_PAGE_OWNER=y, page_owner=on and /sys/kernel/debug/page_owner",
        files: Some(LedgerFiles {
            paths: &["sys/kernel/debug/page_owner"],
            option: "CONFIG_PAGE_OWNER=y and page_owner=on on the kernel's command line",
            command: None,
            is_slow: true,
            is_optional: false,
        }),
    }
    /// `kmemleak`.
    Kmemleak {
        id: "kmemleak",
        fingerprint: "kmemleak",
        name: "kmemleak",
        shows: "objects that nothing refers to",
        capture: "CONFIG_DEBUG_KMEMLEAK=y and /sys/kernel/debug/kmemleak",
        files: Some(LedgerFiles {
            paths: &["sys/kernel/debug/kmemleak"],
            option: "CONFIG_DEBUG_KMEMLEAK=y",
            command: Some("scan"),
            is_slow: false,
            is_optional: false,
        }),
    }
    /// `dma_buf/bufinfo`.
    DmaBuf {
        id: "dma-bufs",
        fingerprint: "dma-buf bufinfo",
        name: "dma-buf bufinfo",
        shows: "all dma-bufs, including those that no process holds",
        capture: "CONFIG_DEBUG_FS=y and dma_buf/bufinfo",
    }
    /// `/proc/dma_heap/heaps/*` of MediaTek's kernels.
    DmaHeap {
        id: "dma-heap",
        fingerprint: "dma_heap",
        name: "dma_heap",
        shows: "dma-bufs of each heap and their holders",
        capture: "/proc/dma_heap/heaps/* of MediaTek's kernels",
        family: Some(LedgerFamily::MediaTek),
        files: LedgerFiles::optional(&["proc/dma_heap/heaps/*"]),
    }
    /// `/proc/PID/fdinfo/FD` of a dma-buf.
    FdInfo {
        id: "fdinfo",
        fingerprint: "fdinfo",
        name: "fdinfo",
        shows: "dma-bufs that a process holds descriptors for",
        capture: "/proc/PID/fdinfo/* of the processes that hold dma-bufs",
    }
    /// Mappings of dma-bufs as `procmem` or `lsof` list them.
    Mappings {
        id: "mappings",
        fingerprint: "mappings",
        name: "mappings",
        shows: "dma-bufs that a process has mapped",
        capture: "procmem PID or /proc/PID/maps",
    }
    /// `ion/heaps/*`, what clients have.
    IonHeap {
        id: "ion-heap",
        fingerprint: "ion heap",
        name: "ion heap",
        shows: "holders of ion buffers",
        capture: "CONFIG_ION of a vendor's kernel and ion/heaps/*",
        family: Some(LedgerFamily::Ion),
        files: LedgerFiles::optional(&["sys/kernel/debug/ion/heaps/*"]),
    }
    /// `ion/heaps/*`, what no client has any more.
    IonOrphans {
        id: "ion-orphans",
        fingerprint: "orphans of an ion heap",
        name: "orphans of an ion heap",
        shows: "ion buffers that no client holds any more",
        capture: "CONFIG_ION of a vendor's kernel and ion/heaps/*",
        family: Some(LedgerFamily::Ion),
    }
    /// Events of ion in the kernel's trace.
    IonTrace {
        id: "ion-trace",
        fingerprint: "trace of ion",
        name: "trace of ion",
        shows: "processes that allocate ion buffers and never free them",
        capture: "events/ion/enable of tracefs",
        family: Some(LedgerFamily::Ion),
    }
    /// `iova_map` of MediaTek's iommu.
    IovaMap {
        id: "iova-map",
        fingerprint: "iova_map",
        name: "iova_map",
        shows: "what is mapped for devices",
        capture: "/proc/iommu_debug/iova_map of MediaTek's kernels",
        family: Some(LedgerFamily::MediaTek),
        files: LedgerFiles::optional(&["proc/iommu_debug/iova_map"]),
    }
    /// `iommu_dump` of MediaTek's iommu.
    IommuDump {
        id: "iommu-dump",
        fingerprint: "iommu_dump",
        name: "iommu_dump",
        shows: "what was mapped and unmapped for devices",
        capture: "/proc/iommu_debug/iommu_dump of MediaTek's kernels",
        family: Some(LedgerFamily::MediaTek),
        files: LedgerFiles::optional(&["proc/iommu_debug/iommu_dump"]),
    }
    /// The table of its top users that the iommu logs when it is full.
    IommuUsers {
        id: "iommu-users",
        fingerprint: "users of the iommu",
        name: "users of the iommu",
        shows: "users of the device address space",
        capture: "the kernel log from the moment it is full",
        family: Some(LedgerFamily::MediaTek),
    }
    /// The list of buffers that a camera driver logs.
    CameraBuffers {
        id: "camera-buffers",
        fingerprint: "buffers of the camera",
        name: "buffers of the camera",
        shows: "buffers of the camera driver",
        capture: "the kernel log of that driver",
        family: Some(LedgerFamily::MediaTek),
    }
    /// `binder/proc/*`.
    BinderProc {
        id: "binder",
        fingerprint: "binder proc",
        name: "binder proc",
        shows: "processes that binder still holds although they have exited",
        capture: "CONFIG_ANDROID_BINDERFS=y and binder_logs/proc/*, or debugfs",
        family: Some(LedgerFamily::Binder),
        files: LedgerFiles::new(
            &["dev/binderfs/binder_logs/state", "sys/kernel/debug/binder/state"],
            "CONFIG_ANDROID_BINDER_IPC=y, CONFIG_ANDROID_BINDERFS=y and a mounted binderfs",
        ),
    }
    /// What binder logs, of its processes and of transactions.
    BinderLog {
        id: "binder-log",
        fingerprint: "log of binder",
        name: "log of binder",
        shows: "processes that binder has released, and transactions that wait",
        capture: "binder's debug_mask and the kernel log",
        family: Some(LedgerFamily::Binder),
        files: LedgerFiles::optional(&[
            "dev/binderfs/binder_logs/failed_transaction_log",
            "sys/kernel/debug/binder/failed_transaction_log",
        ]),
    }
    /// `ps`.
    Processes {
        id: "processes",
        fingerprint: "processes",
        name: "processes",
        shows: "running processes",
        capture: "ps",
        family: Some(LedgerFamily::Binder),
    }
    /// strace: descriptors that were duplicated.
    Duplicates {
        id: "duplicates",
        fingerprint: "duplicated descriptors",
        name: "duplicated descriptors",
        shows: "descriptors that were duplicated and never closed",
        capture: "strace -f -e trace=dup,dup2,dup3,close",
    }
    /// Descriptors of each process against its limit.
    Descriptors {
        id: "descriptors",
        fingerprint: "descriptors",
        name: "descriptors",
        shows: "descriptors that are never closed, and holders of dma-bufs (run, watch and snapshot --with normal-world)",
        capture: "teeleak run --with normal-world, or /proc/*/fd",
        family: Some(LedgerFamily::Run),
    }
    /// Descriptors of tee-supplicant, which every run counts.
    Supplicant {
        id: "supplicant",
        fingerprint: "descriptors of tee-supplicant",
        name: "descriptors of tee-supplicant",
        shows: "descriptors that tee-supplicant never closes (every run)",
        capture: "teeleak run as root",
        family: Some(LedgerFamily::Supplicant),
    }
    /// `/proc/vmallocinfo`.
    VmallocInfo {
        id: "vmallocinfo",
        fingerprint: "vmallocinfo",
        name: "vmallocinfo",
        shows: "functions that allocate kernel address space and its pages",
        capture: "cat /proc/vmallocinfo, repeatedly",
        family: Some(LedgerFamily::Occasional),
        files: LedgerFiles::optional(&["proc/vmallocinfo"]),
    }
    /// Android's `dmabuf_dump`, by process.
    DmaBufDump {
        id: "dmabuf-dump",
        fingerprint: "dmabuf_dump",
        name: "dmabuf_dump",
        shows: "dma-bufs of each process, and how much no process has",
        capture: "dmabuf_dump of Android",
        family: Some(LedgerFamily::Occasional),
    }
    /// Free pages that the pools of a heap of ion keep.
    IonPools {
        id: "ion-pools",
        fingerprint: "pools of an ion heap",
        name: "pools of ion heap",
        shows: "free pages that ion keeps for itself",
        capture: "CONFIG_ION of a vendor's kernel and ion/heaps/*",
        family: Some(LedgerFamily::Occasional),
    }
    /// The report of the OOM killer: zones, all memory, who was killed.
    OomReport {
        id: "oom-report",
        fingerprint: "report of the OOM killer",
        name: "report of the OOM killer",
        shows: "what had the memory when a process was killed for it",
        capture: "the kernel log from the moment it is killed",
        family: Some(LedgerFamily::Occasional),
    }
    /// Accesses of devices to addresses that are not mapped.
    IommuFaults {
        id: "iommu-faults",
        fingerprint: "iommu faults",
        name: "faults of the iommu",
        shows: "which devices use addresses that are not mapped",
        capture: "the kernel log",
        family: Some(LedgerFamily::Occasional),
    }
    /// Slab caches in the report of the OOM killer.
    OomSlabs {
        id: "oom-slabs",
        fingerprint: "slabs of the OOM report",
        name: "unreclaimable slabs of the OOM report",
        shows: "which caches had the memory when a process was killed for it",
        capture: "the kernel log from the moment it is killed",
        family: Some(LedgerFamily::Occasional),
    }
    /// Tasks in the report of the OOM killer.
    OomTasks {
        id: "oom-tasks",
        fingerprint: "tasks of the OOM report",
        name: "tasks of the OOM report",
        shows: "which processes had the memory when one was killed for it",
        capture: "the kernel log from the moment it is killed",
        family: Some(LedgerFamily::Occasional),
    }
    /// bcc's `memleak`.
    Memleak {
        id: "memleak",
        fingerprint: "memleak of bcc",
        name: "memleak of bcc",
        shows: "functions whose allocations nobody freed so far",
        capture: "memleak of bcc, with -p PID for a process",
        family: Some(LedgerFamily::Occasional),
    }
    /// A table of a tool or of a vendor, by a description of its columns.
    Table {
        id: "table",
        fingerprint: "table",
        name: "table",
        shows: "what a tool or a vendor lists",
        capture: "the tool, repeatedly",
        family: Some(LedgerFamily::Occasional),
    }
    /// Plain figures, one column or several.
    Series {
        id: "series",
        fingerprint: "series",
        name: "series",
        shows: "which column of figures grows",
        capture: "a file with one line for each moment",
        family: Some(LedgerFamily::Occasional),
    }
    /// Pages of the TEE's clients.
    ClientPages {
        id: "pagemap",
        fingerprint: "pages of clients",
        name: "pages of clients",
        shows: "client memory that a TA has mapped",
        capture: "teeleak run --with normal-world as root",
        family: Some(LedgerFamily::Run),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::LedgerKind;

    #[test]
    fn each_ledger_has_names_of_its_own() {
        let infos: Vec<_> = LedgerKind::ALL.iter().map(|ledger| ledger.info()).collect();
        let ids: BTreeSet<_> = infos.iter().map(|info| info.id).collect();
        let names: BTreeSet<_> = infos.iter().map(|info| info.name).collect();
        assert_eq!((ids.len(), names.len()), (LedgerKind::ALL.len(), LedgerKind::ALL.len()));
    }

    #[test]
    fn nothing_in_the_table_is_blank() {
        for ledger in LedgerKind::ALL {
            let info = ledger.info();
            let texts = [info.id, info.name, info.shows, info.capture];
            assert!(texts.iter().all(|text| !text.is_empty()), "{ledger:?}");
            let files = info.files.iter().flat_map(|files| files.paths);
            assert!({ files }.all(|path| !path.starts_with('/')), "{ledger:?}: from the root");
        }
    }
}
