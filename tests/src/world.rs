//! The host tool around a simulated TEE, in this process.

use std::{cell::RefCell, path::PathBuf, rc::Rc};

use anyhow::Result;
use teeleak::{
    Env, Exit, Interrupt, TeeError,
    source::live::{self, Device},
};
use teeleak_proto::command::Command;
use teeleak_ta_logic::{Auditor, Caller, Refusal};

use crate::Tee;

/// What the tool answered.
#[derive(Debug)]
pub struct Answer {
    /// Exit code.
    pub exit: Exit,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// What stands for the TEE of this system.
pub struct World {
    /// The TEE, or the result of opening a session to the TA.
    pub tee: Result<Rc<RefCell<Tee>>, u32>,
    /// Whether there is `/dev/tee0`.
    pub node: bool,
    /// Bytes that the stats PTA answers, or its result.
    pub stats: Result<usize, u32>,
    /// The preload library, where it is installed.
    pub preload: Option<PathBuf>,
    /// Whether somebody wants the tool to end.
    pub interrupt: Interrupt,
}

impl World {
    /// All is there.
    #[must_use]
    pub fn with(tee: Tee) -> Self {
        Self {
            tee: Ok(Rc::new(RefCell::new(tee))),
            node: true,
            stats: Ok(64),
            ..Self::without_tee()
        }
    }

    /// Nothing is there.
    #[must_use]
    pub fn without_tee() -> Self {
        let absent = Err(0xffff_0008);
        Self {
            tee: absent,
            node: false,
            stats: Err(0xffff_0008),
            preload: None,
            interrupt: Interrupt::default(),
        }
    }

    /// Runs `teeleak` with these arguments.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Answer {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let exit = teeleak::run(
            ["teeleak"].iter().chain(arguments).map(Into::into),
            &mut Env {
                out: &mut anstream::StripStream::new(&mut out),
                err: &mut anstream::StripStream::new(&mut err),
                progress: false,
                world: self,
                interrupt: self.interrupt.clone(),
                preload: self.preload.clone(),
            },
        );
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Answer { exit, out: text(out), err: text(err) }
    }
}

/// Runs `teeleak` where there is no TEE.
#[must_use]
pub fn teeleak(arguments: &[&str]) -> Answer {
    World::without_tee().run(arguments)
}

impl live::World for World {
    fn has_node(&self) -> bool {
        self.node
    }

    fn connect(&self) -> Result<Box<dyn Device>> {
        match &self.tee {
            Ok(tee) => {
                Ok(Box::new(Session { tee: Rc::clone(tee), auditor: Box::new(Auditor::new()) }))
            }
            Err(result) => {
                let doing = "opening a session to the teeleak TA";
                Err(TeeError { result: *result, doing }.into())
            }
        }
    }

    fn stats(&self, _pool: u32, _reply: &mut [u8]) -> Result<usize> {
        self.stats.map_err(|result| TeeError { result, doing: "asking the stats PTA" }.into())
    }
}

struct Session {
    tee: Rc<RefCell<Tee>>,
    auditor: Box<Auditor>,
}

impl Device for Session {
    fn invoke(
        &mut self,
        command: Command,
        request: &[u8],
        reply: &mut [u8],
    ) -> Result<usize, TeeError> {
        let tee = &mut *self.tee.borrow_mut();
        let failed =
            |refusal: Refusal| TeeError { result: refusal.code(), doing: "invoking the TA" };
        self.auditor.handle(tee, Caller::Client, command as u32, request, reply).map_err(failed)
    }
}
