//! The C header is the source: every constant and layout of the Rust mirrors is compared with it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{collections::BTreeMap, fs, path::Path};

use teeleak_proto::{
    Uuid, command,
    pta::{self, CLayout},
};

fn header() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../ta/pta/lib/libutee/include/pta_leak_audit.h");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// `#define PTA_LEAK_AUDIT_NAME number` lines.
fn defines(header: &str) -> BTreeMap<String, u64> {
    header
        .lines()
        .filter_map(|line| line.strip_prefix("#define PTA_LEAK_AUDIT_"))
        .filter_map(|rest| {
            let mut words = rest.split_whitespace();
            Some((words.next()?.to_owned(), number(words.next()?)?))
        })
        .collect()
}

/// Name, type and elements of each field of a structure, in order.
fn fields(header: &str, name: &str) -> Vec<(String, String, usize)> {
    let start = header.find(&format!("\nstruct {name} {{")).unwrap_or_else(|| panic!("no {name}"));
    header[start + 1..]
        .lines()
        .skip(1)
        .take_while(|line| !line.starts_with('}'))
        .map(|line| {
            let (c_type, field) = line.trim().trim_end_matches(';').split_once(' ').unwrap();
            match field.split_once('[') {
                Some((field, n)) => {
                    (field.into(), c_type.into(), n.trim_end_matches(']').parse().unwrap())
                }
                None => (field.into(), c_type.into(), 0),
            }
        })
        .collect()
}

fn width(c_type: &str) -> usize {
    match c_type {
        "uint64_t" => 8,
        "uint32_t" => 4,
        "uint16_t" => 2,
        "uint8_t" | "char" => 1,
        other => panic!("{other} has no fixed width"),
    }
}

/// Offsets as a C compiler lays the structure out; fails where it would have to pad.
fn check<T: CLayout>(header: &str) {
    let mut offset = 0;
    let mut widest = 1;
    let mut expected = Vec::new();
    for (name, c_type, elements) in fields(header, T::C_NAME) {
        let width = width(&c_type);
        assert_eq!(offset % width, 0, "{}.{name} needs padding before it", T::C_NAME);
        expected.push((name, c_type, elements, offset));
        offset += width * elements.max(1);
        widest = widest.max(width);
    }
    assert_eq!(offset % widest, 0, "{} needs padding at its end", T::C_NAME);
    let mirrored: Vec<_> = T::FIELDS
        .iter()
        .map(|field| (field.name.into(), field.c_type.into(), field.elements, field.offset))
        .collect();
    assert_eq!(mirrored, expected, "{}", T::C_NAME);
    assert_eq!(T::SIZE, offset, "{}", T::C_NAME);
}

#[test]
fn layouts_are_those_of_the_header() {
    let header = header();
    check::<pta::Reply>(&header);
    check::<pta::Info>(&header);
    check::<pta::Site>(&header);
    check::<pta::Record>(&header);
    check::<pta::Owner>(&header);
    check::<pta::Instance>(&header);
    check::<pta::Session>(&header);
    check::<pta::Region>(&header);
    check::<pta::Event>(&header);
    check::<pta::Pool>(&header);
    check::<pta::Part>(&header);
    check::<pta::Stack>(&header);
    assert_eq!(header.matches("\nstruct pta_leak_audit_").count(), 12, "a structure has no mirror");
}

#[test]
fn constants_are_those_of_the_header() {
    let mirrored: BTreeMap<_, _> =
        pta::CONSTANTS.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    assert_eq!(mirrored, defines(&header()));
}

/// `#define NAME { 0x.., 0x.., 0x.., { 0x.. × 8 } }`, over continued lines.
fn uuid(header: &str, name: &str) -> Uuid {
    let (_, rest) = header.split_once(&format!("#define {name} ")).unwrap();
    let (body, _) = rest.split_once("} }").unwrap();
    let digits: String =
        body.split("0x").skip(1).map(|n| &n[..n.find([',', ' ']).unwrap()]).collect();
    let text = format!(
        "{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    );
    Uuid::parse(&text).unwrap()
}

#[test]
fn uuids_are_those_of_the_header() {
    let header = header();
    assert_eq!(uuid(&header, "PTA_LEAK_AUDIT_UUID"), pta::UUID);
    assert_eq!(uuid(&header, "PTA_LEAK_AUDIT_CLIENT_UUID"), command::TA_UUID);
}
