//! A tracefs that is but files.

use std::{fs, path::Path, process};

/// Functions of the optee driver.
const FUNCTIONS: [&str; 5] = [
    "optee_open_session",
    "optee_invoke_func",
    "optee_close_session",
    "optee_close_session_helper",
    "optee_cancel_req",
];

/// Makes one below `root`, in which the instance of this process prints `text`.
///
/// # Panics
/// When it can't be made.
pub fn tracefs(root: &Path, text: &str) {
    let put = |file: &str, content: &str| {
        let path = root.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    };
    let symbols = FUNCTIONS.map(|name| format!("0000000000000000 t {name}\t[optee]\n"));
    put("proc/kallsyms", &symbols.concat());
    for file in ["trace", "kprobe_events", "kprobe_profile"] {
        put(&format!("sys/kernel/tracing/{file}"), "");
    }
    let readme = "\t    kernel return probes support: $retval, $arg<N>, $comm\n";
    put("sys/kernel/tracing/README", readme);
    let pid = process::id();
    let instance = format!("sys/kernel/tracing/instances/teeleak.{pid}");
    put(&format!("{instance}/trace_pipe"), text);
    put(&format!("{instance}/options/record-tgid"), "0");
    put(&format!("{instance}/events/teeleak_{pid}/enable"), "0");
}
