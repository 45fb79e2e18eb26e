//! Which recorders of client calls are available.

use std::path::{Path, PathBuf};

use super::{Check, CheckId, State};
use crate::source::clients::kernel::needs;

/// Library folders of Debian, of other distributions, of Android.
const LIBRARIES: [&str; 12] = [
    "usr/lib",
    "usr/lib64",
    "usr/lib/aarch64-linux-gnu",
    "usr/lib/arm-linux-gnueabihf",
    "usr/lib/x86_64-linux-gnu",
    "usr/local/lib",
    "lib",
    "lib64",
    "vendor/lib64",
    "vendor/lib",
    "system/lib64",
    "system/lib",
];

/// Folders of executables.
const PROGRAMS: [&str; 6] =
    ["usr/bin", "bin", "usr/local/bin", "usr/sbin", "system/bin", "vendor/bin"];

/// Checks for them below `root`.
pub(super) fn checks(root: &Path, library: Option<&Path>) -> [Check; 4] {
    [preload(library), teec(root), strace(root), kernel(root)]
}

fn preload(library: Option<&Path>) -> Check {
    let detail = match library {
        // Its path differs between systems.
        Some(_) => "installed".into(),
        None => "not next to teeleak, nor in ../lib/teeleak".into(),
    };
    Check {
        id: CheckId::PreloadLibrary,
        brings: "which process makes which call, with thread and parameters, in run and trace",
        state: if library.is_some() { State::Present } else { State::Missing },
        detail,
        remedy: library.is_none().then(|| {
            "install libteeleak_preload.so next to teeleak or in ../lib/teeleak, or name it in \
             TEELEAK_PRELOAD"
                .into()
        }),
    }
}

/// The library that the preload library stands in front of.
fn teec(root: &Path) -> Check {
    let names = ["libteec.so.2", "libteec.so.1", "libteec.so"];
    let found = names.iter().find(|name| find(root, &LIBRARIES, name).is_some());
    let (state, detail, remedy) = match found {
        Some(name) => (State::Present, format!("{name} is present"), None),
        None => (
            State::Unknown,
            "not in the usual library folders".into(),
            Some(
                "nothing, if clients ship their own; use strace for clients that link it statically",
            ),
        ),
    };
    Check {
        id: CheckId::Libteec,
        brings: "clients that the preload library can record",
        state,
        detail,
        remedy: remedy.map(Into::into),
    }
}

fn strace(root: &Path) -> Check {
    let there = find(root, &PROGRAMS, "strace").is_some();
    Check {
        id: CheckId::Strace,
        brings: "the same for static, hardened and vendor programs: analyze and report --strace",
        state: if there { State::Present } else { State::Missing },
        detail: if there { "installed" } else { "not installed" }.into(),
        remedy: (!there).then(|| {
            "install strace, 6.1 or later for sessions and commands; its output can be read anywhere"
                .into()
        }),
    }
}

/// Whether the kernel itself can record.
fn kernel(root: &Path) -> Check {
    let missing = needs::look(root).err();
    Check {
        id: CheckId::KernelProbes,
        brings: "the same for all programs, live, and what the kernel closes for exited processes: trace \
                 and run --kernel",
        state: if missing.is_none() { State::Present } else { State::Missing },
        detail: match &missing {
            None => "tracefs, kprobes and the driver's functions are present".into(),
            Some(missing) => missing.to_string(),
        },
        remedy: missing.map(|missing| missing.remedy().into()),
    }
}

fn find(root: &Path, folders: &[&str], name: &str) -> Option<PathBuf> {
    folders.iter().map(|folder| root.join(folder).join(name)).find(|path| path.exists())
}
