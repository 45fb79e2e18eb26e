//! Field reports: the lines of logs as they were published lead to the cause that was found.

use teeleak::Exit;

use super::{compare_all, form};

/// A camera's buffers stay mapped, since a copy of each descriptor is never closed.
#[test]
fn a_preview_hangs() {
    compare_all(&[form(
        "camera-pasted.txt",
        Exit::Leak,
        &[
            "at iova 0x29ca00000 (inode 5771744) are held by pid 29202 (camerahalserver) as fd 400, a dup of 447",
            "the excerpt has no close(400), and the descriptor is still open",
            "program address 0x7ccbd58000 was iova 0x29ca00000, and is 0x297400000 later",
            "0x29ca00000 is mapped, one of 3 mappings of this size",
            "addresses of the iommu for cam_mem ran out",
            "thread 15976 of pid 15936 waits for thread 16752 of pid 14964",
        ],
        &[],
    )]);
}

/// The bring-up of a board: a driver maps registers and never unmaps them, ion clears pages through page tables that
/// it does not free, a player's buffers stay behind.
#[test]
fn a_board_loses_memory() {
    compare_all(&[
        form(
            "board-slab.txt",
            Exit::Blind,
            &["alloc_vmap_area.isra.29: 561,481 objects", "set_reg_bit.constprop.6 [mali_kbase]"],
            &[],
        ),
        form(
            "board-pages.txt",
            Exit::Blind,
            &["119,706 order-0 pages = 490,315,776 bytes", "__pte_alloc_kernel"],
            &[],
        ),
        form("board-ion.txt", Exit::Leak, &["278,401,024 bytes", "pid 1744 (surfaceflinger)"], &[]),
    ]);
}

/// A service that could open no more files was killed, and binder kept its record.
#[test]
fn a_service_leaves_its_record() {
    compare_all(&[form(
        "binder-pasted.txt",
        Exit::Leak,
        &["binder: proc 131 released its vma but never its proc", "after \"Too many open files\""],
        &[],
    )]);
}
