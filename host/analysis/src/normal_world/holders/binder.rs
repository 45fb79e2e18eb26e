//! Exited processes that binder still keeps, and exhausted descriptor tables.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    model::{
        FigureKind, Finding, FindingKind, Fingerprint, LedgerKind, Listing, LogFact, LogRecord,
        NormalPool, NormalWorld, PoolKind, Severity, SourceLocation, Subject, Unit, Verdict,
    },
    normal_world::finding_builder::{FindingBuilder, holding},
    text,
};

pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let full = too_many_files(normal);
    let cause = full.as_ref().map(|full| full.fingerprint.clone());
    let lives = lives(normal);
    let is_closed = |life: &BinderLife<'_>| life.closed.is_some() && life.released.is_none();
    let stuck_lives = lives.iter().filter(|(_, life)| is_closed(life) || life.is_dead());
    let has_releases =
        normal.sayings.iter().any(|one| matches!(one.said, LogFact::Released { .. }));
    let stuck_lives = stuck_lives.filter(|(_, life)| has_releases || life.keeps.is_some());
    let (dead, other): (Vec<_>, Vec<_>) = stuck_lives.partition(|(_, life)| life.is_dead());
    let mut findings: Vec<_> = match &dead[..] {
        [_, _, ..] => vec![procs_finding(&dead, cause.clone())],
        _ => dead.iter().map(|(pid, life)| life.finding(**pid, &lives, cause.clone())).collect(),
    };
    findings.extend(other.iter().map(|(pid, life)| life.finding(**pid, &lives, cause.clone())));
    findings.splice(0..0, full);
    findings
}

/// The finding for several exited processes that binder still keeps.
fn procs_finding(dead: &[(&u64, &BinderLife<'_>)], cause: Option<Fingerprint>) -> Finding {
    let pids = text::ranges(&dead.iter().map(|(pid, _)| **pid).collect());
    let title = format!(
        "binder: {} procs are never released although their processes have exited",
        text::number(dead.len() as u64)
    );
    let mut draft = FindingBuilder::new(
        FindingKind::Unpaired,
        holding(Listing::Binder, "proc", None),
        Severity::Failure,
        title,
    )
    .verdict(Verdict::Leak)
    .figure(FigureKind::ProcsKept, dead.len() as u64, Unit::Objects)
    .text(&format!("procs {pids}"));
    for (pid, life) in dead.iter().take(EXAMPLES) {
        draft = life.evidence(**pid, draft);
    }
    draft.cause(cause, FULL).next(NEXT)
}

/// Maximum number of processes shown in detail.
const EXAMPLES: usize = 3;

/// Why a full descriptor table may be the cause, and what to do next.
const FULL: &str = "after \"Too many open files\": a process without a free descriptor may not be released when it \
     ends (clocks of several logs don't compare)";
const NEXT: &str = "find what keeps the process's last descriptor of /dev/binder open: passed-on fds, or a \
     full table";

/// Triage of full descriptor tables.
pub(crate) fn triage(findings: &[Finding]) -> Option<Arc<str>> {
    let full = |one: &&Finding| {
        matches!(&one.subject, Subject::Pool(PoolKind::NormalWorld(NormalPool::Descriptors)))
    };
    let finding = findings.iter().find(full)?;
    Some(format!("{}: look at /proc/PID/fd", finding.title).into())
}

/// Binder's state of a process, from logs and debugfs.
#[derive(Default)]
struct BinderLife<'n> {
    closed: Option<&'n SourceLocation>,
    released: Option<&'n SourceLocation>,
    keeps: Option<(&'n SourceLocation, [u64; 3])>,
    gone: Option<&'n SourceLocation>,
    there: bool,
}

fn lives(normal: &NormalWorld) -> BTreeMap<u64, BinderLife<'_>> {
    let mut lives: BTreeMap<u64, BinderLife<'_>> = BTreeMap::new();
    let mut list_place = None;
    let last = normal.snapshots(LedgerKind::Descriptors).next_back();
    for LogRecord { place, said, moment, .. } in &normal.sayings {
        // Only the last snapshot shows what binder still keeps.
        if matches!(said, LogFact::Keeps { .. }) && last.is_some_and(|last| last.moment != *moment)
        {
            continue;
        }
        match said {
            // The process id is reused; lists refer to the new process.
            LogFact::AreaMapped { pid } => {
                let life = lives.entry(*pid).or_default();
                (life.closed, life.released) = (None, None);
            }
            LogFact::AreaClosed { pid } => lives.entry(*pid).or_default().closed = Some(place),
            LogFact::Released { pid } => lives.entry(*pid).or_default().released = Some(place),
            LogFact::Keeps { pid, threads, nodes, refs } => {
                lives.entry(*pid).or_default().keeps = Some((place, [*threads, *nodes, *refs]));
            }
            LogFact::NoProcess { pid } => lives.entry(*pid).or_default().gone = Some(place),
            LogFact::Process(holder) => {
                list_place = Some(place);
                lives.entry(holder.pid).or_default().there = true;
            }
            _ => {}
        }
    }
    if let Some(last) = last {
        list_place = Some(&last.place);
        for pid in last.rows.iter().filter_map(|row| row.holder.as_ref()).map(|one| one.pid) {
            lives.entry(pid).or_default().there = true;
        }
    }
    // A process missing from a list of all processes has exited.
    lives
        .values_mut()
        .filter(|life| !life.there)
        .for_each(|life| life.gone = life.gone.or(list_place));
    lives
}

impl BinderLife<'_> {
    /// Whether binder keeps it although it has exited.
    const fn is_dead(&self) -> bool {
        self.keeps.is_some() && self.gone.is_some()
    }

    fn evidence(&self, pid: u64, mut draft: FindingBuilder) -> FindingBuilder {
        if let Some(place) = self.closed {
            draft = draft.evidence_at(
                &format!("the area of {pid} was closed, and no binder_release follows"),
                place,
            );
        }
        if let Some((place, [threads, nodes, refs])) = self.keeps {
            let text = format!(
                "binder still keeps proc {pid}, with {}, {} and {}",
                text::count(threads, "thread"),
                text::count(nodes, "node"),
                text::count(refs, "ref")
            );
            draft = draft
                .figure(FigureKind::ThreadsKept, threads, Unit::Objects)
                .evidence_at(&text, place);
        }
        if let Some(place) = self.gone {
            draft = draft.evidence_at(&format!("process {pid} has exited"), place);
        }
        draft
    }

    fn finding(
        &self,
        pid: u64,
        all: &BTreeMap<u64, BinderLife<'_>>,
        cause: Option<Fingerprint>,
    ) -> Finding {
        let title = match self.closed {
            Some(_) => format!("binder: proc {pid} released its vma but never its proc"),
            None => format!("binder: proc {pid} is never released although its process has exited"),
        };
        let sure = self.is_dead();
        let severity = if sure { Severity::Failure } else { Severity::Possible };
        let draft = FindingBuilder::new(
            FindingKind::Unpaired,
            holding(Listing::Binder, "proc", None),
            severity,
            title,
        )
        .verdict(if sure { Verdict::Leak } else { Verdict::Undecided });
        let mut draft = self.evidence(pid, draft);
        let other_procs: Vec<_> = all
            .iter()
            .filter_map(|(other, life)| Some((other, life.closed?, life.released?)))
            .map(|(other, _, released)| format!("{other} ({})", text::place(released)))
            .collect();
        if !other_procs.is_empty() {
            draft = draft.text(&format!(
                "other procs closed their area and were released: {}",
                text::list(&other_procs)
            ));
        }
        draft.cause(cause, FULL).next(NEXT)
    }
}

/// The finding for full descriptor tables.
fn too_many_files(normal: &NormalWorld) -> Option<Finding> {
    let messages = normal.sayings.iter().filter_map(|one| match one.said {
        LogFact::TooManyFiles { pid } => Some((pid, one)),
        _ => None,
    });
    let (_, first) = messages.clone().next()?;
    let pids: BTreeSet<_> = messages.clone().filter_map(|(pid, _)| pid).collect();
    let pid_texts: Vec<_> = pids.iter().map(|pid| format!("pid {pid}")).collect();
    let suffix = if pid_texts.is_empty() {
        String::new()
    } else {
        format!(" of {}", text::list(&pid_texts))
    };
    let title = format!("file descriptors{suffix} ran out: \"Too many open files\"");
    let subject = Subject::Pool(PoolKind::NormalWorld(NormalPool::Descriptors));
    let draft = FindingBuilder::new(FindingKind::PoolGrowth, subject, Severity::Failure, title)
        .figure(FigureKind::FailedAllocations, messages.count() as u64, Unit::Objects)
        .evidence_at(
            "error 24 (EMFILE): the table is at its limit, 1024 by default (ulimit -n)",
            &first.place,
        )
        .next("count /proc/PID/fd over time, and check which kind of descriptor grows");
    Some(draft)
}
