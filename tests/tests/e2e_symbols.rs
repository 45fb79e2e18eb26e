//! The call stack of a heap that ran out, on a real OP-TEE in QEMU: `teeleak analyze --tee` says of each
//! address what addr2line says, and refuses the symbols of another build.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

use std::{fs, path::Path, process::Command, time::Duration};

use teeleak_qemu::Lab;
use teeleak_tests::teeleak;

const LIMIT: Duration = Duration::from_secs(300);

/// Address of a section, as binutils' `size -A` prints it.
fn text_of(elf: &Path) -> u64 {
    let output = Command::new("aarch64-linux-gnu-size").arg("-A").arg(elf).output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    let row = table.lines().find(|line| line.starts_with(".text ")).unwrap();
    row.split_whitespace().nth(2).unwrap().parse().unwrap()
}

/// Functions at an address, innermost first, in the form of our report.
fn functions(elf: &Path, address: u64) -> String {
    let address = format!("{address:#x}");
    let mut command = Command::new("aarch64-linux-gnu-addr2line");
    let output = command.arg("-ife").arg(elf).arg(address).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = lines.lines().collect();
    let place = |line: &str| line.split(" (discriminator").next().unwrap_or(line).to_owned();
    let functions = lines.chunks(2).map(|pair| format!("{} ({})", pair[0], place(pair[1])));
    functions.collect::<Vec<_>>().join(", inlined into ")
}

#[test]
fn stacks_are_named_as_addr2line_names_them() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("mdbg", &lab.products().unwrap()).unwrap();
    // More than the heap holds.
    guest.exec("drm-player --leak-objects 100000", LIMIT).unwrap();
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("out-of-memory.log");
    fs::copy(guest.secure_log(), &log).unwrap();
    guest.shutdown().unwrap();

    let elf = lab.firmware("mdbg").unwrap().core_elf();
    let (core, log) = (elf.display().to_string(), log.display().to_string());
    let answer = teeleak(&["analyze", "-v", "--tee", &core, &log]);
    let base = text_of(&elf);
    let mut named = 0;
    for line in answer.out.lines() {
        let Some((offset, found)) = line.split_once(" core+0x").and_then(|l| l.1.split_once(' '))
        else {
            continue;
        };
        let offset = u64::from_str_radix(offset, 16).unwrap();
        assert_eq!(found, functions(&elf, base + offset), "core+{offset:#x}");
        named += 1;
    }
    assert!(named > 5 && answer.out.contains("print_oom"), "{}", answer.out);

    let other = lab.firmware("default").unwrap().core_elf().display().to_string();
    let answer = teeleak(&["analyze", "--tee", &other, &log]);
    assert!(answer.out.contains("are from another build"), "{}", answer.out);
    assert!(!answer.out.contains("print_oom ("), "{}", answer.out);
}
