//! A text of `strace -f -tt -T -e trace=%process,ioctl,openat,dup,fcntl,close,mmap,munmap` on the processes of a
//! media stack: files and buffers come and go, and now and then a copy of a descriptor is not closed.

use std::{
    collections::BTreeSet,
    io::{Result, Write},
};

use teeleak_bench_measure::Random;

/// Processes, and threads of each.
const PROCESSES: u64 = 8;
const THREADS: u64 = 6;

/// One copy in so many is never closed.
const FORGOTTEN: u64 = 50;

/// One call in so many is interrupted by another thread's.
const INTERRUPTED: u64 = 10;

/// A process: its number, the descriptors that it has, the copies among them, and what it has mapped.
struct Process {
    pid: u64,
    open: BTreeSet<u64>,
    copies: Vec<u64>,
    buffers: Vec<u64>,
    mapped: Vec<u64>,
}

/// A call: what stands in its brackets, and what it returns.
struct Call(&'static str, String, String);

impl Process {
    fn take(&mut self) -> u64 {
        let fd = (3..).find(|fd| !self.open.contains(fd)).unwrap_or(0);
        self.open.insert(fd);
        fd
    }

    fn close(&mut self, fd: u64) -> Call {
        self.open.remove(&fd);
        Call("close", fd.to_string(), "0".into())
    }

    fn any(&self, random: &mut Random) -> u64 {
        let at = usize::try_from(random.below(self.open.len() as u64)).unwrap_or(0);
        self.open.iter().nth(at).copied().unwrap_or(0)
    }

    fn next(&mut self, random: &mut Random) -> Call {
        match random.below(100) {
            0..50 => self.ask(random),
            50..65 => self.file(random),
            65..85 => self.map(random),
            85..93 => self.copy(random),
            _ => self.buffer(),
        }
    }

    fn ask(&self, random: &mut Random) -> Call {
        let fd = self.any(random);
        let what = match random.below(4) {
            0 => "DMA_BUF_IOCTL_SYNC, {flags=DMA_BUF_SYNC_RW|DMA_BUF_SYNC_START}".to_owned(),
            _ => format!("BINDER_WRITE_READ, {:#x}", 0x7de9_0000_0000 + random.below(1 << 24)),
        };
        Call("ioctl", format!("{fd}, {what}"), "0".into())
    }

    /// Opens a file, or closes the last one.
    fn file(&mut self, random: &mut Random) -> Call {
        let last = self.open.last().copied().unwrap_or(0);
        let is_file = !self.copies.contains(&last) && !self.buffers.contains(&last);
        if self.open.len() > 40 && is_file {
            return self.close(last);
        }
        let path = format!("/sys/devices/platform/soc/1a00{:04x}.codec/status", random.below(99));
        let fd = self.take();
        Call("openat", format!("AT_FDCWD, \"{path}\", O_RDONLY|O_CLOEXEC"), fd.to_string())
    }

    fn map(&mut self, random: &mut Random) -> Call {
        let size = 4096 << random.below(12);
        if let Some(at) = self.mapped.pop().filter(|_| self.mapped.len() > 20) {
            return Call("munmap", format!("{at:#x}, {size}"), "0".into());
        }
        let (fd, at) = (self.any(random), 0x7cf8_0000_0000 + 4096 * random.below(1 << 24));
        self.mapped.push(at);
        let args = format!("NULL, {size}, PROT_READ|PROT_WRITE, MAP_SHARED, {fd}, 0");
        Call("mmap", args, format!("{at:#x}"))
    }

    fn copy(&mut self, random: &mut Random) -> Call {
        if self.copies.len() > 4 {
            let fd = self.copies.swap_remove(0);
            return self.close(fd);
        }
        let (old, new) = (self.any(random), self.take());
        if random.below(FORGOTTEN) != 0 {
            self.copies.push(new);
        }
        match random.below(3) {
            0 => Call("fcntl", format!("{old}, F_DUPFD_CLOEXEC, 0"), new.to_string()),
            _ => Call("dup", old.to_string(), new.to_string()),
        }
    }

    /// A buffer by a descriptor that another process has sent, which no line shows.
    fn buffer(&mut self) -> Call {
        if self.buffers.len() > 8 {
            let fd = self.buffers.swap_remove(0);
            return self.close(fd);
        }
        let fd = self.take();
        self.buffers.push(fd);
        Call("ioctl", format!("{fd}, DMA_BUF_SET_NAME_B, \"frame\""), "0".into())
    }
}

/// When, in nanoseconds of the day.
struct Clock(u64);

impl Clock {
    fn stamp(&mut self, random: &mut Random) -> String {
        self.0 += 1000 * (1 + random.below(40));
        let (seconds, micros) = (self.0 / 1_000_000_000, self.0 / 1000 % 1_000_000);
        let (hours, minutes) = (12 + seconds / 3600 % 12, seconds / 60 % 60);
        format!("{hours:02}:{minutes:02}:{:02}.{micros:06}", seconds % 60)
    }
}

/// Writes lines until there are so many bytes.
pub(crate) fn write(bytes: u64, seed: u64, out: &mut impl Write) -> Result<()> {
    let (mut random, mut clock, mut written) = (Random(seed), Clock(0), 0);
    let mut processes: Vec<_> = (0..PROCESSES).map(process).collect();
    for Process { pid, .. } in &processes {
        let stamp = clock.stamp(&mut random);
        writeln!(
            out,
            "900 {stamp} clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = {pid}"
        )?;
        for tid in pid + 1..pid + THREADS {
            let (stamp, flags) = (clock.stamp(&mut random), "CLONE_VM|CLONE_FILES|CLONE_THREAD");
            writeln!(out, "{pid} {stamp} clone(child_stack=0x7f10, flags={flags}) = {tid}")?;
        }
    }
    while written < bytes {
        let at = usize::try_from(random.below(PROCESSES)).unwrap_or(0);
        let process = &mut processes[at];
        let task = process.pid + random.below(THREADS);
        let Call(name, args, result) = process.next(&mut random);
        let (stamp, took) = (clock.stamp(&mut random), random.below(900));
        let mut text = format!("{task} {stamp} {name}({args}");
        if random.below(INTERRUPTED) == 0 {
            text += &format!(" <unfinished ...>\n{task} {}", clock.stamp(&mut random));
            text += &format!(" <... {name} resumed>");
        }
        text += &format!(") = {result} <0.000{took:03}>\n");
        out.write_all(text.as_bytes())?;
        written += text.len() as u64;
    }
    Ok(())
}

fn process(n: u64) -> Process {
    Process {
        pid: 1000 + 100 * n,
        open: BTreeSet::from([0, 1, 2]),
        copies: Vec::new(),
        buffers: Vec::new(),
        mapped: Vec::new(),
    }
}
