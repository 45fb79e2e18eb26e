//! An OP-TEE without our PTA: its statistics PTA, and the console that it prints to.

use std::{
    cell::RefCell,
    fs::OpenOptions,
    io::Write as _,
    path::PathBuf,
    rc::Rc,
    time::{Duration, Instant},
};

use teeleak::source::stock::{Answer, Question, StatsPta};
use teeleak_proto::{
    Uuid,
    stock::MARK,
    tee_result::{BAD_PARAMETERS, NOT_SUPPORTED, SHORT_BUFFER},
};

/// Name and the figures of `struct pta_stats_alloc` from `allocated` on.
pub type PoolFigures = (&'static str, [u32; 6]);

/// File, line, size, count.
pub type Printed = (&'static str, u16, u32, u32);

/// What an OP-TEE without our PTA would report.
pub struct Stock {
    /// Bytes of a pool's counters: 56 before optee_os 4.6.0, 64 since.
    pub element_bytes: usize,
    /// Its pools.
    pub pools: Vec<PoolFigures>,
    /// TAs with sessions from the normal world and heap; `None` without `CFG_TA_STATS`.
    pub tas: Option<Vec<(Uuid, u32, PoolFigures)>>,
    /// Where it prints to.
    pub console: Option<PathBuf>,
    /// What the dump of this number, from 1, prints; `None` without malloc debug.
    pub heap: Option<Box<dyn Fn(u32) -> Vec<Printed>>>,
    /// What else is printed within each dump.
    pub noise: &'static str,
    /// Whether marks are printed.
    pub marks: bool,
    /// Dumps so far.
    pub dumps: u32,
    /// Its clock: it stands still unless somebody waits.
    pub now: Instant,
}

impl Default for Stock {
    fn default() -> Self {
        let pools = vec![
            ("Heap", [81_000, 90_000, 196_608, 0, 0, 0]),
            ("Physical TA memory", [1 << 20, 2 << 20, 14 << 20, 0, 0, 0]),
        ];
        Self {
            element_bytes: 64,
            pools,
            tas: None,
            console: None,
            heap: None,
            noise: "",
            marks: true,
            dumps: 0,
            now: Instant::now(),
        }
    }
}

impl Stock {
    fn print(&mut self, text: &str) {
        let Some(path) = &self.console else { return };
        let mut file = OpenOptions::new().append(true).create(true).open(path).expect("a console");
        file.write_all(text.as_bytes()).expect("a console that takes text");
    }

    fn dump(&mut self) {
        self.dumps += 1;
        let Some(heap) = &self.heap else { return };
        let mut text = String::new();
        for (file, line, size, count) in heap(self.dumps) {
            for _ in 0..count {
                text.push_str(&format!("I/TC: buffer: {size} bytes {file}:{line}\n"));
            }
        }
        self.print(&(text + self.noise));
    }

    fn element(&self, (name, figures): &PoolFigures) -> Vec<u8> {
        let mut bytes = name.as_bytes().to_vec();
        bytes.resize(self.element_bytes - 24, 0);
        bytes.extend(figures.iter().copied().flat_map(u32::to_le_bytes));
        bytes
    }

    fn tas(&self) -> Option<Vec<u8>> {
        let all = self.tas.as_ref()?.iter().flat_map(|(uuid, sessions, heap)| {
            let mut id = uuid.0;
            id[..4].reverse();
            id[4..6].reverse();
            id[6..8].reverse();
            let state = [0, *sessions].into_iter().flat_map(u32::to_le_bytes);
            id.into_iter().chain(state).chain(self.element(heap)).collect::<Vec<_>>()
        });
        Some(all.collect())
    }
}

/// A session to the statistics PTA.
pub(crate) struct Session(pub(crate) Rc<RefCell<Stock>>);

impl StatsPta for Session {
    fn now(&self) -> Instant {
        self.0.borrow().now
    }

    fn pause(&mut self, time: Duration) {
        self.0.borrow_mut().now += time;
    }

    fn ask(&mut self, question: Question, reply: &mut [u8]) -> Answer {
        let stock = &mut *self.0.borrow_mut();
        match question {
            Question::Pools(0) => {
                let all: Vec<_> = stock.pools.iter().flat_map(|pool| stock.element(pool)).collect();
                put(&all, reply)
            }
            Question::Pools(pool) => put(&stock.element(&stock.pools[pool as usize - 1]), reply),
            Question::Tas => match stock.tas() {
                Some(tas) => put(&tas, reply),
                None => Answer { result: NOT_SUPPORTED, bytes: 0 },
            },
            Question::Dump => {
                stock.dump();
                Answer { result: 0, bytes: 0 }
            }
            Question::Mark => {
                if stock.marks {
                    stock.print(&format!("E/TC:? 0 get_pager_stats:121 {MARK}\n"));
                }
                Answer { result: BAD_PARAMETERS, bytes: 0 }
            }
        }
    }
}

fn put(all: &[u8], reply: &mut [u8]) -> Answer {
    let result = match reply.get_mut(..all.len()) {
        Some(room) => {
            room.copy_from_slice(all);
            0
        }
        None => SHORT_BUFFER,
    };
    Answer { result, bytes: all.len() }
}
