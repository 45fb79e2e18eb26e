//! What help and documentation show people to type is typed, on a real OP-TEE in QEMU: all of the
//! documentation and the first example of each command, or all of them where `TEELEAK_RUNS` is set.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use teeleak_qemu::{Guest, Lab};

const LIMIT: Duration = Duration::from_secs(300);

/// Files that examples name, and what they are here.
const FILES: [(&str, &str); 20] = [
    ("drm.toml", "leaky-ta/player/drm-player.toml"),
    ("drm-messages.toml", "fixtures/messages/drm-messages.toml"),
    ("player.toml", "leaky-ta/player/drm-player.toml"),
    ("vendor.toml", "../host/analysis/rules/secure-video.toml"),
    ("pools.toml", "fixtures/normal-world/forms/vendor-pools.toml"),
    ("report.txt", "fixtures/normal-world/forms/unknown-report.txt"),
    ("uart.log", "fixtures/log/3.11.vendor-channel-switches.log"),
    ("logs/1.log", "fixtures/log/3.11.vendor-channel-switches.log"),
    ("loop.tlk", "fixtures/capture/4.10.0.none.tlk"),
    ("before.tlk", "fixtures/capture/4.10.0.none.tlk"),
    ("after.tlk", "fixtures/capture/4.10.0.leak-session.tlk"),
    ("old.tlk", "fixtures/capture/4.10.0.none.tlk"),
    ("new.tlk", "fixtures/capture/4.10.0.forget-unmap.tlk"),
    ("monday.tlk", "fixtures/capture/4.10.0.none.tlk"),
    ("tuesday.tlk", "fixtures/capture/4.10.0.none-2.tlk"),
    ("wednesday.tlk", "fixtures/capture/4.10.0.forget-unmap.tlk"),
    ("release.tlk", "fixtures/capture/4.10.0.none.tlk"),
    ("candidate.tlk", "fixtures/capture/4.10.0.leak-session.tlk"),
    ("trace.txt", "fixtures/kernel/6.12.files-never-closed.ftrace"),
    ("calls.strace", "fixtures/strace/7.2.two-processes-close-before-unmap.strace"),
];

/// Programs that examples call, and what stands for them.
const PROGRAMS: [(&str, &str); 3] = [
    ("switch-channel.sh", "exec drm-player --bug forget-unmap"),
    ("play.sh", "exec drm-player --switches 1"),
    ("adb", "exec cat uart.log"),
];

/// What is different here, what does not end by itself, and what would take long.
const DIFFERENT: [(&str, &str); 10] = [
    ("-n 20", "-n 1 --warmup 0 --idle 0"),
    ("-n 50", "-n 1 --warmup 0 --idle 0"),
    ("-n 5 ", "-n 1 --warmup 0 --idle 0 "),
    ("run --json", "run --json -n 1 --warmup 0 --idle 0"),
    ("--until-decided=100", "-n 1 --warmup 0 --idle 0 --until-decided=2"),
    ("/dev/ttyUSB0", "/share/console"),
    ("teeleak trace --kernel --follow", "timeout -s INT 4 teeleak trace --kernel --follow"),
    ("teeleak watch", "timeout -s TERM 3 teeleak watch"),
    ("teeleak trace --collect", "mkdir -p /run/teeleak; timeout -s INT 2 teeleak trace --collect"),
    ("xtest 1004", "xtest -t regression 1004"),
];

/// Exit codes of what was found and of what could not be seen: all but wrong usage and bad input.
const RIGHT: [i32; 4] = [0, 1, 3, 4];

#[test]
fn examples_can_be_typed() {
    let lab = Lab::new().unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<(PathBuf, String)> = lab.products().unwrap();
    files.extend(FILES.map(|(name, from)| (here.join(from), format!("files/{name}"))));
    files.push((lab.firmware("default").unwrap().core_elf(), "files/tee.elf".into()));
    let mut guest = lab.boot("default", &files).unwrap();
    for (name, line) in PROGRAMS {
        let path = guest.share().join("files").join(name);
        fs::write(&path, format!("#!/bin/sh\n{line}\n")).unwrap();
    }
    let commands = commands(&mut guest);
    assert!(commands.len() >= 11, "{commands:?}");
    let most = if std::env::var_os("TEELEAK_RUNS").is_some() { usize::MAX } else { 1 };
    let mut typed = 0;
    for command in commands {
        for line in examples(&mut guest, &command).into_iter().take(most) {
            type_it(&mut guest, &line);
            typed += 1;
        }
    }
    for document in documents(here) {
        typed += type_all(&mut guest, &fs::read_to_string(document).unwrap());
    }
    eprintln!("{typed} lines");
    assert!(typed > 30);
    guest.shutdown().unwrap();
}

/// The names of all commands.
fn commands(guest: &mut Guest) -> Vec<String> {
    let help = guest.exec("teeleak --help", LIMIT).unwrap().success().unwrap().stdout;
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let first = |line: &str| line.split_whitespace().next().unwrap().to_owned();
    list.lines().map(first).filter(|name| name != "help").collect()
}

/// The examples of a command's help.
fn examples(guest: &mut Guest, command: &str) -> Vec<String> {
    let line = format!("teeleak {command} --help");
    let help = guest.exec(&line, LIMIT).unwrap().success().unwrap().stdout;
    let (_, examples) = help.split_once("Examples:\n").unwrap_or_else(|| panic!("{command}: none"));
    examples.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// All that is written about the tool.
fn documents(here: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(here.join("../host/docs")).unwrap();
    let mut documents: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    documents.sort();
    assert!(documents.len() > 5, "{documents:?}");
    documents
}

/// Types the lines of a document one after the other, in one folder; gives how many there are.
fn type_all(guest: &mut Guest, document: &str) -> usize {
    clean_folder(guest);
    let blocks =
        document.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("$ "));
    lines.map(|line| enter(guest, line)).count()
}

/// Types a line in a folder with all files as they were.
fn type_it(guest: &mut Guest, line: &str) {
    clean_folder(guest);
    enter(guest, line);
}

fn clean_folder(guest: &mut Guest) {
    let line = "rm -rf /tmp/examples && cp -r /share/files /tmp/examples && cd /tmp/examples && \
                chmod +x *.sh adb";
    guest.exec(line, LIMIT).unwrap().success().unwrap();
}

fn enter(guest: &mut Guest, line: &str) {
    let mut typed = line.to_owned();
    for (usual, here) in DIFFERENT {
        typed = typed.replace(usual, here);
    }
    let script = format!("cd /tmp/examples && export PATH=$PATH:. && {typed}");
    let outcome = guest.exec(&script, LIMIT).unwrap();
    // What timeout(1) ended had gone on until then.
    let right = RIGHT.contains(&outcome.code) || typed.contains("timeout") && outcome.code == 124;
    assert!(right, "{line}: {}\n{}{}", outcome.code, outcome.stdout, outcome.stderr);
    eprintln!("{:>3}  {line}", outcome.code);
}
