//! Facts written in any dialect are the facts that are read, and damage is counted, never invented from.

use std::{collections::BTreeMap, fmt::Write as _};

use proptest::prelude::*;
use teeleak_analysis::{
    model::{Completeness, EventKind, Incident, IncidentKind, Observation},
    parse::console::{Assembler, ChunkFacts, IterationSplit, Rules, Tally, chunk_end, scan},
};

/// Objects by file, line and size.
type Census = BTreeMap<(String, u32, u64), u64>;

/// Ways in which a line gets into a file.
const WAYS: [&str; 9] = [
    "",
    "[57288.043962@2] [TEE] ",
    "<6>[    1.564775] ",
    "5,1000,1564775,-;[TEE] ",
    "08-07 15:27:01.736     0     0 I KERNEL  : [   12.345678][T12@1] [TEE] ",
    "(240807_15:27:01.736)",
    "> > ",
    "*",
    "\u{1b}[32m",
];

/// Prefix, and what follows it, of a record in every release.
const DIALECTS: [&str; 11] = [
    "DEBUG: TEE-CORE:mdbg_check:714: Orphaned buffer: ",
    "DBG [0x0] TEE-CORE:mdbg_check:804: buffer: ",
    "INFO:    TEE-CORE: buffer: ",
    "I/TC:  buffer: ",
    "I/TC: buffer: ",
    "I/TC:3 gen_mdbg_check:806 buffer: ",
    "I/TC:3 00 gen_mdbg_check:639 buffer: ",
    "I/TC:? 0 gen_mdbg_check:681 buffer: ",
    "I/TC:2 ? 001 gen_mdbg_check:682 buffer: ",
    "I/TC:3 00 gen_mdbg_check:639 count: @, vaddr: 0x32efe1e8, buffer: ",
    "I/TC: count: @, buffer: ",
];

fn read(text: &[u8], size: usize) -> (Observation, Tally) {
    let rules = Rules::default();
    let mut assembler = Assembler::new("log", IterationSplit::default());
    let mut harvest = ChunkFacts::new(false);
    let mut rest = text;
    while !rest.is_empty() {
        let end = chunk_end(rest, size);
        scan(&rest[..end], &rules, &mut harvest);
        assembler.push(&mut harvest);
        rest = &rest[end..];
    }
    let tally = *assembler.tally();
    (assembler.finish(), tally)
}

/// Everything that was read, line numbers and losses included, so that chunks make no difference.
fn same_in_chunks(text: &[u8], size: usize) -> (Observation, Tally) {
    let (pieces, tally) = read(text, size);
    let (whole, other) = read(text, usize::MAX);
    assert_eq!(tally, other);
    assert_eq!(format!("{pieces:?}"), format!("{whole:?}"));
    (pieces, tally)
}

fn censuses(observation: &Observation) -> Vec<Census> {
    let seen = observation.samples.iter().filter_map(|sample| sample.sites.value());
    let census = |sites: &Vec<teeleak_analysis::model::Site>| {
        sites
            .iter()
            .map(|site| ((site.file.to_string(), site.line, site.size), site.count))
            .collect()
    };
    seen.map(census).collect()
}

fn sites() -> impl Strategy<Value = Vec<((String, u32, u64), u64)>> {
    let file = prop_oneof!["[a-z]{1,8}(/[a-z_]{1,12}){1,4}\\.[chS]", Just("unknown".to_owned())];
    let site = (file, 0_u32..65_536, 0_u64..0x1_0000_0000);
    prop::collection::vec((site, 1_u64..5), 1..12)
}

/// A dump of these objects; the last record is the pools' table.
fn dump(
    sites: &[((String, u32, u64), u64)],
    way: &str,
    dialect: &str,
    end: &str,
) -> (String, Census) {
    let mut text = String::new();
    let mut census = Census::new();
    let mut count = 0;
    let table = (("lib/libutils/isoc/bget_malloc.c".to_owned(), 936, 16), 1);
    for (site, n) in sites.iter().chain([&table]) {
        for _ in 0..*n {
            count += 1;
            // Printed with %d.
            let size = u32::try_from(site.2).unwrap_or(u32::MAX).cast_signed();
            let words = dialect.replace('@', &count.to_string());
            let _ = write!(text, "{way}{words}{size} bytes {}:{}{end}", site.0, site.1);
        }
        *census.entry(site.clone()).or_default() += n;
    }
    (text, census)
}

/// What stands before a message of the core, in releases that print call stacks and session ids.
const CORE: [&str; 4] = ["E/TC:0 ", "E/TC:0 00 ", "E/TC:? 0 ", "E/TC:2 0 001 "];

/// Lines of a call stack, and what is read from it: load address, addresses.
fn out_of_memory(
    (requested, load, offsets): &(u32, u64, Vec<u64>),
    (way, core, width): (&str, &str, usize),
) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        let _ = writeln!(text, "{way}{core}{words}");
    };
    line(format!("print_oom:181 Memory allocation failed: size {requested} context 0xe1234560"));
    line(format!("TEE load address @ {load:#x}"));
    line("Call stack:".to_owned());
    for offset in offsets {
        line(format!(" 0x{:0width$x}", load + offset));
    }
    line("tee_ta_open_session:722 something else".to_owned());
    text
}

/// What a client does: open a session to the TA of that number, or close the one at that place.
#[derive(Clone, Copy, Debug)]
enum Act {
    Open(u8),
    Close(usize),
}

/// Lines that the core prints at it, and TAs opened and closed, in their order.
fn sessions(acts: &[Act], (way, open, close): (&str, &str, &str)) -> (String, Vec<u8>, Vec<u8>) {
    let (mut text, mut opened, mut closed) = (String::new(), Vec::new(), Vec::new());
    let mut list: Vec<(u32, u8)> = Vec::new();
    for act in acts {
        match *act {
            Act::Open(ta) => {
                // new_session_id() of optee_os core/kernel/tee_ta_manager.c
                list.push((list.last().map_or(1, |(id, _)| id + 1), ta));
                opened.push(ta);
                let words = format!("D/TC:? 0 tee_ta_init_session_with_context:570 {open}");
                let _ = writeln!(text, "{way}{words} 8aaaf200-2450-11e4-abe2-0002a5d5c5{ta:02x}");
            }
            Act::Close(at) if !list.is_empty() => {
                let (id, ta) = list.remove(at % list.len());
                closed.push(ta);
                let words = format!("D/TC:? 0 tee_ta_close_session:513 {close}id {id}");
                let _ = writeln!(
                    text,
                    "{way}{words}\n{way}D/TC:? 0 tee_ta_close_session:527 Destroy session"
                );
            }
            Act::Close(_) => {}
        }
    }
    (text, opened, closed)
}

/// TAs of all events of a kind.
fn tas(observation: &Observation, kind: &EventKind) -> Vec<u8> {
    let events = observation.events.iter().filter(|event| event.kind == *kind);
    events.filter_map(|event| event.uuid).map(|uuid| uuid.0[15]).collect()
}

proptest! {
    #[test]
    fn call_stacks_in_any_wording_are_read(
        stacks in prop::collection::vec(
            (any::<u32>(), 0x1000_u64..0xffff_0000, prop::collection::vec(0_u64..0x10_0000, 1..20)),
            1..4,
        ),
        way in prop::sample::select(&WAYS[..]),
        core in prop::sample::select(&CORE[..]),
        width in prop::sample::select(&[8_usize, 16][..]),
        size in 1_usize..400,
    ) {
        let text: String =
            stacks.iter().map(|stack| out_of_memory(stack, (way, core, width))).collect();
        let (observation, _) = same_in_chunks(text.as_bytes(), size);
        // The line after each stack is an error that nothing explains.
        let is_known = |incident: &&Incident| incident.kind != IncidentKind::UnknownError;
        let incidents: Vec<_> = observation.incidents.iter().filter(is_known).collect();
        prop_assert_eq!(incidents.len(), stacks.len());
        for (incident, (requested, load, offsets)) in incidents.into_iter().zip(stacks) {
            let requested = u64::from(requested);
            let context = Some(0xe123_4560);
            prop_assert_eq!(&incident.kind, &IncidentKind::OutOfMemory { requested, context });
            prop_assert_eq!(incident.load_address, Some(load));
            let found: Vec<_> = incident.stack.iter().filter_map(|frame| frame.offset).collect();
            prop_assert_eq!(found, offsets);
        }
    }

    #[test]
    fn sessions_in_any_wording_are_distinguished(
        acts in prop::collection::vec(
            prop_oneof![(0_u8..4).prop_map(Act::Open), any::<usize>().prop_map(Act::Close)],
            1..60,
        ),
        way in prop::sample::select(&WAYS[..]),
        open in prop::sample::select(&["Re-open TA", "Re-open trusted service"][..]),
        close in prop::sample::select(&["", "csess 0x24b78bf8 "][..]),
        size in 1_usize..400,
    ) {
        let (text, opened, closed) = sessions(&acts, (way, open, close));
        let (observation, tally) = same_in_chunks(text.as_bytes(), size);
        prop_assert_eq!(tally.lines.parsed, tally.lines.read);
        prop_assert_eq!(tas(&observation, &EventKind::Close), closed);
        let found = tas(&observation, &EventKind::Open);
        // Nothing after the last one shows that it did not fail.
        prop_assert!(found == opened || found == opened[..opened.len() - 1]);
    }

    #[test]
    fn what_is_written_is_read(
        dumps in prop::collection::vec(sites(), 1..4),
        way in prop::sample::select(&WAYS[..]),
        dialect in prop::sample::select(&DIALECTS[..]),
        end in prop::sample::select(&["\n", "\r\n", "\u{1b}[0m\n"][..]),
        size in 1_usize..400,
    ) {
        let mut text = String::new();
        let mut expected = Vec::new();
        for sites in &dumps {
            let (lines, census) = dump(sites, way, dialect, end);
            text.push_str(&lines);
            expected.push(census);
        }
        let (observation, tally) = read(text.as_bytes(), size);
        prop_assert_eq!(tally.lines.parsed, tally.lines.read);
        prop_assert_eq!(tally.lines.read, text.matches('\n').count() as u64);
        prop_assert_eq!(censuses(&observation), expected);
        let whole = observation.samples.iter().all(|sample| matches!(sample.sites, Completeness::Complete(_)));
        prop_assert!(whole);
    }

    #[test]
    fn damage_is_counted_and_nothing_is_invented(
        dumps in prop::collection::vec(sites(), 1..4),
        way in prop::sample::select(&WAYS[..]),
        dialect in prop::sample::select(&DIALECTS[3..]),
        cuts in prop::collection::vec((0_usize..4000, 0_usize..40), 1..6),
        noise in prop::collection::vec((0_usize..4000, "\\[   1[0-9]\\.[0-9]{6}\\] [a-z]{1,9} [a-z: ]{0,20}\n?|[\\x00\x1b]{1,9}|D/TC:0 0 [a-z]{1,9}:1[0-9] [a-z ]{0,9}\n"), 0..6),
        size in 1_usize..400,
    ) {
        let dumps: Vec<_> = dumps.iter().map(|sites| dump(sites, way, dialect, "\n")).collect();
        let mut damaged = dumps.iter().map(|(text, _)| &**text).collect::<String>().into_bytes();
        for (at, len) in &cuts {
            let from = (*at).min(damaged.len());
            let to = (from + len).min(damaged.len());
            damaged.drain(from..to);
        }
        for (at, noise) in &noise {
            let at = (*at).min(damaged.len());
            damaged.splice(at..at, noise.bytes());
        }
        let (observation, tally) = same_in_chunks(&damaged, size);
        let lines = tally.lines;
        prop_assert_eq!(lines.read, lines.parsed + lines.ignored + lines.rejected);
        prop_assert_eq!(tally.why.iter().sum::<u64>(), lines.rejected);
        // A cut can change a number or a name into another one, but never add an object.
        let found: u64 = censuses(&observation).iter().flat_map(BTreeMap::values).sum();
        prop_assert!(found <= dumps.iter().flat_map(|(_, census)| census.values()).sum());
    }

    #[test]
    fn lines_of_others_between_whole_ones_change_nothing(
        sites in sites(),
        dialect in prop::sample::select(&DIALECTS[3..]),
        noise in prop::collection::vec((0_usize..40, "\\[   1[0-9]\\.[0-9]{6}\\] [a-z]{1,9}: [a-z0-9 ]{0,20}"), 0..9),
    ) {
        let (text, census) = dump(&sites, "", dialect, "\n");
        let mut lines: Vec<&str> = text.lines().collect();
        for (at, noise) in &noise {
            lines.insert((*at).min(lines.len()), noise);
        }
        let text = format!("{}\n", lines.join("\n"));
        let (observation, tally) = read(text.as_bytes(), 64);
        prop_assert_eq!(tally.lines.ignored, noise.len() as u64);
        prop_assert_eq!(censuses(&observation), vec![census]);
    }

    #[test]
    fn any_bytes_are_accounted_for(bytes in prop::collection::vec(any::<u8>(), 0..2000), size in 1_usize..300) {
        let (_, tally) = same_in_chunks(&bytes, size);
        let lines = tally.lines;
        prop_assert_eq!(lines.read, lines.parsed + lines.ignored + lines.rejected);
    }

    #[test]
    fn regions_in_any_wording_are_read(
        regions in prop::collection::vec((1_u64..0xffff_ffff, 1_u64..0xff_ffff), 1..30),
        form in 0_usize..4,
        way in prop::sample::select(&WAYS[..]),
    ) {
        let mut text = format!("{way}E/LD:  Status of TA 8aaaf200-2450-11e4-abe2-0002a5d5c51b\n");
        for (n, (va, size)) in regions.iter().enumerate() {
            let _ = match form {
                0 => writeln!(text, "{way}E/LD:  region {n:2}: va {va:#010x} pa 0x0e300000 size {size:#08x} flags rw-s (stack)"),
                1 => writeln!(text, "{way}E/TC:0  region {n}: va {va:#x} pa 0xe300000 size {size:#x} flags rw-RW- [0]"),
                2 => writeln!(text, "{way}E/TC:? 00 region {n}: va {va:#x} pa 0x1 size {size:#x} flags rw-"),
                _ => writeln!(text, "{way}E/TC: sect {n} : va {va:#x} pa 0x1 {size:#x}"),
            };
        }
        let (observation, tally) = read(text.as_bytes(), 100);
        prop_assert_eq!(tally.lines.parsed, regions.len() as u64 + 1);
        let found = observation.samples[0].instances.value().and_then(|all| all[0].regions.value().cloned());
        let found: Vec<_> = found.unwrap_or_default().iter().map(|region| (region.va, region.size)).collect();
        prop_assert_eq!(found, regions);
    }
}

/// Records of one site at these times, in milliseconds.
fn records_at(times: &[u64]) -> String {
    let record = |ms: &u64| {
        let (seconds, part) = (ms / 1000, ms % 1000);
        format!("[{seconds:5}.{part:03}000] I/TC: buffer: 24 bytes core/mm/mobj.c:20\n")
    };
    times.iter().map(record).collect()
}

#[test]
fn a_damaged_stamp_starts_no_dump_wherever_chunks_end() {
    for (times, n_dumps) in [
        (&[1564, 1566, 15_915, 1570, 1572][..], 1),
        (&[1564, 1566, 15_915, 1570, 4572], 2),
        (&[1564, 1566, 1066, 1570, 1572], 1),
        (&[1564, 1566, 3568, 3567, 3569], 2),
        (&[1564, 1566, 15_915], 2),
        (&[1564, 1566, 15_915, 15_916, 15_917], 2),
        (&[1564, 2900, 1566, 4200, 4300], 1),
    ] {
        let text = records_at(times);
        for size in [1, 60, 130] {
            let (observation, _) = same_in_chunks(text.as_bytes(), size);
            assert_eq!(observation.samples.len(), n_dumps, "{times:?} in {size}");
        }
    }
}
