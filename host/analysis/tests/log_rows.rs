//! Dumps that follow each other with nothing in between are distinguished, and a dump that repeats itself is
//! left whole.

use std::collections::BTreeMap;

use proptest::prelude::*;
use teeleak_analysis::{
    model::Observation,
    parse::console::{Assembler, ChunkFacts, IterationSplit, Rules, chunk_end, scan},
};

/// Objects by source line: each site has one of its own.
type Census = BTreeMap<u32, u64>;

/// Source line of the table of the heap's pools.
const TABLE: u32 = 9_000;

fn text(lines: &[u32]) -> String {
    let record = |line: &u32| match *line {
        TABLE => "I/TC: buffer: 48 bytes lib/libutils/isoc/bget_malloc.c:831\n".to_owned(),
        line => format!("I/TC: buffer: {} bytes core/mm/mobj.c:{line}\n", 24 + line % 5),
    };
    lines.iter().map(record).collect()
}

fn census(lines: &[u32]) -> Census {
    let mut census = Census::new();
    for line in lines {
        *census.entry(if *line == TABLE { 831 } else { *line }).or_default() += 1;
    }
    census
}

fn read(text: &[u8], size: usize) -> Observation {
    let mut assembler = Assembler::new("log", IterationSplit::default());
    let mut harvest = ChunkFacts::new(false);
    let mut rest = text;
    while !rest.is_empty() {
        let end = chunk_end(rest, size);
        scan(&rest[..end], &Rules::default(), &mut harvest);
        assembler.push(&mut harvest);
        rest = &rest[end..];
    }
    assembler.finish()
}

/// Censuses of a text, and the lines where they begin.
fn found(text: &str, size: usize) -> (Vec<Census>, Vec<u64>) {
    let (pieces, whole) = (read(text.as_bytes(), size), read(text.as_bytes(), usize::MAX));
    assert!(
        format!("{pieces:?}") == format!("{whole:?}"),
        "chunks of {size} bytes make a difference"
    );
    let sites = whole.samples.iter().filter_map(|sample| sample.sites.value());
    let all = sites.map(|sites| sites.iter().map(|site| (site.line, site.count)).collect());
    (all.collect(), whole.samples.iter().map(|sample| sample.place.at).collect())
}

/// What the boot allocates: sites that occur once, and between them two that occur again and again.
fn boot() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(prop::collection::vec(1_u32..3, 0..4), 8..20).prop_map(|between| {
        (1000..).zip(between).flat_map(|(once, again)| [vec![once], again].concat()).collect()
    })
}

/// What has been allocated since, the same few sites in any order, and more and more at one of them.
fn heads() -> impl Strategy<Value = Vec<Vec<u32>>> {
    let head = (prop::collection::vec(1_u32..7, 0..60), 0_usize..4);
    prop::collection::vec(head, 1..7).prop_map(|heads| {
        let mut grown = 0;
        let mut grow = |(mut head, more): (Vec<u32>, usize)| {
            grown += more;
            let at = head.len() / 2;
            head.splice(at..at, std::iter::repeat_n(7, grown));
            head
        };
        heads.into_iter().map(&mut grow).collect()
    })
}

/// Signs that a dump was over.
const SIGNS: [&str; 2] = [
    "",
    "D/TC:? 0 tee_ta_close_session:513 csess 0x1 id 1\n\
     D/TC:? 0 tee_ta_close_session:527 Destroy session\n",
];

proptest! {
    #[test]
    fn dumps_with_nothing_between_are_distinguished(
        heads in heads(),
        boot in boot(),
        table in any::<bool>(),
        sign in prop::sample::select(&SIGNS[..]),
        size in 1_usize..4000,
    ) {
        // The table is the last one of the first pool, and three records are in another one.
        let end = if table { vec![TABLE, 1, 2000, 2001] } else { Vec::new() };
        let dumps: Vec<_> = heads.iter().map(|head| [head, &boot[..], &end].concat()).collect();
        let (all, begins) = found(&(text(&dumps.concat()) + sign), size);
        // One alone does not show what comes after its table.
        if table && dumps.len() == 1 && sign.is_empty() {
            return Ok(());
        }
        let expected: Vec<_> = dumps.iter().map(|dump| census(dump)).collect();
        prop_assert_eq!(all, expected);
        let mut line = 1;
        for (begin, dump) in begins.into_iter().zip(&dumps) {
            prop_assert_eq!(begin, line);
            line += dump.len() as u64;
        }
    }

    #[test]
    fn dumps_with_a_line_after_each_are_distinguished(
        grown in prop::collection::vec(0_usize..4, 3..12),
        body in prop::collection::vec(2_u32..5, 0..6),
        line in prop::sample::select(&["round done\n", "\n", "[   12.5] usb 1-1: reset\n"][..]),
        size in 1_usize..4000,
    ) {
        let mut count = 0;
        let mut dump = |more: &usize| {
            count += more;
            [&vec![7; count][..], &[1], &body, &[7, 8]].concat()
        };
        let dumps: Vec<_> = [0].iter().chain(&grown).map(&mut dump).collect();
        let written: String = dumps.iter().map(|dump| text(dump) + line).collect();
        let (all, _) = found(&written, size);
        prop_assert_eq!(all, dumps.iter().map(|dump| census(dump)).collect::<Vec<_>>());
    }

    #[test]
    fn lines_within_a_dump_separate_nothing(
        dump in prop::collection::vec(1_u32..8, 1..60),
        lines in prop::collection::vec(any::<prop::sample::Index>(), 0..2),
        size in 1_usize..4000,
    ) {
        let mut written: Vec<_> = dump.iter().map(|record| text(&[*record])).collect();
        for at in lines {
            written.insert(at.index(written.len()), "round done\n".to_owned());
        }
        let (all, _) = found(&written.concat(), size);
        prop_assert_eq!(all, vec![census(&dump)]);
    }

    #[test]
    fn a_dump_that_repeats_itself_is_left_whole(
        head in prop::collection::vec(1_u32..7, 0..30),
        pattern in 1_u32..40,
        times in 1_usize..20,
        boot in prop::collection::vec(1000_u32..1040, 1..30),
        sign in prop::sample::select(&SIGNS[..]),
        size in 1_usize..4000,
    ) {
        let pattern: Vec<_> = (100..100 + pattern).collect();
        let dump = [head, pattern.repeat(times), boot].concat();
        let (all, _) = found(&(text(&dump) + sign), size);
        prop_assert_eq!(all, vec![census(&dump)]);
    }

    #[test]
    fn few_sites_in_any_order_are_one_dump(
        dump in prop::collection::vec(1_u32..8, 1..400),
        sign in prop::sample::select(&SIGNS[..]),
        size in 1_usize..4000,
    ) {
        let (all, _) = found(&(text(&dump) + sign), size);
        prop_assert_eq!(all, vec![census(&dump)]);
    }

    #[test]
    fn damage_adds_no_object_to_any_dump(
        heads in heads(),
        boot in boot(),
        lost in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        until in any::<prop::sample::Index>(),
        size in 1_usize..4000,
    ) {
        let dumps: Vec<_> = heads.iter().map(|head| [head, &boot[..]].concat()).collect();
        let mut all = dumps.concat();
        for at in lost {
            all.remove(at.index(all.len()));
        }
        all.truncate(all.len() - until.index(all.len().min(30)));
        let (censuses, _) = found(&text(&all), size);
        let sum: u64 = censuses.iter().flat_map(BTreeMap::values).sum();
        prop_assert_eq!(sum, all.len() as u64);
        prop_assert!(censuses.len() <= dumps.len());
    }
}

#[test]
fn more_than_can_be_kept_is_distinguished_in_parts() {
    let boot: Vec<u32> = (1000..1010).collect();
    for table in [vec![], vec![TABLE], vec![TABLE, 1, 2000]] {
        // Beyond a quarter of a million records.
        let dump =
            |grown: u32| [&[1, 2, 3, 4], &vec![5; grown as usize][..], &boot, &table].concat();
        let dumps: Vec<_> = (0..800).map(dump).collect();
        let (all, _) = found(&text(&dumps.concat()), 1 << 20);
        let expected: Vec<_> = dumps.iter().map(|dump| census(dump)).collect();
        let last = all.last();
        assert_eq!(last, expected.last(), "{table:?}");
        assert!(all.iter().all(|census| expected.contains(census)), "{table:?}");
    }
}
