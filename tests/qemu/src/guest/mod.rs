//! A running guest: boot once, run many commands.
//!
//! Commands and their files go through a 9p share, the word that one is to
//! start or has ended through a virtio port: no polling, and no searching in
//! console output. QEMU dies with the [`Guest`]; a guest whose host is gone
//! powers itself off.

mod control;
mod run_dir;
mod tail;

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use control::{Control, Ended};
use run_dir::RunDir;
use tail::Tail;

use crate::error::{LabError, Result, tail_of_file};
use crate::firmware::Firmware;
use crate::qemu::{self, How, Machine};
use crate::rootfs::Rootfs;

/// How long a guest may take to its first command. 14 to 20 s on an idle
/// machine of two cores.
const BOOT_LIMIT: Duration = Duration::from_secs(240);
/// How long a killed command may take to be gone.
const KILL_LIMIT: Duration = Duration::from_secs(15);
/// How long the guest may take to power off.
const OFF_LIMIT: Duration = Duration::from_secs(30);
/// Lines of each console in an error.
const TAIL_LINES: usize = 40;

/// A running guest.
#[derive(Debug)]
pub struct Guest {
    child: Child,
    control: Control,
    dir: RunDir,
    next: u32,
}

/// How a command ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Exit code of the command; a signal is 128 plus its number.
    pub code: i32,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// A command that was started and not waited for yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Running {
    id: u32,
}

/// Who runs a command in the guest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum User {
    /// The superuser.
    Root,
    /// Uid 1000, in the group that may open the TEE's device.
    Guest,
    /// Uid 65534, which may not open it.
    Nobody,
}

impl User {
    fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Guest => "guest",
            Self::Nobody => "nobody",
        }
    }
}

impl Guest {
    /// Boots a guest whose share already holds `files`: pairs of a file here
    /// and its place in the share, such as `bin/teeleak`.
    ///
    /// # Errors
    /// When QEMU does not start or the guest is not ready in time.
    pub(crate) fn boot(
        how: How<'_>,
        (firmware, rootfs): (&Firmware, &Rootfs),
        files: &[(PathBuf, String)],
    ) -> Result<Self> {
        let dir = RunDir::new()?;
        for folder in ["share/bin", "share/ta", "share/lib", "share/run"] {
            dir.make(folder)?;
        }
        for (from, to) in files {
            put(from, &dir.path().join("share"), to)?;
        }
        dir.share_console()?;
        let listener = Control::listen(&dir.path().join("control"))?;
        let mut child = spawn(&machine(how, (firmware, rootfs), dir.path())?)?;
        let control = match listener.accept(&mut child) {
            Ok(control) => control,
            Err(error) => {
                stop(&mut child);
                return Err(with_consoles(&dir, &error.to_string()));
            }
        };
        let guest = Self { child, control, dir, next: 0 };
        match guest.control.wait_ready(BOOT_LIMIT, || secure_panic(&guest.dir)) {
            Ended::Code(_) => Ok(guest),
            Ended::GuestGone => Err(guest.error("the guest went down before it was ready")),
            Ended::Given(why) => Err(guest.error(&why)),
            Ended::TimedOut => {
                let limit = BOOT_LIMIT.as_secs();
                Err(guest.error(&format!("the guest was not ready within {limit} s")))
            }
        }
    }

    /// Runs a shell command as root and waits for its end.
    ///
    /// # Errors
    /// When it does not end within `limit` (it is killed) or the guest is
    /// gone. A command that ends with an error is no error here.
    pub fn exec(&mut self, command: &str, limit: Duration) -> Result<Outcome> {
        self.exec_as(User::Root, command, limit)
    }

    /// The same as another user.
    ///
    /// # Errors
    /// As [`Guest::exec`].
    pub fn exec_as(&mut self, user: User, command: &str, limit: Duration) -> Result<Outcome> {
        let running = self.start(user, command)?;
        self.wait(running, limit)
    }

    /// Starts a command and returns at once; several may run at a time.
    ///
    /// # Errors
    /// When the share cannot be written or the guest is gone.
    pub fn start(&mut self, user: User, command: &str) -> Result<Running> {
        self.next += 1;
        let id = self.next;
        let dir = self.dir.make(&format!("share/run/{id}"))?;
        let script = dir.join("command");
        fs::write(&script, command).map_err(LabError::io("write", &script))?;
        // Another user than root has to read it.
        open_to_all(&script, 0o644)?;
        let line = format!("run {id} {}", user.name());
        self.control.send(&line).map_err(|error| self.error(&error.to_string()))?;
        Ok(Running { id })
    }

    /// Waits for a command that was started.
    ///
    /// # Errors
    /// As [`Guest::exec`].
    pub fn wait(&mut self, running: Running, limit: Duration) -> Result<Outcome> {
        let ended = self.control.wait_done(running.id, limit, || secure_panic(&self.dir));
        self.conclude(running, limit, ended)
    }

    /// The same, showing on our standard output and error what the command
    /// writes to its own while it runs.
    ///
    /// # Errors
    /// As [`Guest::exec`].
    pub fn wait_shown(&mut self, running: Running, limit: Duration) -> Result<Outcome> {
        let mut stdout = Tail::of(self.stdout_path(running));
        let mut stderr = Tail::of(self.stderr_path(running));
        let mut show = || {
            stdout.copy_to(&mut std::io::stdout().lock());
            stderr.copy_to(&mut std::io::stderr().lock());
        };
        let ended = self.control.wait_done(running.id, limit, || {
            show();
            secure_panic(&self.dir)
        });
        show();
        self.conclude(running, limit, ended)
    }

    fn conclude(&mut self, running: Running, limit: Duration, ended: Ended) -> Result<Outcome> {
        match ended {
            Ended::Code(code) => self.outcome(running.id, code),
            Ended::GuestGone => Err(self.error("the guest went down while a command ran")),
            Ended::Given(why) => Err(self.error(&why)),
            Ended::TimedOut => Err(self.timed_out(running.id, limit)),
        }
    }

    /// What a running command has written to standard output so far.
    #[must_use]
    pub fn stdout_path(&self, running: Running) -> PathBuf {
        self.dir.path().join(format!("share/run/{}/stdout", running.id))
    }

    /// What a running command has written to standard error so far.
    #[must_use]
    pub fn stderr_path(&self, running: Running) -> PathBuf {
        self.dir.path().join(format!("share/run/{}/stderr", running.id))
    }

    /// The folder that the guest sees as `/share`.
    #[must_use]
    pub fn share(&self) -> PathBuf {
        self.dir.path().join("share")
    }

    /// Puts a file into the share, for instance at `bin/x` or `ta/<uuid>.ta`.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn put(&self, from: &Path, to: &str) -> Result<()> {
        put(from, &self.share(), to)
    }

    /// The secure world's console so far. The guest sees it as `/share/console`.
    #[must_use]
    pub fn secure_log(&self) -> PathBuf {
        self.dir.secure_log()
    }

    /// The normal world's console so far.
    #[must_use]
    pub fn normal_log(&self) -> PathBuf {
        self.dir.path().join("normal.log")
    }

    /// Powers the guest off and waits for QEMU to end.
    ///
    /// # Errors
    /// When it does not end in time (it is killed then).
    pub fn shutdown(mut self) -> Result<()> {
        self.control.send("off").map_err(|error| self.error(&error.to_string()))?;
        let end = Instant::now() + OFF_LIMIT;
        while Instant::now() < end {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(self.error("the guest did not power off"))
    }

    fn outcome(&self, id: u32, code: i32) -> Result<Outcome> {
        let dir = self.dir.path().join(format!("share/run/{id}"));
        let read = |name: &str| {
            let path = dir.join(name);
            let bytes = fs::read(&path).map_err(LabError::io("read", &path))?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        Ok(Outcome { code, stdout: read("stdout")?, stderr: read("stderr")? })
    }

    fn timed_out(&mut self, id: u32, limit: Duration) -> LabError {
        let killed = self.control.send(&format!("kill {id}")).is_ok()
            && matches!(self.control.wait_done(id, KILL_LIMIT, || None), Ended::Code(_));
        let fate = if killed { "it was killed" } else { "it cannot even be killed" };
        let command = self.dir.path().join(format!("share/run/{id}/command"));
        self.error(&format!(
            "a command did not end within {} s; {fate}\ncommand: {}\nits output: {}\n{}",
            limit.as_secs(),
            tail_of_file(&command, 3),
            tail_of_file(&command.with_file_name("stdout"), 10),
            tail_of_file(&command.with_file_name("stderr"), 10),
        ))
    }

    fn error(&self, what: &str) -> LabError {
        with_consoles(&self.dir, what)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

impl Outcome {
    /// This outcome if the command ended well.
    ///
    /// # Errors
    /// When its exit code is not 0, with what it wrote.
    pub fn success(self) -> Result<Self> {
        if self.code == 0 {
            return Ok(self);
        }
        Err(LabError::Unusable(format!(
            "the command ended with {}\n{}{}",
            self.code, self.stdout, self.stderr
        )))
    }
}

fn machine(how: How<'_>, (firmware, rootfs): (&Firmware, &Rootfs), dir: &Path) -> Result<Machine> {
    let meta = fs::metadata(&rootfs.initrd).map_err(LabError::io("look at", &rootfs.initrd))?;
    Ok(Machine {
        clock: how.clock,
        options: how.options.to_owned(),
        flash: firmware.flash(),
        kernel: rootfs.kernel.clone(),
        initrd: rootfs.initrd.clone(),
        initrd_bytes: meta.len(),
        dir: dir.to_path_buf(),
    })
}

fn spawn(machine: &Machine) -> Result<Child> {
    let log = machine.dir.join("qemu.log");
    let out = File::create(&log).map_err(LabError::io("create", &log))?;
    let err = out.try_clone().map_err(LabError::io("open", &log))?;
    Command::new(qemu::PROGRAM)
        .args(qemu::arguments(machine))
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .map_err(LabError::io("start (`cargo xtask setup` installs it)", Path::new(qemu::PROGRAM)))
}

/// Ends QEMU; that it may have ended already is all right.
fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// What lies in `bin` can be run, whatever its mode is here.
fn put(from: &Path, share: &Path, place: &str) -> Result<()> {
    let to = share.join(place);
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(LabError::io("create", parent))?;
    }
    fs::copy(from, &to).map_err(LabError::io("copy", from))?;
    open_to_all(&to, if place.starts_with("bin/") { 0o755 } else { 0o644 })
}

fn open_to_all(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(LabError::io("change the mode of", path))
}

/// The TEE core's last words, if it has panicked: then nothing will ever
/// answer again.
fn secure_panic(dir: &RunDir) -> Option<String> {
    let log = fs::read(dir.path().join("secure.log")).ok()?;
    let log = String::from_utf8_lossy(&log);
    let line = log.lines().find(|line| is_core_panic(line))?;
    Some(format!("the TEE core panicked: {line}"))
}

/// `E/TC:0 0 Panic 'why' at file:line <function>` or `E/TC:0 0 Panic at ...`
/// (core/kernel/panic.c, 3.0 to 4.10). A TA's panic reads otherwise.
fn is_core_panic(line: &str) -> bool {
    let rest = line.trim_start_matches('*').strip_prefix("E/TC:");
    rest.is_some_and(|rest| rest.contains(" Panic at ") || rest.contains(" Panic '"))
}

fn with_consoles(dir: &RunDir, what: &str) -> LabError {
    dir.keep();
    let place = |name: &str| dir.path().join(name);
    let qemu = tail_of_file(&place("qemu.log"), 5);
    let separator = if qemu.is_empty() { "" } else { "\nqemu: " };
    LabError::Guest {
        what: format!("{what}{separator}{qemu}"),
        normal: tail_of_file(&place("normal.log"), TAIL_LINES),
        secure: tail_of_file(&place("secure.log"), TAIL_LINES),
        dir: dir.path().to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_panic_is_not_a_panic_of_a_ta() {
        assert!(is_core_panic("E/TC:0 0 Panic 'x' at core/kernel/a.c:1 <f>"));
        assert!(is_core_panic("*E/TC:1 0 Panic at core/kernel/a.c:1 <f>"));
        assert!(!is_core_panic("E/TC:? 0 TA panicked with code 0xffff000f"));
        assert!(!is_core_panic("E/TA:  Panic at will"));
    }

    #[test]
    fn success_keeps_the_output_of_a_failed_command() {
        let outcome = |code| Outcome { code, stdout: "out".into(), stderr: "err".into() };
        assert_eq!(outcome(0).success().unwrap().code, 0);
        let error = outcome(3).success().unwrap_err().to_string();
        assert!(error.contains("with 3") && error.contains("outerr"), "{error}");
    }
}
