//! What watching the normal world costs: processor time of `teeleak watch --with normal-world`, with a poll each
//! second and a census each minute, on this system with 500 processes more.
//!
//! `cargo xtask bench ledgers`. Time is simulated, so that polls follow each other at once; the files are this
//! system's own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark stops at the first surprise"
)]

use std::{
    cell::Cell,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};
use teeleak_tests::{Simulated, World};

/// Processes that do nothing.
const PROCESSES: usize = 500;

/// Seconds of a short and of a long watch; what both do at their begin and end does not count.
const SECONDS: [u64; 2] = [60, 660];

fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.try_into().unwrap(), now.tv_nsec.try_into().unwrap())
}

struct Sleepers(Vec<Child>);

impl Sleepers {
    fn start() -> Self {
        let sleeper = |_| Command::new("sleep").arg("3600").stdin(Stdio::null()).spawn().unwrap();
        Self((0..PROCESSES).map(sleeper).collect())
    }
}

impl Drop for Sleepers {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Processor time of a watch of so many seconds.
fn watch(seconds: u64) -> Duration {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ledgers");
    let _ = fs::remove_dir_all(&folder);
    let mut world = World { root: "/".into(), ..World::without_tee() };
    let (interrupt, began) = (world.interrupt.clone(), Cell::new(None));
    world.time = Some(Simulated::new(move |now| {
        began.set(began.get().or(Some(now)));
        if (now - began.get().unwrap()).as_secs() >= seconds {
            interrupt.set();
        }
    }));
    let before = processor_time();
    let answer = world.run(&["watch", "--dir", folder.to_str().unwrap(), "--with", "normal-world"]);
    assert!(answer.exit == teeleak::Exit::Clean, "{}", answer.err);
    processor_time() - before
}

fn main() {
    let _sleepers = Sleepers::start();
    let all = fs::read_dir("/proc").unwrap().flatten();
    let processes = all.filter(|entry| entry.file_name().to_str().unwrap().parse::<u32>().is_ok());
    let [short, long] = SECONDS.map(watch);
    let seconds = SECONDS[1] - SECONDS[0];
    let used = long.saturating_sub(short).as_secs_f64() / seconds as f64;
    println!("processes              {}", processes.count());
    println!("processor time         {:.2} ms per second", used * 1e3);
    println!("of one core            {:.2} %", used * 100.0);
    assert!(used < 0.02, "watching the normal world takes more than 2 % of one core");
}
