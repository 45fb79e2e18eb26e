//! `teeleak analyze` on text of strace, recorded in front of a real OP-TEE.

use std::fs;

use teeleak::Exit;
use teeleak_analysis::model::{Event, EventKind};
use teeleak_tests::{Answer, golden, teeleak};

use crate::support::{DRM_PLAYER, capture, fixture, folder, observed};

fn analyze(arguments: &[&str], name: &str) -> Answer {
    let trace = fixture(&format!("strace/{name}.strace"));
    let mut answer = teeleak(&[&["analyze"], arguments, &[&*trace]].concat());
    answer.out = answer.out.replace(&fixture("strace/"), "");
    answer
}

fn compare(arguments: &[&str], name: &str, exit: Exit) {
    let answer = analyze(arguments, name);
    assert_eq!(answer.exit, exit, "{}", answer.err);
    golden(&format!("strace.{name}.txt"), &answer.out);
}

#[test]
fn the_order_of_calls_names_both_processes() {
    compare(&["--protocol", DRM_PLAYER], "7.2.two-processes-close-before-unmap", Exit::Order);
}

#[test]
fn what_is_not_closed_is_reported_with_its_process() {
    compare(&[], "7.2.dups-that-are-never-closed", Exit::Blind);
}

#[test]
fn a_client_that_is_killed_leaves_its_session_to_the_kernel() {
    compare(&[], "7.2.killed-within-a-session", Exit::Blind);
}

#[test]
fn undecoded_ioctls_still_show_descriptors() {
    compare(&[], "7.2.ioctls-shown-as-numbers", Exit::Blind);
}

#[test]
fn what_made_a_task_need_not_be_traced() {
    compare(&[], "7.2.without-clone-and-exec", Exit::Blind);
}

#[test]
fn a_trace_and_a_console_go_together() {
    let log = fixture("log/4.10.qemu-dumps-of-a-region-leak.log");
    let alone = teeleak(&["analyze", "--json", &log]);
    let trace = fixture("strace/7.2.two-processes-close-before-unmap.strace");
    let both = teeleak(&["analyze", "--json", &log, "--strace", &trace]);
    assert_eq!((alone.exit, both.exit), (Exit::Leak, Exit::Leak), "{}", both.err);
    assert!(both.out.contains("\"strace\"") && !alone.out.contains("\"strace\""));
}

#[test]
fn files_of_several_tasks_are_read_by_time() {
    let folder = folder("strace/tasks");
    let trace = fs::read_to_string(fixture("strace/7.2.two-processes-close-before-unmap.strace"));
    let trace = trace.unwrap();
    let mut tasks: Vec<&str> = trace.lines().filter_map(|line| line.split(' ').next()).collect();
    tasks.sort_unstable();
    tasks.dedup();
    for task in tasks {
        let own = trace.lines().filter_map(|line| line.strip_prefix(task));
        let text: String = own.map(|line| format!("{}\n", line.trim_start())).collect();
        fs::write(folder.join(format!("calls.{task}")), text).unwrap();
    }
    let folder = folder.display().to_string();
    let answer = teeleak(&["analyze", "--protocol", DRM_PLAYER, &folder]);
    assert_eq!(answer.exit, Exit::Order, "{}", answer.out);
    assert!(answer.out.contains("of 2 processes (from strace)"), "{}", answer.out);
}

#[test]
fn a_trace_says_whose_the_events_of_a_capture_are() {
    let trace = folder("strace").join("of-a-capture.strace");
    let name = "close-before-unmap-2";
    let lines: String = observed(name).events.iter().filter_map(line).collect();
    fs::write(&trace, lines).unwrap();
    let trace = trace.display().to_string();
    let answer = teeleak(&["report", "--protocol", DRM_PLAYER, "--strace", &trace, &capture(name)]);
    assert_eq!(answer.exit, Exit::Order, "{}", answer.err);
    assert!(answer.out.contains("(from strace)"), "{}", answer.out);
    assert!(answer.out.contains("unmatched: 0"), "{}", answer.out);
    let blame = |line: &str| {
        line.contains("unmap by process pid 1002, ")
            && line.contains("after close_channel by process pid 1003")
    };
    assert!(answer.out.lines().any(blame), "{}", answer.out);
    assert!(!answer.out.contains("recorded nothing"), "{}", answer.out);
}

/// What strace 7.2 would have printed of the call that caused an event: the session's number, and a
/// thousand, for a process. Its clock is another one.
fn line(event: &Event) -> Option<String> {
    if event.opener != 0 {
        return None;
    }
    let (session, result) = (event.session?, event.code()?);
    let pairs = event.values.chunks(2).map(|pair| {
        let attr = "TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_INPUT";
        format!("{{attr={attr}, a={:#x}, b={:#x}, c=0}}", pair[0], pair[1])
    });
    let params = pairs.collect::<Vec<_>>().join(", ");
    let (name, asked, output) = match event.kind {
        EventKind::Open => (
            "TEE_IOC_OPEN_SESSION",
            format!("buf_ptr={{uuid={}, params=[]", event.uuid?),
            format!("session={session:#x}, ret={result}"),
        ),
        EventKind::Invoke => (
            "TEE_IOC_INVOKE",
            format!("buf_ptr={{func={}, session={session:#x}, params=[{params}]", event.cmd?),
            format!("ret={result}, ret_origin=TEEC_ORIGIN_TRUSTED_APP, params=[{params}]"),
        ),
        EventKind::Close => {
            ("TEE_IOC_CLOSE_SESSION", format!("{{session={session:#x}"), String::new())
        }
        _ => return None,
    };
    let (pid, us) =
        (1000 + session, |ns: u64| format!("{}.{:06}", ns / 1_000_000_000, ns / 1000 % 1_000_000));
    let took = event.duration_ns? + 20_000;
    let at = 1_795_000_000_000_000_000 + event.time?.ns - took + 10_000;
    let end = if output.is_empty() { "}".into() } else { format!("}}}} => {{{output}}}}}") };
    Some(format!(
        "{pid} {} ioctl(3</dev/tee0>, {name}, {{{asked}{end}) = 0 <{}>\n",
        us(at),
        us(took)
    ))
}
