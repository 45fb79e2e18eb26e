//! Steps in the wrong order, reported to the auditor's TA by a client that is no teeleak.

use std::process::Command as Process;

use anyhow::{Context, ensure};
use optee_teec::raw;
use serde::Serialize;
use teeleak_proto::{
    Uuid,
    bind::{Bind, BindAction, BindResource, BindScope, BindStep, KeySource},
    command::{TA_UUID, TaCommand},
    event::EventRecordKind,
    limits,
    note::StepNote,
};

use crate::teec::{Param, Session};

/// Notes after which the same cause is pushed again, and some more.
const QUIET_NOTES: u64 = 80;

/// Releases what was never acquired, runs a shell command, and does it again.
pub(crate) fn disorder(between: &str) -> anyhow::Result<()> {
    let session = Session::expect(TA_UUID.0, raw::TEEC_LOGIN_USER)?;
    let step = |action| BindStep {
        resource: 0,
        action,
        kind: EventRecordKind::Note,
        uuid: Uuid::default(),
        cmd: 0,
        scope: BindScope::Global,
        key: KeySource::One,
        parent: KeySource::One,
    };
    let bind = Bind {
        resources: [BindResource { parent: None, max_held: 1 }].into_iter().collect(),
        steps: [step(BindAction::Acquire), step(BindAction::Release)].into_iter().collect(),
    };
    ask(&session, TaCommand::Bind, &bind)?;
    let note =
        |step, key| ask(&session, TaCommand::Note, &StepNote { step, key, parent: 0, result: 0 });
    note(1, 7)?;
    let status = Process::new("sh").args(["-c", between]).status().context("sh")?;
    ensure!(status.success(), "{between}: {status}");
    for key in 0..QUIET_NOTES {
        note(0, key)?;
        note(1, key)?;
    }
    note(1, 8)
}

fn ask(session: &Session, command: TaCommand, request: &impl Serialize) -> anyhow::Result<()> {
    let (mut bytes, mut reply) = ([0; limits::REQUEST_BYTES], [0; limits::REPLY_BYTES_MIN]);
    let size = postcard::to_slice(request, &mut bytes).context("a long request")?.len();
    let request = Param::Memref(raw::TEEC_MEMREF_TEMP_INPUT, bytes.as_mut_ptr(), size);
    let reply = Param::Memref(raw::TEEC_MEMREF_TEMP_OUTPUT, reply.as_mut_ptr(), reply.len());
    let params = [request, reply, Param::None, Param::None];
    let (code, _) = session.invoke(command as u32, params);
    ensure!(code == 0, "{command:?}: {code:#x}");
    Ok(())
}
