//! Call stacks on a real OP-TEE in QEMU. Of a heap that ran out: `teeleak analyze --tee` says of each address
//! what addr2line says, and refuses the symbols of another build. Of allocations: leaks that share their
//! sites fall apart by the function that wanted them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;
use teeleak_qemu::{Guest, Lab, User};
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

/// Both lose a region of the TA, which `core/mm/vm.c` allocates for both.
const TWO_LEAKS: &str = "sh -c 'drm-player --poke /tmp/held && drm-player --leak-regions 1'";

/// The functions of the system PTA and of the lab's own that have it mapped.
const WANTERS: [(&str, &str); 2] =
    [("system_map_zi", "core/pta/system.c"), ("keep", "core/pta/leaky_map.c")];

#[test]
fn leaks_that_share_their_sites_have_two_names() {
    let lab = Lab::new().unwrap();
    let mut guest = lab.boot("default", &lab.products().unwrap()).unwrap();
    let capture = capture_of_two_leaks(&mut guest);
    guest.shutdown().unwrap();

    let elf = lab.firmware("default").unwrap().core_elf();
    let named = site_leaks(&capture, &["--tee", elf.to_str().unwrap()]);
    for (function, file) in WANTERS {
        let wanted = format!(", wanted by {function} ({file}:");
        let leaks: Vec<_> = named.iter().filter(|leak| title(leak).contains(&wanted)).collect();
        assert_eq!(leaks.len(), 1, "{function}: {named:#?}");
        assert!(leaks[0]["fingerprint"].as_str().unwrap().ends_with(function), "{:#}", leaks[0]);
        assert!(leaks[0].to_string().contains("core/mm/vm.c"), "{:#}", leaks[0]);
        levels_are_those_of_addr2line(leaks[0], &elf);
    }
    assert_eq!(named.len(), WANTERS.len(), "{named:#?}");

    // Without names there are two all the same.
    let unnamed = site_leaks(&capture, &[]);
    assert_eq!(unnamed.len(), WANTERS.len(), "{unnamed:#?}");
    for leak in unnamed {
        assert!(leak["next"].as_str().unwrap().contains("--tee tee.elf"), "{leak:#}");
        assert!(!leak["fingerprint"].as_str().unwrap().contains("system_map_zi"), "{leak:#}");
    }
}

fn capture_of_two_leaks(guest: &mut Guest) -> PathBuf {
    let client = "rm -f /tmp/held; exec drm-player --hold /tmp/held --what buffer-of-ta";
    let client = guest.start(User::Root, client).unwrap();
    let line = format!(
        "until [ -S /tmp/held ]; do sleep 0.1; done; \
         teeleak run -n 8 --warmup 1 --json -o /share/two.tlk -- {TWO_LEAKS}"
    );
    let outcome = guest.exec(&line, LIMIT).unwrap();
    assert_eq!(outcome.code, 1, "{}\n{}", outcome.stdout, outcome.stderr);
    // The TA lets go first: the kernel waits for it when the client ends.
    guest.exec("drm-player --free; killall drm-player", LIMIT).unwrap().success().unwrap();
    guest.wait(client, LIMIT).unwrap();
    let capture = Path::new(env!("CARGO_TARGET_TMPDIR")).join("two-leaks.tlk");
    fs::copy(guest.share().join("two.tlk"), &capture).unwrap();
    capture
}

/// The allocation sites that the report of a capture calls leaks.
fn site_leaks(capture: &Path, options: &[&str]) -> Vec<Value> {
    let arguments = [&["report", "--json"], options, &[capture.to_str().unwrap()]].concat();
    let report: Value = serde_json::from_str(&teeleak(&arguments).out).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let is_leak =
        |finding: &&Value| finding["kind"] == "site_growth" && finding["severity"] == "failure";
    findings.filter(is_leak).cloned().collect()
}

fn title(finding: &Value) -> &str {
    finding["title"].as_str().unwrap()
}

/// Every level of the call stack of a finding is named, as binutils name the call before it.
fn levels_are_those_of_addr2line(finding: &Value, elf: &Path) {
    let evidence = finding["evidence"].as_array().unwrap().iter();
    let stack = evidence.clone().find(|one| one["type"] == "call_stack").unwrap();
    let levels = stack["stack"].as_array().unwrap();
    assert!(levels.len() > 2, "{stack:#}");
    for level in levels {
        let offset = level["offset"].as_str().unwrap().trim_start_matches("0x");
        let call = text_of(elf) + u64::from_str_radix(offset, 16).unwrap() - 4;
        let named = level["functions"].as_array().unwrap().iter().map(|function| {
            let text = |key: &str| function[key].as_str().unwrap().to_owned();
            format!("{} ({}:{})", text("name"), text("file"), function["line"])
        });
        assert_eq!(named.collect::<Vec<_>>().join(", inlined into "), functions(elf, call));
    }
}
