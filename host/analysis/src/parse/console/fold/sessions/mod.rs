//! Reconstructs sessions from the few lines that mention them.
//!
//! No release prints an id when a session is opened, and ids repeat: `new_session_id()` of optee_os
//! `core/kernel/tee_ta_manager.c` takes the last id of the opener's list plus one, and restarts with 1
//! when the list is empty. So the id of an open is predicted by keeping each opener's list.
//!
//! No line reports that an open succeeded, either: it did unless the next line reports its failure. A
//! close with an id that no open session has closes the session being opened or, if there is none, the
//! youngest one, whose predicted id was wrong. Ids rise along a list, so an older session with a higher
//! id is in another list, that of a TA which opened it.

mod habits;
mod ids;
mod lost_close;

use habits::Habits;
use teeleak_proto::Uuid;

use super::instances::Instances;
use crate::parse::console::messages::fact::{LineOrigin, SessionLine};

/// Sessions that are kept, so that memory is bounded, and the oldest of them that are dropped at once.
const MOST: usize = 1280;
const DROPPED: usize = 256;

/// UUID of the system PTA (optee_os `core/pta/system.c`), to which only TAs can open sessions.
pub(super) const SYSTEM: Uuid =
    Uuid(*b"\x3a\x2f\x89\x78\x5d\xc0\x11\xe8\x9c\x2d\xfa\x7a\xe0\x1b\xbe\xbc");

/// An open in progress.
#[derive(Clone, Copy)]
struct Pending {
    uuid: Uuid,
    thread: Option<u16>,
    opener: u32,
    /// Whether a PTA was found.
    pta: bool,
    /// Instance that serves the session, once known.
    instance: Option<u32>,
    /// Result with which the loader gave up.
    failed: Option<u32>,
    /// Signs of lost lines before it.
    losses_before: u32,
}

impl Pending {
    /// Whether the line may be about this open: not all lines show their thread.
    fn may_be_of(&self, who: LineOrigin) -> bool {
        self.thread.zip(who.thread).is_none_or(|(pending, thread)| pending == thread)
    }

    /// Whether the TA or PTA is there that serves the session.
    const fn is_served(&self) -> bool {
        self.pta || self.instance.is_some()
    }
}

/// An open session.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogSession {
    pub(super) id: u32,
    /// Its number in events: the predicted id, unless another session has that.
    pub(super) number: u32,
    /// Instance that opened it, 0 for the normal world.
    pub(super) opener: u32,
    pub(super) uuid: Uuid,
    pub(super) instance: u32,
    thread: Option<u16>,
    /// Whether an unknown TA opened it.
    foreign: bool,
    /// Signs of lost lines before it.
    losses_before: u32,
}

impl LogSession {
    /// Whether the session is in the normal world's list.
    const fn of_normal_world(&self) -> bool {
        self.opener == 0 && !self.foreign
    }

    /// Whether libutee keeps the session open as long as its TA lives: the one to the system PTA.
    pub(super) fn is_kept(&self) -> bool {
        self.opener != 0 && self.uuid == SYSTEM
    }
}

/// A change of the sessions.
#[derive(Clone, Copy, Debug)]
pub(super) enum SessionChange {
    Opened(LogSession),
    /// An open failed: the TA, and the result code.
    Failed(Uuid, u32),
    /// A close: the id as printed, and the session if known.
    Closed(Option<u32>, Option<LogSession>),
    InvokeFailed(u32),
}

impl SessionChange {
    /// Whether the session is one that libutee keeps.
    pub(super) fn is_of_kept(&self) -> bool {
        matches!(self, Self::Opened(session) | Self::Closed(_, Some(session)) if session.is_kept())
    }
}

/// Tracks which sessions are open.
#[derive(Default)]
pub(super) struct SessionTracker {
    open: Vec<LogSession>,
    /// Opens in progress: a TA, and on top of it what is opened for it.
    pending: Vec<Pending>,
    /// The session closed last, whose instance may be destroyed next.
    closed: Option<LogSession>,
    /// The instance being destroyed: its sessions are closed next.
    dying: Option<u32>,
    /// Opens whose id was predicted, and closes that confirmed one.
    pub(super) predicted: u64,
    pub(super) confirmed: u64,
    /// Closes of sessions whose open is not in the text.
    pub(super) unknown: u64,
    /// Sessions dropped for lack of room.
    pub(super) forgotten: u64,
    habits: Habits,
    /// Signs of lost lines, any of which may have been a close.
    losses: u32,
    /// Closes whose session is yet to be destroyed.
    closing: u32,
    /// The same of closes before the last open began.
    closing_before: u32,
    /// Closes that show no id, so that nobody knows which of several sessions ended.
    pub(super) nameless: u64,
}

impl SessionTracker {
    /// Reads a line and hands the changes to `report`.
    pub(super) fn line(
        &mut self,
        who: LineOrigin,
        line: SessionLine,
        instances: &mut Instances,
        report: &mut dyn FnMut(SessionChange),
    ) {
        match line {
            SessionLine::LookupPta(SYSTEM) => self.begin(who, SYSTEM, None),
            SessionLine::LookupPta(uuid) => {
                self.settle(who, instances, report);
                self.begin(who, uuid, None);
            }
            SessionLine::OpenPta => {
                if let Some(at) = self.last_pending(who) {
                    self.pending[at].pta = true;
                }
            }
            SessionLine::Load(uuid) => self.load(who, uuid, instances, report),
            SessionLine::Reopen(uuid) => {
                // A TA that is loaded uses the system PTA: its own open goes on.
                if uuid != SYSTEM {
                    self.settle(who, instances, report);
                }
                let instance = instances.resolve(uuid, None);
                self.begin(who, uuid, Some(instance));
            }
            SessionLine::Failed(uuid, result) => self.fail_open(who, uuid, result, report),
            SessionLine::LoaderFailed(result) => {
                if let Some(at) = self.last_opening(who) {
                    self.pending[at].failed = Some(result);
                }
            }
            SessionLine::Close(id) => self.close(who, id, instances, report),
            SessionLine::NotFound => {}
            SessionLine::Destroy => self.destroy(who, instances, report),
            SessionLine::DestroyContext => {
                if let Some(closed) = self.closed.take() {
                    instances.retire(closed.instance);
                    self.dying = Some(closed.instance);
                }
            }
            SessionLine::InvokeError(result) => {
                self.settle(who, instances, report);
                self.settle_used(instances, report);
                report(SessionChange::InvokeFailed(result));
            }
        }
    }

    /// Completes the thread's opens in progress: it does something else.
    fn settle(
        &mut self,
        who: LineOrigin,
        instances: &mut Instances,
        report: &mut dyn FnMut(SessionChange),
    ) {
        let (settled, others) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|pending| pending.may_be_of(who));
        self.pending = others;
        let settled: Vec<Pending> = settled;
        for pending in settled {
            self.complete_open(pending, None, instances, report);
        }
    }

    /// Completes the opens of other threads if no other session is there to be used: OP-TEE serves each
    /// call on whichever thread is free, so the thread that opened a session may never show up again.
    fn settle_used(&mut self, instances: &mut Instances, report: &mut dyn FnMut(SessionChange)) {
        if self.open.iter().all(LogSession::is_kept) {
            for pending in std::mem::take(&mut self.pending) {
                self.complete_open(pending, None, instances, report);
            }
        }
    }

    /// Index of the thread's last open in progress.
    fn last_pending(&self, who: LineOrigin) -> Option<usize> {
        self.pending.iter().rposition(|pending| pending.may_be_of(who))
    }

    /// Index of the thread's last open in progress that may fail: not what a TA being loaded opens.
    fn last_opening(&self, who: LineOrigin) -> Option<usize> {
        let may_fail = |pending: &Pending| pending.may_be_of(who) && pending.uuid != SYSTEM;
        self.pending.iter().rposition(may_fail).or_else(|| self.last_pending(who))
    }

    /// The TA that is being opened.
    pub(super) fn opening(&self) -> Option<Uuid> {
        self.pending.first().map(|pending| pending.uuid)
    }

    /// Sessions that are open now.
    pub(super) fn open(&self) -> &[LogSession] {
        &self.open
    }

    /// Drops all sessions: the TEE rebooted.
    pub(super) fn clear(&mut self) {
        self.open.clear();
        self.pending.clear();
        (self.closed, self.dying, self.nameless) = (None, None, 0);
        (self.closing, self.closing_before) = (0, 0);
    }

    fn begin(&mut self, who: LineOrigin, uuid: Uuid, instance: Option<u32>) {
        let opener = if uuid == SYSTEM { self.opener(who) } else { 0 };
        (self.dying, self.closing, self.closing_before) = (None, 0, self.closing);
        if self.pending.len() < 8 {
            let (thread, losses_before) = (who.thread, self.losses);
            let (pta, failed) = (false, None);
            self.pending.push(Pending {
                uuid,
                thread,
                opener,
                pta,
                instance,
                failed,
                losses_before,
            });
        }
    }

    /// The TA that the thread works for.
    fn opener(&self, who: LineOrigin) -> u32 {
        let pending = self.pending.iter().rev().find_map(|pending| pending.instance);
        let serving = |open: &&LogSession| open.thread == who.thread && open.instance != 0;
        pending
            .or_else(|| self.open.iter().rev().find(serving).map(|open| open.instance))
            .unwrap_or(0)
    }

    fn complete_open(
        &mut self,
        pending: Pending,
        id: Option<u32>,
        instances: &mut Instances,
        report: &mut dyn FnMut(SessionChange),
    ) {
        if let Some(result) = pending.failed {
            report(SessionChange::Failed(pending.uuid, result));
            return;
        }
        let instance = match (pending.instance, pending.pta) {
            (Some(instance), _) => instance,
            (None, true) => 0,
            // A PTA was looked up, and nothing followed: not known to have been opened.
            (None, false) => return,
        };
        if instance != 0 {
            instances.resolve(pending.uuid, None);
        }
        let next = self.next_id(pending.opener);
        let Pending { uuid, thread, opener, losses_before, .. } = pending;
        let (predicted, id) = (id.is_none(), id.unwrap_or(next));
        let number = self.free_number(id);
        let foreign = false;
        let session =
            LogSession { id, number, opener, uuid, instance, thread, foreign, losses_before };
        if self.open.len() == MOST {
            self.forgotten += self.open.drain(..DROPPED).len() as u64;
        }
        self.open.push(session);
        self.habits.open(session.uuid);
        self.predicted += u64::from(predicted);
        report(SessionChange::Opened(session));
    }

    fn load(
        &mut self,
        who: LineOrigin,
        uuid: Uuid,
        instances: &mut Instances,
        report: &mut dyn FnMut(SessionChange),
    ) {
        if !self.pending.iter().any(|pending| pending.uuid == uuid) {
            self.settle(who, instances, report);
            self.begin(who, uuid, None);
        }
        let instance = instances.load(uuid);
        if let Some(pending) = self.pending.iter_mut().find(|pending| pending.uuid == uuid) {
            pending.instance = Some(instance);
        }
    }

    fn fail_open(
        &mut self,
        who: LineOrigin,
        uuid: Option<Uuid>,
        result: u32,
        report: &mut dyn FnMut(SessionChange),
    ) {
        let Some(at) = self.last_opening(who) else { return };
        let pending = self.pending[at];
        if uuid.is_none_or(|uuid| uuid == pending.uuid) {
            self.pending.remove(at);
            report(SessionChange::Failed(pending.uuid, result));
        }
    }

    fn close(
        &mut self,
        who: LineOrigin,
        id: Option<u32>,
        instances: &mut Instances,
        report: &mut dyn FnMut(SessionChange),
    ) {
        // A session opened for a TA that is being loaded is opened and closed before the TA is open.
        let inner = self.pending.iter().filter(|pending| pending.may_be_of(who)).count() > 1;
        if !inner {
            self.settle_lost_close(who, id, instances, report);
        }
        let session = if !inner && self.find(who, id).is_some() {
            // What was being opened meanwhile is open, and stays open.
            self.settle(who, instances, report);
            self.find(who, id).map(|at| self.open.remove(at))
        } else {
            self.close_unlisted(who, id, instances, report)
        };
        if let Some(session) = &session {
            self.habits.close(session.uuid);
        }
        self.closing = self.closing.saturating_add(1);
        self.nameless += u64::from(id.is_none());
        self.confirmed += u64::from(session.is_some());
        self.unknown += u64::from(session.is_none());
        self.closed = session;
        report(SessionChange::Closed(id, session));
    }

    /// The session that a close means if none in the list has its id: the one being opened on its thread or,
    /// with this id, on another; else one with a wrong id; else whichever is being opened.
    fn close_unlisted(
        &mut self,
        who: LineOrigin,
        id: Option<u32>,
        instances: &mut Instances,
        report: &mut dyn FnMut(SessionChange),
    ) -> Option<LogSession> {
        let is_expected = |pending: &Pending| id == Some(self.next_id(pending.opener));
        let elsewhere = || self.pending.iter().rposition(|one| one.is_served() && is_expected(one));
        if let Some(at) = self.last_pending(who).or_else(elsewhere) {
            return self.adopt(at, id, instances, report).or_else(|| self.misnamed(who, id));
        }
        self.misnamed(who, id).or_else(|| {
            let at = self.pending.iter().rposition(Pending::is_served)?;
            self.adopt(at, id, instances, report)
        })
    }

    /// Removes the open session whose id must have been another.
    fn misnamed(&mut self, who: LineOrigin, id: Option<u32>) -> Option<LogSession> {
        match id {
            Some(id) => self.rename(id),
            None => self.youngest(who),
        }
    }

    /// Completes the open in progress at this index and closes it: it has the closed id.
    fn adopt(
        &mut self,
        at: usize,
        id: Option<u32>,
        instances: &mut Instances,
        report: &mut dyn FnMut(SessionChange),
    ) -> Option<LogSession> {
        let pending = self.pending.remove(at);
        if let (0, Some(id)) = (pending.opener, id) {
            self.part_from(id);
        }
        let open_count = self.open.len();
        self.complete_open(pending, id, instances, report);
        if self.open.len() > open_count { self.open.pop() } else { None }
    }
}

#[cfg(test)]
mod tests;
