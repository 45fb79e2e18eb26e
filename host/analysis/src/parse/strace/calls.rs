//! Effects of each system call.

use teeleak_proto::tee_result;

use super::{
    StraceReader,
    args::{self, descriptor},
    digits::number,
    files::kind_of,
    syscall::Syscall,
    tee::{self, TeeRequest},
};
use crate::model::{Call, CallKind as Kind, CallParam, Caller, FileKind};

/// Characters of a process's name (Linux `TASK_COMM_LEN`, without the final zero).
const COMM: usize = 15;

/// A finished call.
pub(super) struct FinishedCall<'t> {
    pub(super) task: u32,
    /// Process of the task, as far as known at the start of the line.
    pub(super) process: usize,
    pub(super) name: Syscall,
    pub(super) call: args::StraceCall<'t>,
    pub(super) begin_ns: u64,
    /// Time of the line that it ends with, in nanoseconds.
    pub(super) now: u64,
}

/// Whether the new task shares the descriptors.
pub(super) fn shares(args: &str) -> bool {
    args.contains("CLONE_THREAD") || args.contains("CLONE_FILES")
}

impl FinishedCall<'_> {
    fn arg(&self, n: usize) -> &str {
        self.call.args.get(n)
    }

    /// Start and end, in nanoseconds.
    fn span(&self) -> (u64, u64) {
        let took = self.call.took_ns().map(|ns| self.begin_ns.saturating_add(ns));
        (self.begin_ns, took.unwrap_or(self.now).max(self.begin_ns))
    }

    fn fd(&self, n: usize) -> (i64, Option<&str>) {
        let (fd, path) = descriptor(self.arg(n));
        (fd.unwrap_or(-1), path)
    }

    /// Return value, if the call succeeded.
    fn success(&self) -> Option<i64> {
        self.call.result.filter(|result| *result >= 0)
    }
}

impl StraceReader {
    /// Reads a call; returns whether it is of interest.
    pub(super) fn call(&mut self, call: &FinishedCall<'_>) -> bool {
        match call.name {
            Syscall::Ioctl => self.take_ioctl(call),
            Syscall::Open => self.take_open(call, 0),
            Syscall::OpenAt => self.take_open(call, 1),
            Syscall::Dup => self.take_dup(call, 2),
            Syscall::Fcntl => self.take_dup(call, 1),
            Syscall::Close => self.take_close(call),
            Syscall::CloseRange => self.take_close_range(call),
            Syscall::Mmap => self.take_mmap(call),
            Syscall::Munmap => self.take_munmap(call),
            Syscall::Exec => self.take_exec(call, 0),
            Syscall::ExecAt => self.take_exec(call, 1),
            Syscall::Make => self.take_clone(call),
            Syscall::Exit | Syscall::Unshare => false,
        }
    }

    fn take_clone(&mut self, call: &FinishedCall<'_>) -> bool {
        self.tasks.done_making(call.task);
        let new_task =
            call.success().filter(|task| *task > 0).and_then(|task| u32::try_from(task).ok());
        let Some(made) = new_task else { return true };
        let shares = { call.call.args }.any(shares);
        self.tasks.create_task(call.task, made, shares, self.now, &mut self.files);
        true
    }

    /// The process that uses a descriptor, the descriptor and its kind; `None` for one of no interest.
    fn used_descriptor(
        &mut self,
        call: &FinishedCall<'_>,
        n: usize,
    ) -> Option<(usize, i64, FileKind)> {
        let process = call.process;
        if !self.tasks.may_use(process) && !call.call.args.has_path() {
            return None;
        }
        let (fd, path) = call.fd(n);
        let process = if path.is_none_or(|path| kind_of(path) != FileKind::Other) {
            self.tasks.user_of(call.task, process, fd)
        } else {
            process
        };
        let kind = self.tasks.all[process].table.kind(fd, path, &mut self.files);
        (fd >= 0 && kind != FileKind::Other).then_some((process, fd, kind))
    }

    fn take_open(&mut self, call: &FinishedCall<'_>, path: usize) -> bool {
        let Some(fd) = call.success() else { return false };
        let process = call.process;
        let kind = kind_of(unquoted(call.arg(path)));
        self.close_overwritten(process, fd, call);
        self.copies.remove(process, fd, &self.tasks.all);
        if kind == FileKind::Other {
            self.tasks.all[process].table.reused(fd);
            return false;
        }
        let cloexec = call.arg(path + 1).contains("O_CLOEXEC");
        self.tasks.all[process].table.open(fd, kind, cloexec, &mut self.files);
        let note = self.note(Kind::FdOpen, process, call);
        (note.file, note.result) = (kind, word(fd));
        true
    }

    fn take_dup(&mut self, call: &FinishedCall<'_>, flags: usize) -> bool {
        let used_fd = self.used_descriptor(call, 0);
        let Some(new) = call.success() else { return used_fd.is_some() };
        let process = self.tasks.process(call.task, self.now, &mut self.files);
        if used_fd.is_some_and(|(_, old, _)| old == new) {
            return true;
        }
        self.take_copy(process, new, call);
        self.close_overwritten(process, new, call);
        let Some((process, old, kind)) = used_fd else {
            self.tasks.all[process].table.reused(new);
            return false;
        };
        let cloexec = call.arg(flags).contains("CLOEXEC");
        self.tasks.all[process].table.dup(old, new, cloexec, &mut self.files);
        let note = self.note(Kind::FdDup, process, call);
        (note.file, note.cmd, note.result) = (kind, word(old), word(new));
        true
    }

    /// Closes a descriptor whose number is reused.
    fn close_overwritten(&mut self, process: usize, fd: i64, call: &FinishedCall<'_>) {
        if self.tasks.all[process].table.contains(fd) {
            self.close(process, fd, call);
        }
    }

    fn close(&mut self, process: usize, fd: i64, call: &FinishedCall<'_>) {
        let closed_fd = self.tasks.all[process].table.close(fd, &mut self.files);
        let Some(gone) = closed_fd else { return };
        if gone.own {
            let note = self.note(Kind::FdClose, process, call);
            (note.file, note.cmd) = (gone.kind, word(fd));
        }
        self.kernel_closes(process, gone.sessions, None);
    }

    fn take_close(&mut self, call: &FinishedCall<'_>) -> bool {
        let used_fd = self.used_descriptor(call, 0);
        let (fd, _) = call.fd(0);
        if let (Some((process, fd, _)), Some(_)) = (used_fd, call.success()) {
            self.copies.remove(process, fd, &self.tasks.all);
            self.close(process, fd, call);
            return true;
        }
        let process = self.tasks.process(call.task, self.now, &mut self.files);
        if call.success().is_some() {
            self.copies.remove(process, fd, &self.tasks.all);
        }
        let table = &mut self.tasks.all[process].table;
        if call.success().is_some() {
            table.forget(fd);
        }
        if call.call.errno != Some("EBADF") || !table.was_closed(fd) {
            return used_fd.is_some();
        }
        let note = self.note(Kind::FdClose, process, call);
        (note.cmd, note.result) = (word(fd), u32::MAX);
        true
    }

    fn take_close_range(&mut self, call: &FinishedCall<'_>) -> bool {
        let process = call.process;
        let keeps = call.arg(2).contains("CLOEXEC") || call.success().is_none();
        let last = number(call.arg(1)).and_then(|last| last.try_into().ok()).unwrap_or(i64::MAX);
        let fds = self.tasks.all[process].table.range(call.fd(0).0, last);
        for fd in fds.iter().filter(|_| !keeps) {
            self.close(process, *fd, call);
        }
        !keeps && !fds.is_empty()
    }

    fn take_mmap(&mut self, call: &FinishedCall<'_>) -> bool {
        let Some((process, fd, kind)) = self.used_descriptor(call, 4) else {
            return self.take_unknown_mapping(call);
        };
        let Some(at) = call.success().map(i64::cast_unsigned) else { return true };
        self.tasks.all[process].table.map(at, kind);
        let size = number(call.arg(1)).unwrap_or(0);
        let note = self.note(Kind::FdMap, process, call);
        (note.file, note.cmd) = (kind, word(fd));
        note.params[0] = CallParam { input: at, size, output: 0 };
        true
    }

    /// A shared mapping of a descriptor whose kind is not printed.
    fn take_unknown_mapping(&mut self, call: &FinishedCall<'_>) -> bool {
        let [_, size, _, flags, fd] = call.call.args.first();
        let (fd, path) = descriptor(fd);
        let fd = fd.unwrap_or(-1);
        let is_shared = fd >= 0 && path.is_none() && flags.contains("MAP_SHARED");
        let bytes = number(size).filter(|_| is_shared && call.success().is_some());
        bytes.into_iter().for_each(|bytes| self.note_shared_mapping(call.process, fd, bytes));
        bytes.is_some()
    }

    fn take_munmap(&mut self, call: &FinishedCall<'_>) -> bool {
        let process = call.process;
        let address = number(call.arg(0)).filter(|_| call.success().is_some());
        let kind = address.and_then(|at| self.tasks.all[process].table.unmap(at));
        let (Some(at), Some(kind)) = (address, kind) else { return false };
        let size = number(call.arg(1)).unwrap_or(0);
        let note = self.note(Kind::FdUnmap, process, call);
        note.file = kind;
        note.params[0] = CallParam { input: at, size, output: 0 };
        true
    }

    fn take_ioctl(&mut self, call: &FinishedCall<'_>) -> bool {
        let Some((process, fd, kind)) = self.used_descriptor(call, 0) else { return false };
        let request = tee::request(call.arg(1));
        match request {
            TeeRequest::Share | TeeRequest::HeapAlloc => {
                self.made_buffer((process, fd, kind), request, call);
            }
            TeeRequest::OpenSession => self.of_session(Kind::OpenSession, (process, fd), call),
            TeeRequest::Invoke => self.of_session(Kind::InvokeCommand, (process, fd), call),
            TeeRequest::CloseSession => self.of_session(Kind::CloseSession, (process, fd), call),
            TeeRequest::Cancel => self.of_session(Kind::RequestCancellation, (process, fd), call),
            TeeRequest::Other => {}
        }
        true
    }

    fn made_buffer(
        &mut self,
        used: (usize, i64, FileKind),
        request: TeeRequest,
        call: &FinishedCall<'_>,
    ) {
        let (process, fd, kind) = used;
        let Some(result) = call.success() else { return };
        let (made, of) = if request == TeeRequest::Share {
            (Some(result), FileKind::TeeShm)
        } else {
            let output_text = call.arg(2).split_once("=>").map_or("", |(_, after)| after);
            (args::field(output_text, "fd").and_then(|fd| descriptor(fd).0), FileKind::DmaBuf)
        };
        let Some(made) = made else { return };
        self.close_overwritten(process, made, call);
        self.tasks.all[process].table.open(made, of, true, &mut self.files);
        let note = self.note(Kind::FdIoctl, process, call);
        (note.file, note.cmd, note.result) = (kind, word(fd), word(result));
        note.params[0].output = u64::from(word(made)) + 1;
    }

    fn of_session(&mut self, kind: Kind, (process, fd): (usize, i64), call: &FinishedCall<'_>) {
        let request_fields = tee::read_fields(call.arg(2));
        let is_failed = call.success().is_none();
        // The kernel refused.
        let result =
            if is_failed { tee_result::GENERIC } else { request_fields.result.unwrap_or(0) };
        let table = &self.tasks.all[process].table;
        let uuid = match (kind, request_fields.session) {
            (Kind::OpenSession, Some(session)) if result == 0 => {
                table.begin(fd, session, request_fields.uuid, &mut self.files);
                request_fields.uuid
            }
            (Kind::OpenSession, _) | (_, None) => request_fields.uuid,
            (_, Some(session)) => {
                table.ta(fd, session, kind == Kind::CloseSession && !is_failed, &mut self.files)
            }
        };
        self.opaque += u64::from(request_fields.session.is_none() && result == 0);
        let note = self.note(kind, process, call);
        note.session = request_fields.session.filter(|_| kind != Kind::OpenSession || result == 0);
        (note.uuid, note.cmd, note.result) = (uuid, request_fields.cmd.unwrap_or(0), result);
        note.origin = if is_failed { Some(2) } else { request_fields.origin };
        (note.param_types, note.params) = (request_fields.param_types, request_fields.params);
    }

    fn take_exec(&mut self, call: &FinishedCall<'_>, path: usize) -> bool {
        if call.success().is_none() {
            return false;
        }
        let process = call.process;
        let process_state = &mut self.tasks.all[process];
        let path = unquoted(call.arg(path));
        process_state.exe = path.into();
        let name: String = path.rsplit('/').next().unwrap_or(path).chars().take(COMM).collect();
        process_state.comm = Some(name.into());
        process_state.made = true;
        for fd in self.tasks.all[process].table.ends_with_program() {
            self.close(process, fd, call);
        }
        for (at, kind) in self.tasks.all[process].table.unmap_all() {
            let note = self.note(Kind::FdUnmap, process, call);
            note.file = kind;
            note.params[0].input = at;
        }
        true
    }

    /// Adds a record of a call, to be filled in.
    fn note(&mut self, kind: Kind, process: usize, call: &FinishedCall<'_>) -> &mut Call {
        self.record(kind, process, call.task, call.span())
    }

    pub(super) fn record(
        &mut self,
        kind: Kind,
        process: usize,
        task: u32,
        span: (u64, u64),
    ) -> &mut Call {
        let process_state = &mut self.tasks.all[process];
        process_state.called = true;
        let comm = process_state.comm.clone().unwrap_or_else(|| "process".into());
        let call = Call {
            place: self.place(),
            by: Caller {
                pid: self.tasks.all[process].pid,
                tid: task,
                comm: comm.clone(),
                by_kernel: false,
            },
            thread: comm,
            kind,
            monotonic: span,
            counter: None,
            result: 0,
            origin: None,
            session: None,
            uuid: None,
            cmd: 0,
            param_types: 0,
            params: [CallParam::default(); 4],
            file: FileKind::Other,
            stack: Vec::new(),
        };
        self.calls.push(call);
        self.owners.push(process);
        let last = self.calls.len() - 1;
        &mut self.calls[last]
    }
}

/// A path without its quotes.
fn unquoted(path: &str) -> &str {
    let path = path.strip_prefix('"').unwrap_or(path);
    path.strip_suffix('"').unwrap_or(path)
}

/// A descriptor as stored in records.
fn word(fd: i64) -> u32 {
    u32::try_from(fd).unwrap_or(u32::MAX)
}
