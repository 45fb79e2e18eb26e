//! What binder keeps of a process that has ended, since another one has its descriptor: its area is gone with
//! the process, its `binder_proc` stays (Linux `drivers/android/binder.c`, `binder_vma_close` and
//! `binder_release`).

use std::{
    fs::File,
    io::{IoSlice, IoSliceMut, stdin},
    mem::MaybeUninit,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    path::{Path, PathBuf},
    process::{self, Command},
    ptr,
};

use anyhow::{Context as _, Result, ensure};
use rustix::{
    cmsg_space,
    mm::{MapFlags, ProtFlags, mmap},
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
        SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
    },
};
use serde_json::{Value, json};

use crate::server::Work;

/// Bytes of a process's area, those that Android's libbinder takes: 1 MiB less two pages.
const AREA: usize = (1 << 20) - 2 * 4096;

/// Descriptors of processes that have ended.
pub(crate) struct Binder {
    device: PathBuf,
    well: bool,
    kept: Vec<OwnedFd>,
}

impl Binder {
    /// Of this device.
    pub(crate) fn new(device: &Path, well: bool) -> Self {
        Self { device: device.to_owned(), well, kept: Vec::new() }
    }
}

impl Work for Binder {
    fn step(&mut self) -> Result<Value> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut child = Command::new(std::env::current_exe()?)
            .arg("pass-on")
            .arg(&self.device)
            .stdin(OwnedFd::from(theirs))
            .spawn()?;
        let passed = receive(&ours);
        let ended = child.wait()?;
        ensure!(ended.success(), "the process that opens binder ended with {ended}");
        if !self.well {
            self.kept.push(passed?);
        }
        Ok(json!({ "pid": process::id(), "of": child.id(), "kept": self.kept.len() }))
    }
}

/// Opens binder and maps its area, as a client does first, and passes the descriptor on.
pub(crate) fn pass_on(device: &Path) -> Result<()> {
    let binder = File::options().read(true).write(true).open(device);
    let binder = binder
        .with_context(|| format!("cannot open {} (CONFIG_ANDROID_BINDER_IPC)", device.display()))?;
    // SAFETY: the kernel chooses where, so that nothing else lies there, and nobody makes a reference to it.
    let area =
        unsafe { mmap(ptr::null_mut(), AREA, ProtFlags::READ, MapFlags::PRIVATE, &binder, 0) };
    area.context("binder maps no area")?;
    let fds = [binder.as_fd()];
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
    let mut message = SendAncillaryBuffer::new(&mut space);
    ensure!(message.push(SendAncillaryMessage::ScmRights(&fds)), "a descriptor does not fit");
    sendmsg(stdin(), &[IoSlice::new(&[0])], &mut message, SendFlags::empty())?;
    Ok(())
}

fn receive(from: &UnixStream) -> Result<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
    let mut message = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(from, &mut [IoSliceMut::new(&mut byte)], &mut message, RecvFlags::CMSG_CLOEXEC)?;
    let mut fds = message.drain().filter_map(|one| match one {
        RecvAncillaryMessage::ScmRights(fds) => Some(fds),
        _ => None,
    });
    fds.next().and_then(|mut fds| fds.next()).context("no descriptor was passed on")
}
