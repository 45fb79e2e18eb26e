//! What loggers and pages do to ledgers.

use teeleak::Exit;

use super::{answer, compare, form};
use crate::support::fixture;

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
