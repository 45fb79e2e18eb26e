//! However small the pages are, a census is the same.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]
#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

mod fake;

use fake::{Fake, device, records, snapshot};
use proptest::prelude::*;
use teeleak_proto::{
    limits,
    pta::{self, CLayout},
    record::Record,
    snapshot::Section,
};
use teeleak_ta_logic::{INSTANCES_MAX, SLICES_MAX};

const ALL: u32 = (1 << Section::ALL.len()) - 1;

/// What the records say, without the heads in which page ends show.
fn facts<'a>(records: &[Record<'a>]) -> Vec<Record<'a>> {
    records.iter().filter(|record| !matches!(record, Record::Section(_))).cloned().collect()
}

/// Objects that were there and objects lost, by section, instance and generation; ticks.
fn totals(records: &[Record<'_>]) -> (u64, u64) {
    let heads = records.iter().filter_map(|record| match record {
        Record::Section(head) => Some(head),
        _ => None,
    });
    heads.fold((0, 0), |(lost, ticks), head| (lost + u64::from(head.lost), ticks + head.lock_ticks))
}

#[test]
fn every_page_size_gives_the_same_records() {
    let whole = snapshot(&mut device(300), ALL, limits::REPLY_BYTES_MAX);
    assert_eq!(whole.len(), 1);
    let whole = records(&whole);
    assert_eq!(facts(&whole).len(), 7 + 300 + 4 + 300 + 3 + 3 + 300 + 3 + 300 + 3);
    for size in (limits::REPLY_BYTES_MIN..1400).step_by(17).chain([4096, 10_000, 20_000]) {
        let pages = snapshot(&mut device(300), ALL, size);
        assert!(pages.len() > 1, "{size}");
        assert_eq!(facts(&records(&pages)), facts(&whole), "{size}");
    }
}

#[test]
fn everything_is_asked_for_at_once_where_that_can_be() {
    let mut at_once = device(100);
    let mut one_by_one = Fake { census: false, ..device(100) };
    let whole = snapshot(&mut at_once, ALL, limits::REPLY_BYTES_MAX);
    let same = snapshot(&mut one_by_one, ALL, limits::REPLY_BYTES_MAX);
    assert!(whole == same, "byte by byte");
    let asked: Vec<_> = at_once.asked.iter().map(|query| query.cmd).collect();
    assert_eq!(asked, [pta::CMD_CENSUS, pta::CMD_RECORDS]);
    assert!(one_by_one.asked.len() > 8);
}

#[test]
fn what_does_not_fit_at_once_is_asked_for_one_by_one() {
    let mut device = device(3000);
    let pages = snapshot(&mut device, ALL, limits::REPLY_BYTES_MAX);
    let one_by_one = snapshot(&mut Fake { census: false, ..device }, ALL, limits::REPLY_BYTES_MAX);
    assert!(facts(&records(&pages)) == facts(&records(&one_by_one)));
}

#[test]
fn heads_of_a_section_that_goes_on_do_not_count_twice() {
    let mut device = device(300);
    device.at_most = Some(4);
    let whole = snapshot(&mut device.clone(), Section::Sites.bit(), limits::REPLY_BYTES_MAX);
    let pages = snapshot(&mut device, Section::Sites.bit(), limits::REPLY_BYTES_MIN);
    assert!(pages.len() > 1);
    assert_eq!(totals(&records(&pages)), totals(&records(&whole)));
    assert_eq!(totals(&records(&whole)), (44, 6400), "300 sites, 64 slices of 4");
}

#[test]
fn sites_that_fit_are_walked_once() {
    let mut device = device(100);
    snapshot(&mut device, Section::Sites.bit(), limits::REPLY_BYTES_MAX);
    assert_eq!(device.asked.len(), 1);
    let mut small = fake::device(100);
    let pages = snapshot(&mut small, Section::Sites.bit(), limits::REPLY_BYTES_MIN);
    assert!(pages.len() > 2);
    assert_eq!(small.asked.len(), 1, "pages of one walk");
}

#[test]
fn sites_that_do_not_fit_are_sliced_until_they_do() {
    let mut device = device(100);
    device.at_most = Some(13);
    let pages = snapshot(&mut device, Section::Sites.bit(), limits::REPLY_BYTES_MAX);
    let records = records(&pages);
    assert_eq!(facts(&records).len(), 100);
    assert_eq!(totals(&records).0, 0);
    assert_eq!(device.asked.last().unwrap().second, [7, 8]);
}

#[test]
fn what_no_slice_can_hold_is_counted_as_lost() {
    let mut device = device(200);
    device.at_most = Some(1);
    let pages = snapshot(&mut device, Section::Sites.bit(), limits::REPLY_BYTES_MAX);
    let records = records(&pages);
    assert_eq!(facts(&records).len(), SLICES_MAX as usize);
    assert_eq!(totals(&records).0, 200 - u64::from(SLICES_MAX));
}

#[test]
fn slicing_does_not_chase_a_broken_header() {
    let mut device = device(20);
    device.at_most = Some(10);
    device.flags = pta::REPLY_CORRUPT;
    let pages = snapshot(&mut device, Section::Sites.bit(), limits::REPLY_BYTES_MAX);
    assert_eq!(totals(&records(&pages)).0, 10);
    assert_eq!(device.asked.len(), 1);
}

#[test]
fn what_is_refused_is_said_and_not_empty() {
    for (cmd, section) in [
        (pta::CMD_POOLS, Section::Pools),
        (pta::CMD_SITES, Section::Sites),
        (pta::CMD_RECORDS, Section::Records),
        (pta::CMD_INSTANCES, Section::Instances),
        (pta::CMD_INSTANCES, Section::Regions),
    ] {
        let mut device = device(5);
        device.refuses = Some((cmd, 0xffff_000a));
        let pages = snapshot(&mut device, ALL, limits::REPLY_BYTES_MAX);
        let refused: Vec<_> = records(&pages)
            .into_iter()
            .filter_map(|record| match record {
                Record::Section(head) if head.section == section => Some(head.result),
                _ => None,
            })
            .collect();
        assert_eq!(refused, [0xffff_000a], "{section:?}");
    }
}

#[test]
fn a_busy_instance_is_said_to_be_busy() {
    let mut device = device(5);
    device.regions[1].1.clear();
    device.flags = pta::REPLY_BUSY;
    let pages = snapshot(&mut device, Section::Regions.bit(), limits::REPLY_BYTES_MAX);
    let busy = records(&pages).into_iter().any(|record| {
        matches!(record, Record::Section(head) if head.instance == 2 && head.flags == pta::REPLY_BUSY)
    });
    assert!(busy);
}

#[test]
fn instances_beyond_the_table_are_counted() {
    let mut device = Fake {
        instances: (1..=200).map(|k| fake::entry::<pta::Instance>(&[k, k], "")).collect(),
        regions: (1..=200).map(|k| (k, Vec::new())).collect(),
        ..Fake::default()
    };
    for size in [limits::REPLY_BYTES_MIN, limits::REPLY_BYTES_MAX] {
        let pages = snapshot(&mut device, Section::Regions.bit(), size);
        assert_eq!(totals(&records(&pages)).0, 200 - INSTANCES_MAX as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_device_in_any_page_size(
        n in 0usize..120,
        at_most in 1usize..40,
        sections in 0u32..=ALL,
        size in limits::REPLY_BYTES_MIN..6000,
    ) {
        let mut device = device(n);
        device.at_most = Some(at_most);
        let whole = snapshot(&mut device.clone(), sections, limits::REPLY_BYTES_MAX);
        let pages = snapshot(&mut device, sections, size);
        prop_assert_eq!(facts(&records(&pages)), facts(&records(&whole)));
        prop_assert_eq!(totals(&records(&pages)).0, totals(&records(&whole)).0);
    }
}

/// A PTA of the first version lists sites without the fields that were appended since.
#[test]
fn sites_of_an_older_pta_have_no_stack() {
    let mut older = device(3);
    for site in &mut older.sites {
        site.truncate(pta::Site::FIRST_SIZE);
    }
    older.site_size = pta::Site::FIRST_SIZE;
    let pages = snapshot(&mut older, Section::Sites.bit(), limits::REPLY_BYTES_MAX);
    let sites = facts(&records(&pages)).len();
    assert_eq!(sites, 3);
    let is_plain = |record: &Record<'_>| matches!(record, Record::Site(site) if site.stack == 0 && site.size > 0);
    assert!(facts(&records(&pages)).iter().all(is_plain));
}
