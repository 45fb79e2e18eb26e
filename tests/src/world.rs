//! The host tool around a simulated TEE, in this process.

use std::{
    cell::{Cell, RefCell},
    ffi::OsString,
    os::fd::BorrowedFd,
    path::PathBuf,
    rc::Rc,
    time::Duration,
};

use anyhow::Result;
use teeleak::{
    Env, Exit, Interrupt, Places, Screen, TeeError, TeeOperation,
    source::{
        live::{self, Device, TimeSource, kernel::KernelAnswer},
        stock::StatsPta,
    },
    tui::{self, TuiConsole},
};
use teeleak_proto::{
    command::TaCommand,
    tee_result::{ITEM_NOT_FOUND, OUT_OF_MEMORY, TARGET_DEAD},
    values::Words,
};
use teeleak_ta_logic::{Auditor, Caller, Kept, Pta, Refusal};

use crate::{
    Tee,
    stock::{self, Stock},
};

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
    /// The statistics PTA of an OP-TEE without our PTA, or the result of opening a session to it.
    pub stats: Result<Rc<RefCell<Stock>>, u32>,
    /// The preload library, where it is installed.
    pub preload: Option<PathBuf>,
    /// Where GitHub Actions wants the summary of a step.
    pub github_summary: Option<PathBuf>,
    /// The program of idle iterations.
    pub idle: Vec<OsString>,
    /// Root of the file system that is looked at.
    pub root: PathBuf,
    /// Where files with defaults of options are looked for.
    pub places: Places,
    /// Whether somebody wants the tool to end.
    pub interrupt: Interrupt,
    /// What shows what the tool prints.
    pub screen: Screen,
    /// The terminal, where there is one.
    pub console: Option<Box<dyn Fn() -> Box<dyn TuiConsole>>>,
    /// What time is, where it is not the system's.
    pub time: Option<Rc<Simulated>>,
}

/// When simulated time begins, after the start of the system.
const BEGIN: Duration = Duration::from_secs(3600);

/// Time that passes when somebody waits.
pub struct Simulated {
    /// What it is.
    pub now: Cell<Duration>,
    /// What happens at this time: called whenever somebody waits.
    pub then: Box<dyn Fn(Duration)>,
}

impl Simulated {
    /// Begins at an hour after the start of the system.
    #[must_use]
    pub fn new(then: impl Fn(Duration) + 'static) -> Rc<Self> {
        Rc::new(Self { now: Cell::new(BEGIN), then: Box::new(then) })
    }
}

struct Hand(Rc<Simulated>);

impl TimeSource for Hand {
    fn now(&self) -> Duration {
        self.0.now.get()
    }

    fn unix(&self) -> u64 {
        1_800_000_000 + self.now().as_secs()
    }

    fn wait(&self, _: &[BorrowedFd<'_>], most: Duration) {
        self.0.now.set(self.now() + most);
        (self.0.then)(self.now());
    }
}

impl World {
    /// All is there.
    #[must_use]
    pub fn with(tee: Tee) -> Self {
        Self {
            tee: Ok(Rc::new(RefCell::new(tee))),
            node: true,
            stats: Ok(Rc::default()),
            ..Self::without_tee()
        }
    }

    /// The teeleak TA is not installed.
    #[must_use]
    pub fn stock(stock: Stock) -> Self {
        Self { node: true, stats: Ok(Rc::new(RefCell::new(stock))), ..Self::without_tee() }
    }

    /// Nothing is there.
    #[must_use]
    pub fn without_tee() -> Self {
        let absent = Err(ITEM_NOT_FOUND);
        Self {
            tee: absent,
            node: false,
            stats: Err(ITEM_NOT_FOUND),
            preload: None,
            github_summary: None,
            idle: vec!["true".into()],
            root: "/nowhere".into(),
            places: Places::default(),
            interrupt: Interrupt::default(),
            screen: Screen { unicode: true, ..Screen::default() },
            console: None,
            time: None,
        }
    }

    /// Lets time be simulated: `script` is what happens to the TEE at which second, and after so many
    /// somebody wants the tool to end.
    ///
    /// # Panics
    /// Where there is no TEE.
    #[must_use]
    pub fn for_seconds(mut self, seconds: u64, script: impl Fn(u64, &mut Tee) + 'static) -> Self {
        let tee = Rc::clone(self.tee.as_ref().expect("a TEE"));
        let interrupt = self.interrupt.clone();
        self.time = Some(Simulated::new(move |now| {
            let second = (now - BEGIN).as_secs();
            script(second, &mut tee.borrow_mut());
            if second >= seconds {
                interrupt.set();
            }
        }));
        self
    }

    /// Runs `teeleak` with these arguments.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Answer {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let exit = teeleak::run(
            ["teeleak"].iter().chain(arguments).map(Into::into),
            &mut Env {
                out: &mut out,
                err: &mut err,
                screen: self.screen,
                console: &|| match &self.console {
                    Some(console) => Ok(console()),
                    None => tui::terminal(),
                },
                progress: false,
                world: self,
                interrupt: self.interrupt.clone(),
                preload: self.preload.clone(),
                idle: self.idle.clone(),
                github_summary: self.github_summary.clone(),
                root: self.root.clone(),
                places: self.places.clone(),
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
                let closed = tee.borrow().closed;
                if closed != 0 {
                    let request = TeeOperation::OpenTa;
                    return Err(TeeError { result: closed, request }.into());
                }
                let deaths = tee.borrow().deaths;
                let (auditor, kept) = (Box::new(Auditor::new()), Box::new(Kept::new()));
                Ok(Box::new(Session { tee: Rc::clone(tee), auditor, kept, deaths }))
            }
            Err(result) => {
                let request = TeeOperation::OpenTa;
                Err(TeeError { result: *result, request }.into())
            }
        }
    }

    fn stats(&self) -> Result<Box<dyn StatsPta>> {
        match &self.stats {
            Ok(stock) => Ok(Box::new(stock::Session(Rc::clone(stock)))),
            Err(result) => {
                Err(TeeError { result: *result, request: TeeOperation::OpenStats }.into())
            }
        }
    }

    fn time(&self) -> Box<dyn TimeSource> {
        match &self.time {
            Some(time) => Box::new(Hand(Rc::clone(time))),
            None => live::clock(),
        }
    }

    fn kernel(&self) -> Vec<KernelAnswer> {
        let refused = std::io::ErrorKind::PermissionDenied.into();
        let memory = vec!["CmaFree: 12345 kB".to_owned()];
        vec![
            KernelAnswer { from: "/dev/kmsg", lines: Err(refused) },
            KernelAnswer { from: "/proc/meminfo", lines: Ok(memory) },
        ]
    }
}

struct Session {
    tee: Rc<RefCell<Tee>>,
    auditor: Box<Auditor>,
    kept: Box<Kept>,
    deaths: u32,
}

impl Device for Session {
    fn invoke(
        &mut self,
        command: TaCommand,
        request: &[u8],
        reply: &mut [u8],
    ) -> Result<usize, TeeError> {
        let tee = &mut *self.tee.borrow_mut();
        answers(tee, self.deaths)?;
        let failed = |refusal: Refusal| TeeError {
            result: refusal.code(),
            request: TeeOperation::Other("invoking the TA"),
        };
        if tee.exhausted {
            return Err(TeeError {
                result: OUT_OF_MEMORY,
                request: TeeOperation::Other("invoking the TA"),
            });
        }
        self.auditor.handle(tee, Caller::Client, command as u32, request, reply).map_err(failed)
    }

    fn exchange(&mut self, command: u32, words: Words) -> Result<Words, TeeError> {
        let tee = &mut *self.tee.borrow_mut();
        answers(tee, self.deaths)?;
        let failed = |refusal: Refusal| TeeError {
            result: refusal.code(),
            request: TeeOperation::Other("invoking the TA"),
        };
        let both = (&mut *self.auditor, tee as &mut dyn Pta);
        self.kept.exchange(both, Caller::Client, command, &words).map_err(failed)
    }
}

/// Whether a session that was opened after so many deaths is served.
fn answers(tee: &Tee, deaths: u32) -> Result<(), TeeError> {
    let result = if tee.deaths == deaths { tee.refusal } else { TARGET_DEAD };
    if result == 0 {
        Ok(())
    } else {
        Err(TeeError { result, request: TeeOperation::Other("invoking the TA") })
    }
}
