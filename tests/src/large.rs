//! A TEE in which much happens: what a report of it weighs, and how fast it is.

use teeleak_proto::{Uuid, pta};

use crate::{Event, Region, Session, Site, Tee, World};

const FILES: [&str; 20] = [
    "core/kernel/assert.c",
    "core/kernel/console.c",
    "core/kernel/dt.c",
    "core/kernel/handle.c",
    "core/kernel/ldelf_loader.c",
    "core/kernel/mutex.c",
    "core/kernel/tee_ta_manager.c",
    "core/kernel/user_ta.c",
    "core/mm/fobj.c",
    "core/mm/mobj.c",
    "core/mm/mobj_dyn_shm.c",
    "core/mm/tee_mm.c",
    "core/mm/vm.c",
    "core/pta/device.c",
    "core/pta/system.c",
    "core/tee/tee_cryp_utl.c",
    "core/tee/tee_obj.c",
    "core/tee/tee_svc_cryp.c",
    "core/tee/tee_svc_storage.c",
    "core/tee/tee_ree_fs.c",
];

/// Sites, every fourth of which leaks.
const SITES: u16 = 500;

/// Events of an iteration; 25 of them, with those that do not count, make 10,000.
const EVENTS: u32 = 400;

/// Epochs in which nothing leaks: the first one and the idle ones.
const IDLE: u32 = 1 + 3;

/// A world with 500 allocation sites, and a workload that calls 400 times.
#[must_use]
pub fn large() -> World {
    World::with(Tee {
        heap: 64 << 20,
        tas: vec![Uuid([0x23; 16]), Uuid([0x42; 16])],
        sites: (0..SITES).map(|n| site(n, 0)).collect(),
        sessions: vec![Session { id: 1, instance: 1 }],
        regions: (0..40).map(region).collect(),
        workload: Box::new(workload),
        ..Tee::default()
    })
}

fn site(n: u16, epoch: u32) -> Site {
    let file = FILES[usize::from(n) % FILES.len()];
    let (size, count) = (16 + 8 * u32::from(n % 50), 1 + u32::from(n % 7));
    Site { file, line: 100 + n, size, owner: n % 3, epoch, count }
}

fn region(n: u64) -> Region {
    Region { instance: 1, va: 0x4000_0000 + 0x2000 * n, size: 0x1000 }
}

fn workload(tee: &mut Tee, epoch: u32) {
    if epoch > IDLE {
        tee.sites.extend((0..SITES).step_by(4).map(|n| site(n, epoch)));
        tee.regions.push(region(100 + u64::from(epoch)));
    }
    let kinds = [pta::EVENT_OPEN, pta::EVENT_INVOKE, pta::EVENT_MAP, pta::EVENT_CLOSE];
    for n in 0..EVENTS {
        let result = if n % 97 == 0 { 0xffff_0008 } else { 0 };
        let (instance, session) = (1 + n / 4 % 2, 2 + n / 4);
        let kind = kinds[n as usize % kinds.len()];
        tee.events.push(Event { kind, cmd: n % 9, result, session, instance, values: [n; 8] });
    }
}
