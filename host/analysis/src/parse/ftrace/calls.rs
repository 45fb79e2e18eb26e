//! Converts the start and end of a call to a call of the model.

use std::sync::Arc;

use teeleak_proto::tee_result;

use super::{
    TraceReader,
    probes::ProbeAction,
    thread::{CallEnd, CallStart},
};
use crate::model::{Call, CallKind, Caller, FileKind, Process};

/// `TEEC_ERROR_GENERIC` and `TEEC_ORIGIN_COMMS` of TEE Client API Specification v1.0, section 4.4: the
/// kernel refused.
const REFUSED: (u32, u32) = (tee_result::GENERIC, 2);

impl TraceReader {
    pub(super) fn call(&mut self, tid: u32, begun: &CallStart, ended: &CallEnd) {
        let pid = self.pid_of(tid, begun.pid.or(ended.pid));
        let is_refused = ended.code != 0;
        let (result, origin) = if is_refused { REFUSED } else { (ended.ret, ended.origin) };
        let (session, uuid) = self.session(begun, ended, result);
        let kind = match begun.act {
            // The call that this one is part of is reported.
            ProbeAction::Shut | ProbeAction::Close if begun.inner => return,
            ProbeAction::Open => CallKind::OpenSession,
            ProbeAction::Invoke => CallKind::InvokeCommand,
            ProbeAction::Close | ProbeAction::Shut => CallKind::CloseSession,
            ProbeAction::Cancel => CallKind::RequestCancellation,
        };
        let (begin_ns, end_ns) = (begun.begin_ns, ended.end_ns.max(begun.begin_ns));
        let params = begun.params_after(ended).map(|after| begun.params.call_params(&after));
        let has_origin = is_refused || matches!(begun.act, ProbeAction::Open | ProbeAction::Invoke);
        let process = self.meet(pid, begun);
        let by_kernel = begun.act == ProbeAction::Shut;
        let comm = if pid == tid { Arc::clone(&begun.comm) } else { Arc::clone(&process.comm) };
        let call = Call {
            place: self.current_place(),
            // The kernel closes the session in a thread that did not request it.
            by: Caller { pid, tid: if by_kernel { 0 } else { tid }, comm, by_kernel },
            thread: Arc::clone(&begun.comm),
            kind,
            monotonic: (self.monotonic(begin_ns), self.monotonic(end_ns)),
            counter: Some((begin_ns, end_ns)),
            result,
            origin: has_origin.then_some(origin),
            session,
            uuid,
            cmd: begun.cmd,
            param_types: begun.params.types,
            params: params.unwrap_or_default(),
            file: FileKind::Other,
            stack: Vec::new(),
        };
        self.calls.push(call);
    }

    /// Session and TA of a call; no session if its open failed.
    fn session(
        &mut self,
        begun: &CallStart,
        ended: &CallEnd,
        result: u32,
    ) -> (Option<u32>, Option<teeleak_proto::Uuid>) {
        let session = if begun.act == ProbeAction::Open { ended.session } else { begun.session };
        let uuid = match begun.act {
            ProbeAction::Open => {
                if let (Some(uuid), 0) = (begun.uuid, result) {
                    self.tas.insert(session, uuid);
                }
                return ((result == 0).then_some(session), begun.uuid);
            }
            // Closed by its client or the kernel; a call within it closes the same session.
            ProbeAction::Close | ProbeAction::Shut if ended.code == 0 && !begun.inner => {
                self.tas.remove(&session)
            }
            _ => self.tas.get(&session).copied(),
        };
        (Some(session), uuid)
    }

    /// The process of a thread; the thread itself if its process is unknown.
    pub(super) fn pid_of(&self, tid: u32, printed_pid: Option<u32>) -> u32 {
        printed_pid.or_else(|| self.owners.get(&tid).copied()).unwrap_or(tid)
    }

    /// The process of a call; records that it called.
    pub(super) fn meet(&mut self, pid: u32, begun: &CallStart) -> &mut Process {
        let call_ns = self.monotonic(begun.begin_ns);
        let process = self.process(pid);
        if !process.called {
            (process.called, process.born_ns) = (true, call_ns);
        }
        if process.comm.is_empty() {
            process.comm = Arc::clone(&begun.comm);
        }
        process
    }

    fn monotonic(&self, ns: u64) -> u64 {
        ns.saturating_add_signed(self.ahead_ns)
    }
}
