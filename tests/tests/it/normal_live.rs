//! `--with normal-world`: real processes of this system, and trees of files that stand for a kernel's.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use teeleak::Exit;
use teeleak_tests::{Answer, Simulated, Tee, World, golden};

use crate::support::empty;

fn scratch(name: &str) -> PathBuf {
    let folder = empty("normal-live", name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// This system, without a TEE.
fn here() -> World {
    World { root: "/".into(), ..World::without_tee() }
}

/// The system whose files lie below `root`.
fn played(root: &Path) -> World {
    World { root: root.to_owned(), ..World::without_tee() }
}

fn run(world: &World, more: &[&str], workload: &str) -> Answer {
    let first = ["run", "--with", "normal-world", "-n", "8", "--warmup", "1", "--idle", "2"];
    let last = ["--", "sh", "-c", workload];
    world.run(&[&first, more, &last].concat())
}

/// A process that does something for each request.
struct Server {
    child: Child,
    folder: PathBuf,
}

impl Server {
    /// `service` is what it does.
    fn start(name: &str, service: &str) -> Self {
        let folder = scratch(name);
        for name in ["request", "answer"] {
            assert!(Command::new("mkfifo").arg(folder.join(name)).status().unwrap().success());
        }
        let script = format!(
            "exec 3<>request 1<>answer; while read -r -u 3 line; do {service}; echo done; done"
        );
        let child = Command::new("bash")
            .args(["-c", &script])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, folder }
    }

    /// A workload that has it serve one request.
    fn request(&self) -> String {
        let folder = self.folder.display();
        format!("cd {folder} && echo open > request && read -r answer < answer")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_server_that_forgets_descriptors_is_named() {
    let server = Server::start("forgetful", "exec {fd}</dev/null");
    let capture = server.folder.join("loop.tlk").display().to_string();
    let answer = run(&here(), &["-v", "-o", &capture], &server.request());
    let said = format!("pid {} (bash): ", server.child.id());
    for text in [&*said, "1 more per iteration; its limit of ", "growth by kind: 8 of /dev/null"] {
        assert!(answer.out.contains(text), "{text}\n{}\n{}", answer.out, answer.err);
    }
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    let again = here().run(&["report", "-v", &capture]);
    assert_eq!((again.exit, again.out), (answer.exit, answer.out));
}

#[test]
fn this_system_is_observed_without_a_tee() {
    // Whatever else runs here may leak meanwhile.
    let answer = run(&here(), &[], "true");
    assert!(answer.out.contains("normal world only"), "{}", answer.out);
    assert!(answer.err.contains("the TEE is not observed: /dev/tee0 is missing"), "{}", answer.err);
}

/// A real process, on a system whose other processes and memory stay as they are.
#[test]
fn a_server_that_closes_what_it_opens_is_not_named() {
    let server = Server::start("careful", "exec {fd}</dev/null {fd}<&-");
    let root = system("one-process");
    let pid = server.child.id().to_string();
    let real = Path::new("/proc").join(&pid);
    std::os::unix::fs::symlink(real, root.join("proc").join(&pid)).unwrap();
    let answer = run(&played(&root), &[], &server.request());
    assert_ne!(answer.exit, Exit::Leak, "{}", answer.out);
    assert!(!answer.out.contains("(bash)"), "{}", answer.out);
}

/// The same process would be named.
#[test]
fn a_server_that_forgets_is_named_there() {
    let server = Server::start("forgetful-there", "exec {fd}</dev/null");
    let root = system("one-forgetful-process");
    let pid = server.child.id().to_string();
    let real = Path::new("/proc").join(&pid);
    std::os::unix::fs::symlink(real, root.join("proc").join(&pid)).unwrap();
    let answer = run(&played(&root), &[], &server.request());
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
}

/// A process of a played system, with a standard input and nothing else.
fn process(root: &Path, pid: u32, comm: &str) {
    let folder = root.join("proc").join(pid.to_string());
    for sub in ["fd", "fdinfo"] {
        fs::create_dir_all(folder.join(sub)).unwrap();
    }
    let zeros = "0 ".repeat(18);
    fs::write(folder.join("stat"), format!("{pid} ({comm}) S {zeros}4711 0 0\n")).unwrap();
    let limits = "Limit Soft Hard Units\nMax open files            1024   4096   files\n";
    fs::write(folder.join("limits"), limits).unwrap();
    fs::write(folder.join("maps"), "").unwrap();
    std::os::unix::fs::symlink("/dev/null", folder.join("fd/0")).unwrap();
}

fn system(name: &str) -> PathBuf {
    let root = scratch(name);
    process(&root, 1, "init");
    process(&root, 784, "allocator@4.0-s");
    process(&root, 29202, "camerahalserver");
    let memory =
        "MemTotal: 2000000 kB\nMemFree: 1000000 kB\nAnonPages: 300000 kB\nSlab: 90000 kB\n";
    fs::write(root.join("proc/meminfo"), memory).unwrap();
    let debugfs = root.join("sys/kernel/debug/dma_buf");
    fs::create_dir_all(&debugfs).unwrap();
    fs::write(debugfs.join("bufinfo"), "\nDma-buf Objects:\n").unwrap();
    root
}

/// A shot of the camera: a buffer that the allocator lets go, and a copy that the camera keeps.
const SHOT: &str = r#"
n=$(ls proc/29202/fd | wc -l)
ln -s /dmabuf:halbuf proc/29202/fd/$((400 + n))
printf 'pos:\t0\nflags:\t02\nmnt_id:\t8\nino:\t%d\nsize:\t25165824\ncount:\t1\nexp_name:\tmtk_mm\nname:\thalbuf\n' \
    $((5771000 + n)) > proc/29202/fdinfo/$((400 + n))
printf '%08d\t00000002\t00080007\t00000001\tmtk_mm\t%08d\thalbuf\n' 25165824 $((5771000 + n)) \
    >> sys/kernel/debug/dma_buf/bufinfo
"#;

#[test]
fn buffers_that_a_process_keeps_are_reported_with_their_holder() {
    let root = system("camera");
    fs::write(root.join("shot.sh"), SHOT).unwrap();
    let workload = format!("cd {} && . ./shot.sh", root.display());
    let answer = run(&played(&root), &["-v"], &workload);
    assert_eq!(answer.exit, Exit::Leak, "{}\n{}", answer.out, answer.err);
    golden("normal-live.camera.txt", &answer.out.replace(&*root.display().to_string(), "box"));
}

/// Takes the next number from a list, and makes as many areas of the kernel's address space.
const AREAS: &str = r"
n=$(head -n 1 numbers)
sed -i 1d numbers
for i in $(seq $n); do
    printf '0x00000000%08x-0x00000000%08x   20480 kernel_clone+0xa8/0x478 pages=4 vmalloc N0=4\n' \
        $((i * 7919)) $((i * 104729))
done > proc/vmallocinfo
";

/// As many as a real kernel had while one process more was left in each iteration, and others came and went.
#[test]
fn an_entry_that_rises_in_most_iterations_is_never_clean() {
    let root = system("areas");
    fs::write(root.join("areas.sh"), AREAS).unwrap();
    fs::write(root.join("numbers"), "64\n65\n64\n65\n66\n67\n68\n67\n69\n70\n72\n72\n").unwrap();
    let workload = format!("cd {} && . ./areas.sh", root.display());
    let answer = run(&played(&root), &[], &workload);
    assert_ne!(answer.exit, Exit::Clean, "{}", answer.out);
    assert!(answer.out.contains("vmallocinfo kernel_clone"), "{}", answer.out);
}

/// A run of as many areas as the list has, which changes in idle iterations, too.
fn areas_beside_another_load(name: &str, numbers: &[u32]) -> Answer {
    let root = system(name);
    fs::write(root.join("areas.sh"), AREAS).unwrap();
    let lines: Vec<_> = numbers.iter().map(|n| format!("{n}\n")).collect();
    fs::write(root.join("numbers"), lines.concat()).unwrap();
    let workload = format!("cd {} && . ./areas.sh", root.display());
    let idle = ["sh", "-c", &workload].map(Into::into).to_vec();
    let world = World { idle, ..played(&root) };
    let arguments = ["--with", "normal-world", "-n", "9", "--warmup", "0", "--idle", "3", "--"];
    world.run(&[&["run"], &arguments[..], &["sh", "-c", &workload]].concat())
}

/// In so few idle iterations nobody can say whose growth it is.
#[test]
fn what_grows_in_idle_iterations_as_well_is_never_clean() {
    let numbers: Vec<_> = (64..80).collect();
    let answer = areas_beside_another_load("areas-of-others", &numbers);
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    assert!(answer.out.contains("vmallocinfo kernel_clone"), "{}", answer.out);
}

#[test]
fn what_others_allocate_once_takes_no_leak_away() {
    for idle in [[64, 64, 66], [64, 66, 66], [64, 67, 66]] {
        let numbers: Vec<_> = idle.into_iter().chain(66..80).collect();
        let answer = areas_beside_another_load("areas-of-one-more", &numbers);
        assert_eq!(answer.exit, Exit::Leak, "{idle:?} {}", answer.out);
    }
}

/// Areas that were freed wait in the list until there are enough of them.
#[test]
fn freed_areas_are_no_leak() {
    let root = system("freed-areas");
    let area = "0x00000000%08x-0x00000000%08x   20480 unpurged vm_area\\n";
    let workload = format!(
        "cd {} && n=$(wc -l < proc/vmallocinfo) && printf '{area}' $((n * 7919)) $((n * 104729)) >> proc/vmallocinfo",
        root.display()
    );
    let kept = "0x00000000aa000000-0x00000000ab000000   20480 kernel_clone+0xa8/0x478 pages=4 vmalloc N0=4\n";
    fs::write(root.join("proc/vmallocinfo"), kept).unwrap();
    let answer = run(&played(&root), &[], &workload);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.out);
}

/// Buffers that are on the kernel's list and nowhere else: a driver imported them.
#[test]
fn buffers_that_only_the_kernel_has_are_reported() {
    let root = system("kernel");
    let line = SHOT.lines().rev().take(2).collect::<Vec<_>>();
    let list = [line[1], line[0]].join("\n");
    let count = "n=$(wc -l < sys/kernel/debug/dma_buf/bufinfo)";
    let workload = format!("cd {} && {count}\n{list}", root.display());
    let answer = run(&played(&root), &[], &workload);
    assert_eq!(answer.exit, Exit::Leak, "{}\n{}", answer.out, answer.err);
    assert!(answer.out.contains("without a process, 1 per iteration"), "{}", answer.out);
}

#[test]
fn files_that_are_none_and_noise_are_survived() {
    let root = system("noise");
    let proc = root.join("proc");
    fs::remove_file(proc.join("meminfo")).unwrap();
    assert!(Command::new("mkfifo").arg(proc.join("meminfo")).status().unwrap().success());
    fs::write(proc.join("1/stat"), b"\xff\xfe(((\0 1 2").unwrap();
    fs::write(proc.join("784/stat"), "784 (a\nb) ) S ".to_owned() + &"9 ".repeat(40)).unwrap();
    fs::write(proc.join("784/limits"), vec![0xa5; 1 << 16]).unwrap();
    fs::write(proc.join("buddyinfo"), vec![b'x'; 9 << 20]).unwrap();
    fs::create_dir_all(proc.join("slabinfo")).unwrap();
    let answer = run(&played(&root), &[], "true");
    assert_ne!(answer.exit, Exit::Leak, "{}", answer.out);
    for text in ["normal world: buddyinfo: no room", "normal world: slabinfo: changed"] {
        assert!(answer.out.contains(text), "{text}\n{}", answer.out);
    }
}

#[test]
fn a_snapshot_shows_who_holds_what() {
    let root = system("snapshot");
    fs::write(root.join("shot.sh"), SHOT).unwrap();
    assert!(Command::new("sh").arg("shot.sh").current_dir(&root).status().unwrap().success());
    let answer = played(&root).run(&["snapshot", "--with", "normal-world"]);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    golden("normal-live.snapshot.txt", &answer.out);
    let answer = played(&root).run(&["snapshot", "--with", "normal-world", "--json"]);
    let snapshot: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let buffer = &snapshot["normal_world"]["dma_bufs"][0];
    assert_eq!(buffer["holders"][0]["fd"], 401, "{buffer}");
    assert_eq!(snapshot["sites"], serde_json::Value::Null);
}

/// A folder that a watch without a TEE keeps for so many seconds, and what it says.
fn watched(root: &Path, folder: &str, seconds: u64, script: &'static str) -> (PathBuf, Answer) {
    let mut world = played(root);
    let (interrupt, place) = (world.interrupt.clone(), root.to_owned());
    let began = std::cell::Cell::new(None);
    world.time = Some(Simulated::new(move |now| {
        let second = (now - began.get().unwrap_or(now)).as_secs();
        began.set(began.get().or(Some(now)));
        let done = Command::new("sh").args(["-c", script]).current_dir(&place).status().unwrap();
        assert!(done.success());
        if second >= seconds {
            interrupt.set();
        }
    }));
    let folder = scratch(folder);
    let dir = folder.display().to_string();
    let answer = world.run(&["watch", "--dir", &dir, "--with", "normal-world", "--census", "1"]);
    (folder, answer)
}

#[test]
fn a_watch_without_a_tee_raises_an_alarm() {
    let root = system("watch");
    let (folder, answer) = watched(&root, "window", 14, SHOT);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    let said = "alarm: pid 29202 (camerahalserver): ";
    assert!(answer.err.contains(said), "{}", answer.err);
    let window = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let dumps = window.filter(|path| path.display().to_string().contains("dump-"));
    let dump = dumps.max().unwrap();
    let report = played(&root).run(&["report", &dump.display().to_string()]);
    assert!(report.out.contains("pid 29202 (camerahalserver): "), "{}", report.out);
    assert_eq!(report.exit, Exit::Leak, "{}", report.out);
}

/// A table that is nearly full is an alarm before anybody knows whether it grows.
#[test]
fn a_watch_says_when_descriptors_run_out() {
    let root = system("full");
    let limits = "Max open files            20   20   files\n";
    fs::write(root.join("proc/784/limits"), limits).unwrap();
    let fill = "for n in $(seq 1 18); do ln -sf /dev/null proc/784/fd/$n; done";
    let (_, answer) = watched(&root, "full-window", 4, fill);
    let said = "alarm: descriptors of allocator@4.0-s: 1 of 20 objects left";
    assert!(answer.err.contains(said), "{}", answer.err);
}

/// A kernel with `slub_debug=U` and `page_owner=on`: functions that allocate more each time are named.
#[test]
fn functions_of_the_kernel_that_allocate_more_are_reported() {
    let root = system("functions");
    for folder in ["sys/kernel/debug/slab/kmalloc-128", "sys/kernel/debug/slab/dentry"] {
        fs::create_dir_all(root.join(folder)).unwrap();
        let text = "    500 d_alloc+0x1/0x2 age=1/2/3 pid=1-9\n";
        fs::write(root.join(folder).join("alloc_traces"), text).unwrap();
    }
    let page = "Page allocated via order 0, mask 0x1, pid 7, ts 1 ns\nPFN 1 type Unmovable\n \
                get_page_from_freelist+0x1/0x2\n ion_alloc+0x3/0x4 [ion]\n\n";
    fs::write(root.join("page"), page.repeat(300)).unwrap();
    fs::write(root.join("sys/kernel/debug/page_owner"), page).unwrap();
    fs::write(root.join("sys/kernel/debug/kmemleak"), "").unwrap();
    let work = "echo x >> n; cat page >> sys/kernel/debug/page_owner; printf '%7d %s\\n' $(($(wc -l < n) * 40)) \
                'set_reg+0x1/0x2 [mali] age=1/2/3 pid=1-9' > sys/kernel/debug/slab/kmalloc-128/alloc_traces";
    let answer = run(&played(&root), &[], &format!("cd {} && {work}", root.display()));
    for text in [
        "set_reg [mali] in kmalloc-128: 40 -> 360 objects, 40 more per iteration",
        "ion_alloc [ion]: 1 -> 2,701 blocks of pages, of 4,096 bytes each, 11,059,200 bytes",
    ] {
        assert!(answer.out.contains(text), "{text}\n{}\n{}", answer.out, answer.err);
    }
    assert_eq!(answer.exit, Exit::Leak);
}

#[test]
fn both_worlds_are_one_report() {
    let root = system("both");
    fs::write(root.join("shot.sh"), SHOT).unwrap();
    let world = World { root: root.clone(), ..World::with(Tee::default()) };
    let answer = run(&world, &[], &format!("cd {} && . ./shot.sh", root.display()));
    for text in [", both worlds)", "pid 29202 (camerahalserver): ", "canary of 211 bytes found in"]
    {
        assert!(answer.out.contains(text), "{text}\n{}\n{}", answer.out, answer.err);
    }
    assert_eq!(answer.exit, Exit::Leak);
}

/// A TEE that is there and can't be reached leaves a doubt, whatever the normal world says.
#[test]
fn a_tee_that_is_out_of_reach_is_never_called_clean() {
    let world = World { node: true, ..played(&system("unreached")) };
    let answer = run(&world, &[], "true");
    assert!(answer.out.contains("the TEE was not observed: "), "{}", answer.out);
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    let snapshot = world.run(&["snapshot", "--with", "normal-world"]);
    assert_eq!(snapshot.exit, Exit::Blind, "{}", snapshot.out);
}
