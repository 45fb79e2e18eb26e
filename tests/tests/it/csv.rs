//! `--csv`: what a reader that did not write it finds in the table.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use teeleak::Exit;
use teeleak_proto::Uuid;
use teeleak_tests::{Site, Tee, World, golden, teeleak};

use crate::support::{FOLDER, capture, fixture, folder};

type Row = BTreeMap<String, String>;

fn scratch(name: &str) -> PathBuf {
    folder("csv").join(name)
}

fn table(name: &str, world: &World, arguments: &[&str]) -> String {
    let path = scratch(&format!("{name}.csv"));
    let (command, rest) = arguments.split_first().unwrap();
    let _ = world.run(&[&[*command, "--csv", path.to_str().unwrap()], rest].concat());
    fs::read_to_string(path).unwrap()
}

fn report(name: &str) -> String {
    let capture = capture(name);
    table(name, &World::without_tee(), &["report", &capture])
}

/// Every row has every column.
fn rows(table: &str) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(table.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// By the grammar of RFC 4180 section 2 alone: a quoted field, or one of no quote, comma or end of line.
fn fields(table: &str) -> Vec<Vec<String>> {
    let mut records = vec![vec![]];
    let mut rest = table;
    while !rest.is_empty() {
        let field = match rest.strip_prefix('"') {
            None => {
                let end = rest.find([',', '\r', '"', '\n']).unwrap();
                let (field, after) = rest.split_at(end);
                rest = after;
                field.to_owned()
            }
            Some(quoted) => {
                let unescaped = quoted.replace("\"\"", "\u{1}\u{1}");
                let end = unescaped.find('"').unwrap();
                rest = &quoted[end + 1..];
                unescaped[..end].replace("\u{1}\u{1}", "\"")
            }
        };
        records.last_mut().unwrap().push(field);
        if let Some(after) = rest.strip_prefix("\r\n") {
            records.push(Vec::new());
            rest = after;
        } else {
            rest = rest.strip_prefix(',').unwrap();
        }
    }
    assert_eq!(records.pop(), Some(Vec::new()), "the last line ends, too");
    records
}

#[test]
fn a_table_is_kept() {
    let table = report("forget-unmap");
    let kept = |line: &&str| {
        let of = ["sample,", "pool,core heap", "pool,TA memory", "core/mm/mobj.c:377", "regions"];
        of.iter().any(|part| line.contains(part))
    };
    let kept: String = table.split_inclusive('\n').filter(kept).collect();
    golden("csv.forget-unmap.csv", &kept);
    assert_eq!(table, report("forget-unmap"), "the same gives the same bytes");
}

#[test]
fn two_readers_agree() {
    for name in ["leak-session", "none"] {
        let table = report(name);
        let (rows, mut fields) = (rows(&table), fields(&table));
        let columns = fields.remove(0);
        assert_eq!(rows.len(), fields.len());
        for (row, fields) in rows.iter().zip(fields) {
            assert_eq!(row, &columns.iter().cloned().zip(fields).collect::<Row>());
        }
        let pages = fs::read_to_string(format!("{FOLDER}../host/docs/exports.md")).unwrap();
        for column in columns {
            assert!(pages.contains(&format!("| `{column}` |")), "{column} is not explained");
        }
    }
}

#[test]
fn what_grows_grows_in_the_table_with_its_verdict() {
    let rows = rows(&report("forget-unmap"));
    let samples: BTreeSet<_> =
        rows.iter().map(|row| row["sample"].parse::<u32>().unwrap()).collect();
    assert_eq!(samples, (0..26).collect());
    let of = |row: &&Row| row["kind"] == "regions" && row["metric"] == "live";
    let measured = |row: &&Row| row["stage"] == "measured";
    let regions: Vec<_> = rows.iter().filter(of).filter(measured).collect();
    let numbers: Vec<u64> = regions.iter().map(|row| row["value"].parse().unwrap()).collect();
    assert!(numbers.windows(2).all(|two| two[1] == two[0] + 1), "{numbers:?}");
    assert!(regions.iter().all(|row| row["verdict"] == "leak" && row["unit"] == "objects"));
    let crypto = rows.iter().find(|row| row["name"] == "threads").unwrap();
    assert_eq!((&*crypto["verdict"], &*crypto["unit"]), ("", "objects"));
}

#[test]
fn what_was_not_seen_has_no_value() {
    let log = fixture("log/3.18.dumps-back-to-back.log");
    let rows = rows(&table("log", &World::without_tee(), &["analyze", &log]));
    assert!(rows.iter().any(|row| row["kind"] == "site" && row["seen"] != "none"));
    for row in rows {
        assert_eq!(row["value"].is_empty(), row["seen"] == "none", "{row:?}");
    }
}

const HOSTILE: &str = "=cmd|'x'!A1,\"\u{1b}[31m\u{202e}\u{7}\r\nnext";

#[test]
fn names_stay_text() {
    let workload = |tee: &mut Tee, epoch| {
        tee.sites.push(Site { file: HOSTILE, line: 7, size: 64, owner: 1, epoch, count: 1 });
    };
    let tee = Tee { workload: Box::new(workload), tas: vec![Uuid([0x42; 16])], ..Tee::default() };
    let table = table("hostile", &World::with(tee), &["run", "-n", "8", "--", "true"]);
    let shown = "'=cmd|'x'!A1,\"\\u{1b}[31m\\u{202e}\\u{7}\\u{d}\\u{a}next:7";
    let found = rows(&table).into_iter().filter(|row| row["name"] == shown).count();
    assert!(found >= 10, "{table}");
    assert_eq!(fields(&table).iter().filter(|row| row[6] == shown).count(), found);
    let seen = table.chars().find(|letter| letter.is_control() && !"\r\n".contains(*letter));
    assert_eq!(seen, None);
}

#[test]
fn a_table_that_cannot_be_written_is_reported() {
    let capture = capture("none");
    for path in ["/dev/full", "/proc/none/x"] {
        let answer = teeleak(&["report", "--csv", path, &capture]);
        assert_eq!(answer.exit, Exit::Usage);
        assert!(answer.err.contains(&format!("cannot write {path}")), "{}", answer.err);
    }
}
