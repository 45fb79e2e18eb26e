//! The Debian package, installed in a clean Debian 13 on a real OP-TEE in QEMU, and the page on getting
//! started typed there line by line. Where `TEELEAK_RUNS` is set, with the static program, too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{fs, path::Path, time::Duration};

use serde_json::Value;
use teeleak_qemu::{Guest, Lab, Package};

const LIMIT: Duration = Duration::from_secs(300);

/// Where the guest has the Debian.
const ROOT: &str = "/share/debian";

/// Files of the package, one of each kind: there when it is installed, gone when it is removed.
const INSTALLED: [&str; 7] = [
    "/usr/bin/teeleak",
    "/usr/lib/teeleak/libteeleak_preload.so",
    "/usr/lib/tee-supplicant/plugins/5b7f0a52-6e1d-4c38-9f04-d1c2b8e7a396.plugin",
    "/usr/lib/systemd/system/teeleak-watch.service",
    "/usr/share/man/man1/teeleak-run.1",
    "/usr/share/bash-completion/completions/teeleak",
    "/usr/share/doc/teeleak/docs/getting-started.md",
];

/// What is different here: the script does less, and what does not end by itself does.
const DIFFERENT: [(&str, &str); 2] =
    [("-n 20", "-n 8 --warmup 1 --idle 0"), ("teeleak watch", "timeout -s TERM 5 teeleak watch")];

/// Exit codes of what was found and of what could not be seen: all but wrong usage and bad input.
const RIGHT: [i32; 4] = [0, 1, 3, 4];

#[test]
fn what_is_installed_works() {
    let lab = Lab::new().unwrap();
    let deb = lab.package(Package::Arm64).unwrap();
    // It takes minutes to build, and the same code is linked into the package.
    let program = std::env::var_os("TEELEAK_RUNS").map(|_| lab.package(Package::Static).unwrap());
    // Of the products the user brings the TA, and the test what leaks.
    let mut files = lab.products().unwrap();
    files.retain(|(_, place)| place.starts_with("ta/") || place == "bin/drm-player");
    files.push((deb, "teeleak.deb".into()));
    let is_static = program.is_some();
    files.extend(program.map(|program| (program, "bin/teeleak-static".into())));
    let mut guest = lab.boot("default", &files).unwrap();
    lab.debian(&guest).unwrap();
    become_debian(&mut guest);
    it_is_installed(&mut guest);
    the_page_is_typed(&mut guest);
    the_guilty_process_is_named(&mut guest);
    if is_static {
        the_static_program_needs_nothing(&mut guest);
    }
    it_is_removed(&mut guest);
    guest.shutdown().unwrap();
}

/// Runs a line in the Debian; gives its exit code and all that it said.
fn debian(guest: &mut Guest, line: &str) -> (i32, String) {
    let quoted = line.replace('\'', r"'\''");
    let line = format!(
        "chroot {ROOT} /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
         sh -c 'cd /root; {quoted}'"
    );
    let outcome = guest.exec(&line, LIMIT).unwrap();
    (outcome.code, outcome.stdout + &outcome.stderr)
}

fn sh(guest: &mut Guest, line: &str) -> String {
    let (code, said) = debian(guest, line);
    assert_eq!(code, 0, "{line}: {said}");
    said
}

/// Gives the Debian the devices, and has its own supplicant serve the TEE.
fn become_debian(guest: &mut Guest) {
    let line = format!(
        "set -e; for place in dev proc sys; do mount --bind /$place {ROOT}/$place; done; \
         mount -t tmpfs run {ROOT}/run; mount -t tmpfs tmp {ROOT}/tmp; \
         mount -t debugfs debug {ROOT}/sys/kernel/debug; mkdir -p {ROOT}/usr/lib/optee_armtz; \
         cp /share/ta/*.ta {ROOT}/usr/lib/optee_armtz/; cp /share/bin/drm-player {ROOT}/usr/bin/; \
         cp /share/teeleak.deb {ROOT}/root/; ! [ -e /share/bin/teeleak-static ] || \
         cp /share/bin/teeleak-static {ROOT}/root/; kill $(pidof tee-supplicant); sleep 1"
    );
    guest.exec(&line, LIMIT).unwrap().success().unwrap();
    let script = "#!/bin/sh\nexec drm-player --bug forget-unmap\n";
    let path = guest.share().join("debian/root/switch-channel.sh");
    fs::write(&path, script).unwrap();
    sh(guest, "chmod +x switch-channel.sh");
    let protocol = Path::new(env!("CARGO_MANIFEST_DIR")).join("leaky-ta/player/drm-player.toml");
    fs::copy(protocol, guest.share().join("debian/root/drm.toml")).unwrap();
}

fn it_is_installed(guest: &mut Guest) {
    let version = sh(guest, "cat /etc/debian_version");
    assert!(version.starts_with("13."), "{version}");
    sh(guest, "dpkg --force-unsafe-io --install teeleak.deb");
    let state = sh(guest, "dpkg --status teeleak | grep ^Status:");
    assert_eq!(state.trim(), "Status: install ok installed");
    for file in INSTALLED {
        sh(guest, &format!("test -f {file}"));
    }
    // No library is missing, of the program and of what others load.
    let missing = "ldd /usr/bin/teeleak /usr/lib/teeleak/*.so /usr/lib/tee-supplicant/plugins/*";
    let libraries = sh(guest, missing);
    assert!(!libraries.contains("not found"), "{libraries}");
    // The supplicant finds the plugin only when it starts.
    sh(guest, "setsid tee-supplicant < /dev/null > /dev/null 2>&1 & sleep 2; pidof tee-supplicant");
}

fn the_page_is_typed(guest: &mut Guest) {
    let page = sh(guest, "cat /usr/share/doc/teeleak/docs/getting-started.md");
    let blocks = page.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("$ "));
    let mut typed = 0;
    for line in lines {
        let mut here = line.to_owned();
        for (usual, different) in DIFFERENT {
            here = here.replace(usual, different);
        }
        let (code, said) = debian(guest, &here);
        if here.starts_with("teeleak report") {
            assert_eq!(code, 1, "a leak: {said}");
        }
        let ended = here.contains("timeout") && code == 124;
        assert!(RIGHT.contains(&code) || ended, "{here}: {code}\n{said}");
        eprintln!("{code:>3}  {here}");
        typed += 1;
    }
    assert!(typed >= 7, "{typed}");
    let (_, doctor) = debian(guest, "teeleak doctor");
    for able in ["leak-audit-pta", "malloc-debug", "preload", "supplicant-plugin"] {
        let line = doctor.lines().find(|line| line.contains(able)).unwrap_or_default();
        assert!(line.contains("yes"), "{able}: {doctor}");
    }
}

/// The preload library is found where the package puts it.
fn the_guilty_process_is_named(guest: &mut Guest) {
    let line = "teeleak run -n 1 --warmup 0 --idle 0 --protocol drm.toml -- \
                drm-player --bug close-before-unmap --processes 2";
    let (code, said) = debian(guest, line);
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("drm-player pid"), "{said}");
}

fn the_static_program_needs_nothing(guest: &mut Guest) {
    let said = debian(guest, "ldd ./teeleak-static").1;
    assert!(
        said.contains("not a dynamic executable") || said.contains("statically linked"),
        "{said}"
    );
    let (code, there) = debian(guest, "./teeleak-static report --json loop.tlk");
    let (expected, here) = debian(guest, "teeleak report --json loop.tlk");
    assert_eq!((code, there), (expected, here));
    // It reaches the TEE, our TA and the statistics PTA without libteec.
    let line = "./teeleak-static run -n 2 --warmup 0 --idle 0 -- drm-player --bug forget-unmap";
    let (code, said) = debian(guest, line);
    assert!([1, 3].contains(&code), "{code}: {said}");
    let doctors = ["teeleak", "./teeleak-static"]
        .map(|one| able(&debian(guest, &format!("{one} doctor --json")).1));
    assert_eq!(doctors[0], doctors[1]);
}

/// What a doctor finds, without where it looked.
fn able(said: &str) -> Vec<(String, bool)> {
    let doctor: Value = serde_json::from_str(said).unwrap();
    let checks = doctor["checks"].as_array().unwrap().iter();
    checks
        .map(|one| (one["name"].as_str().unwrap().to_owned(), one["state"] == "present"))
        .collect()
}

fn it_is_removed(guest: &mut Guest) {
    sh(guest, "dpkg --force-unsafe-io --purge teeleak");
    for file in INSTALLED {
        sh(guest, &format!("! test -e {file}"));
    }
}
