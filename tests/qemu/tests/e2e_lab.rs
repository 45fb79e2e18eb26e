//! The lab itself, on a real OP-TEE in QEMU.

use std::fs;
use std::time::{Duration, Instant};

use teeleak_qemu::{Guest, Lab, Result, User};

const LIMIT: Duration = Duration::from_secs(60);

/// One boot for all of it: booting is most of the time.
#[test]
fn a_guest_does_what_it_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("tool");
    fs::write(&script, "#!/bin/sh\necho \"tool $1\"\n").unwrap();
    let files = [(script, "bin/tool".to_owned())];
    let mut guest = Lab::new().unwrap().boot("default", &files).unwrap();
    codes_and_outputs_come_back(&mut guest).unwrap();
    users_are_distinguished(&mut guest).unwrap();
    commands_run_side_by_side(&mut guest).unwrap();
    a_hung_command_is_killed(&mut guest).unwrap();
    fs::write(guest.share().join("input"), "from the host").unwrap();
    guest.exec("cat /share/input > /share/output", LIMIT).unwrap().success().unwrap();
    assert_eq!(fs::read_to_string(guest.share().join("output")).unwrap(), "from the host");
    let log = fs::read_to_string(guest.secure_log()).unwrap();
    assert!(log.contains("OP-TEE version"), "{log}");
    let share = guest.share();
    guest.shutdown().unwrap();
    // The kill made an error, and errors keep their run's files for people.
    fs::remove_dir_all(share.parent().unwrap()).unwrap();
}

fn codes_and_outputs_come_back(guest: &mut Guest) -> Result<()> {
    let outcome = guest.exec("tool one; echo two >&2; exit 7", LIMIT)?;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (7, "tool one\n"), "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "two\n");
    assert_eq!(guest.exec("kill -SEGV $$", LIMIT)?.code, 128 + 11);
    let error = message(guest.exec("false", LIMIT)?.success());
    assert!(error.contains("ended with 1"), "{error}");
    Ok(())
}

fn users_are_distinguished(guest: &mut Guest) -> Result<()> {
    let open = "id -u; exec 5<>/dev/tee0";
    let root = guest.exec(open, LIMIT)?;
    assert_eq!((root.code, root.stdout.as_str()), (0, "0\n"));
    let member = guest.exec_as(User::Guest, open, LIMIT)?;
    assert_eq!((member.code, member.stdout.as_str()), (0, "1000\n"), "{}", member.stderr);
    let nobody = guest.exec_as(User::Nobody, open, LIMIT)?;
    assert_eq!(nobody.stdout, "65534\n");
    assert_ne!(nobody.code, 0);
    Ok(())
}

fn commands_run_side_by_side(guest: &mut Guest) -> Result<()> {
    // Each waits for the other: one after the other they would hang.
    let wait = |name: &str| format!("until [ -e /tmp/{name} ]; do usleep 1000; done");
    let first = guest.start(User::Root, &format!("touch /tmp/a; {}", wait("b")))?;
    let second = guest.start(User::Root, &format!("{}; touch /tmp/b", wait("a")))?;
    assert_eq!(guest.wait(second, LIMIT)?.code, 0);
    assert_eq!(guest.wait(first, LIMIT)?.code, 0);
    Ok(())
}

fn a_hung_command_is_killed(guest: &mut Guest) -> Result<()> {
    let started = Instant::now();
    let hang = "echo before; (sleep 1000) & sleep 1000";
    let error = message(guest.exec(hang, Duration::from_secs(2)));
    for part in ["within 2 s", "it was killed", "before", "normal world's console", "secure world"]
    {
        assert!(error.contains(part), "{error}");
    }
    assert!(started.elapsed() < LIMIT);
    let left = guest.exec("ps | grep -c '[s]leep 1000'", LIMIT)?;
    assert_eq!(left.stdout, "0\n", "its children are gone, too");
    Ok(())
}

#[test]
fn a_guest_that_dies_is_reported_with_its_consoles() {
    let mut guest = Lab::new().unwrap().boot("stock", &[]).unwrap();
    let error = message(guest.exec("echo c > /proc/sysrq-trigger", LIMIT));
    assert!(error.contains("went down") && error.contains("sysrq"), "{error}");
    fs::remove_dir_all(guest.share().parent().unwrap()).unwrap();
}

fn message<T>(result: Result<T>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}
