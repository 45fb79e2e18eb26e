//! Tables and figures over time.

use teeleak::Exit;
use teeleak_tests::teeleak;

use super::{answer, compare_all, form};
use crate::support::fixture;

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
        form(
            "vmallocinfo-6.12.txt",
            Exit::Blind,
            &["vmallocinfo: 101 areas", "load_module: 26 areas", "123 used, 0 unrelated"],
            &["unpurged"],
        ),
        form(
            "vmallocinfo-hidden.txt",
            Exit::Blind,
            &["vpu_load_fw [vpu5]: 1 -> 2 objects", "0 damaged"],
            &["bpf_prog_alloc_no_stats: 1 ->"],
        ),
        form(
            "vmallocinfo-early.txt",
            Exit::Blind,
            &["vmallocinfo: 2 areas, 1,052,672 bytes", "1 page each", "3 used, 0 unrelated"],
            &[],
        ),
        form(
            "slabinfo-cut.txt",
            Exit::Blind,
            &[
                "kmalloc-128: 561,900 objects",
                "3 used, 0 unrelated, 1 damaged",
                "a line or frame could not be read",
            ],
            &[],
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
