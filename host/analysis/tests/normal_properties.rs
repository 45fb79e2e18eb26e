//! Ledgers of the normal world: whatever a text says, each of its lines is accounted for.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use proptest::prelude::*;
use teeleak_analysis::{
    audit::{Options, audit},
    model::{Moment, NormalWorld, Observation, Stage},
    parse::ledgers::{LedgerReader, has_ledgers},
};

/// Lines of each ledger, with a place for a number.
const LINES: [&str; 49] = [
    "descriptors of processes:",
    "pid # start # fds # limit # comm a b",
    " # socket",
    "dma-buf buffers:",
    "ino # size # exporter a",
    "MemTotal: # kB",
    "MemFree: # kB",
    "Slab: # kB",
    "-----H6 AArch64--Mem State (unit:MB)-----",
    "Memory-Total: # Swap-Total: 127 Swap-Free: -#",
    "Anon Slab Cache Sysfre Cmafre pgal(dm)",
    "# # # # # # #",
    "Node #, zone Normal # # # #",
    "# name            <active_objs> <num_objs>",
    "kmalloc-128 # # # 32 1 : tunables 0 0 0 : slabdata 1 1 0",
    "Name Objects Objsize Space Slabs/Part/Cpu",
    "a b # # 1K #/#/# 1",
    "# alloc_vmap_area.isra.29+0xc8/0x348 age=#/#/# pid=0-#",
    "<6>[ #.826456] TRACE kmalloc-128 alloc 0x# inuse=# fp=0x0",
    "<4>[ #.826463] [<#>] alloc_vmap_area+0x1/0x2",
    "<4>[ #.826463] [<#>] torn",
    "# times",
    "# times, # pages:",
    "Page allocated via order #, mask 0x2084d0",
    "[<#>] __get_free_pages+0x30/0x80",
    "",
    "unreferenced object 0x# (size #):",
    "  comm \"a\", pid #, jiffies #",
    "inode:# size(Byte):# count:1 exp:mtk_mm name:# x",
    "buf_priv: tab:0 dom:2 map:1 iova:0x# attr:0x20",
    "pid:#(a) inode:# size:# fd_cnt:1 mmap_cnt:# fd_list:#,#",
    "Dma-buf Objects:",
    "# # # # exp # name",
    "Total # objects, # bytes",
    "pos:\t#",
    "ino:\t#",
    "size:\t#",
    "#K 1K 1K 1K anon_inode:dmabuf",
    "    client          pid      size",
    "surfaceflinger # #",
    "orphaned allocations (info is from last known client):",
    "mediaserver # # 0 1",
    "total orphaned #",
    "a-# [002] ...1 #.925935: ion_alloc: len # align 0 heap:1 flags 0 handle id 25 buffer #",
    "a-# [002] ...1 #.925477: ion_free_buffer: buffer:#",
    "alloc 0 0x# 0x# 0x# #.929254 cam_mem",
    "[name:iommu_debug&]iommu iova alloc total:(#/#KB), dom:(#/#KB,0,2) top 10 user:",
    "[CAM_MEM][dumpAllBufferList] Total Size= 0x#(# KBytes)",
    "<6>[ #.355312] (0)[#:Binder_1]binder: # close vm area 1-2 (2040 K) vma 1 pagep 79f",
];

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (0u64..9000).prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| format!("{n:x}")),
        Just("99999999999999999999999999".to_owned()),
        Just("-1".to_owned()),
        Just(String::new()),
    ]
}

fn line() -> impl Strategy<Value = String> {
    let template =
        (prop::sample::select(&LINES[..]), prop::collection::vec(number(), 8), any::<bool>());
    let ledger_line = template.prop_map(|(line, numbers, cut)| {
        let mut numbers = numbers.into_iter().cycle();
        let line: String = line
            .chars()
            .map(|c| if c == '#' { numbers.next().unwrap() } else { c.to_string() })
            .collect();
        let end = line.chars().count() / if cut { 2 } else { 1 };
        line.chars().take(end).collect::<String>()
    });
    prop_oneof![9 => ledger_line, 1 => "\\PC{0,40}"]
}

fn read(lines: &[String]) -> NormalWorld {
    let mut reader = LedgerReader::new("slab/kmalloc-128/alloc_calls");
    for (n, line) in lines.iter().enumerate() {
        if n % 50 == 49 {
            reader.source("proc/7/fdinfo/3");
        }
        reader.line(line.as_bytes());
    }
    reader.finish()
}

proptest! {
    #[test]
    fn lines_are_accounted_for(lines in prop::collection::vec(line(), 0..100)) {
        let normal_world = read(&lines);
        let all = normal_world.accounting;
        prop_assert_eq!(all.read, lines.len() as u64);
        prop_assert_eq!(all.read, all.parsed + all.ignored + all.rejected);
        let _ = has_ledgers("x", lines.join("\n").as_bytes());
        for again in [false, true] {
            let mut observation = Observation::default();
            (observation.accounting.read, observation.accounting.ignored) = (7, 7);
            normal_world.clone().add_to(&mut observation, again);
            let all = observation.accounting;
            prop_assert_eq!(all.read, all.parsed + all.ignored + all.rejected);
            let _ = audit(&mut observation, &Options::default());
        }
    }
}

proptest! {
    /// What a run reads is a print each of many iterations; whatever the series are, they are judged.
    #[test]
    fn iterations_of_anything_are_judged(lines in prop::collection::vec(line(), 0..20)) {
        let mut reader = LedgerReader::new("");
        for iteration in 0..12 {
            let stage = if iteration < 3 { Stage::Idle } else { Stage::Measured };
            reader.set_moment(Moment { stage, iteration });
            for file in ["/proc/*/fd", "/proc/7/fdinfo/3", "/proc/7/maps", "/x/kmemleak"] {
                reader.source(file);
                lines.iter().for_each(|line| reader.line(line.as_bytes()));
            }
        }
        let mut observation = Observation::default();
        reader.take().add_to(&mut observation, false);
        let all = observation.accounting;
        prop_assert_eq!(all.read, all.parsed + all.ignored + all.rejected);
        let _ = audit(&mut observation, &Options::default());
    }
}

/// Blocks of `page_owner`: few stacks, many orders, now and then something else.
fn page_owner() -> impl Strategy<Value = Vec<String>> {
    let part = prop_oneof![
        8 => prop::sample::select(&["a", "b", "c"][..]).prop_map(|name| format!(" {name}+0x1/0x2\n")),
        1 => Just("  \n".to_owned()),
        1 => Just("PFN 0x2 type Movable\n".to_owned()),
        1 => line().prop_map(|line| line + "\n"),
    ];
    let head = prop_oneof![
        9 => (0u32..3, any::<u16>()).prop_map(|(order, time)| {
            format!("Page allocated via order {order}, mask 0x1, pid 1, ts {time} ns\n")
        }),
        1 => Just("Page allocated via order 77, mask 0x1\n".to_owned()),
        1 => Just("7 times, 8 pages:\n".to_owned()),
    ];
    let block = (head, any::<bool>(), prop::collection::vec(part, 0..3), prop::bool::weighted(0.9));
    let block = block.prop_map(|(head, page, parts, end)| {
        let page = if page { "PFN 0x40 type Unmovable\n" } else { "" };
        head + page + &parts.concat() + if end { "\n" } else { "" }
    });
    prop::collection::vec(block, 0..40)
}

/// A text read line by line, at once, and in pieces of a line.
fn page_owner_readings(text: &str) -> [String; 3] {
    let [mut one_by_one, mut at_once, mut in_pieces] = [(); 3].map(|()| LedgerReader::new("x"));
    text.lines().for_each(|line| one_by_one.line(line.as_bytes()));
    at_once.lines(text.as_bytes());
    text.split_inclusive('\n').for_each(|line| in_pieces.lines(line.as_bytes()));
    [one_by_one, at_once, in_pieces].map(|reader| format!("{:#?}", reader.finish()))
}

#[test]
fn a_damaged_order_is_not_the_number_it_starts_with() {
    let block = "Page allocated via order 2, mask 0x1, pid 1, ts 0 ns\n b+0x1/0x2\n\n";
    let damaged = "Page allocated via order 2a00, mask 0x2084d0\n b+0x1/0x2\n\n";
    let [said, at_once, in_pieces] = page_owner_readings(&[block, damaged].concat());
    assert_eq!(said, at_once);
    assert_eq!(said, in_pieces);
}

proptest! {
    #[test]
    fn blocks_that_are_known_are_read_like_others(blocks in page_owner()) {
        let [said, at_once, in_pieces] = page_owner_readings(&blocks.concat());
        prop_assert_eq!(&said, &at_once);
        prop_assert_eq!(&said, &in_pieces);
    }
}

#[test]
fn console_text_is_no_ledger() {
    let dump = "I/TC: buffer: 28 bytes core/kernel/tee_ta_manager.c:1\nD/TC:0 0 a: b\n".repeat(50);
    assert!(!has_ledgers("uart.log", dump.as_bytes()));
    assert!(!has_ledgers("x", b"close(3) = 0\n"));
    assert!(!has_ledgers("x", b"MemTotal: 1 kB\n\0"));
}
