//! Who is let in.

use leaky_interface::{Command, LEAKY};
use optee_teec::raw::{
    TEEC_LOGIN_APPLICATION, TEEC_LOGIN_GROUP, TEEC_LOGIN_PUBLIC, TEEC_LOGIN_USER,
    TEEC_LOGIN_USER_APPLICATION, TEEC_VALUE_INPUT,
};
use teeleak_proto::{Uuid, command::TA_UUID, pta};

use crate::{
    case::{BAD, Case, DENIED},
    teec::{Param, Session},
};

/// `TEE_IOCTL_LOGIN_REE_KERNEL`, what drivers in Linux say they are: `include/uapi/linux/tee.h`.
const LOGIN_REE_KERNEL: u32 = 0x8000_0000;

/// A door, who knocks, and what must come of it.
type Knock = (&'static str, Uuid, u32, Option<u32>, &'static [u32]);

/// No client of the normal world gets to the PTA, and none but root to the TA.
pub(crate) fn root() -> anyhow::Result<Vec<Case>> {
    // Linux itself refuses a process that says that it is the kernel, or of a group it is not in.
    let kernel: &[u32] = &[DENIED, BAD, 0xffff_0000];
    let knocks: [Knock; 11] = [
        ("PTA, public", pta::UUID, TEEC_LOGIN_PUBLIC, None, &[DENIED]),
        ("PTA, root", pta::UUID, TEEC_LOGIN_USER, None, &[DENIED]),
        ("PTA, group of root", pta::UUID, TEEC_LOGIN_GROUP, Some(0), &[DENIED]),
        ("PTA, kernel", pta::UUID, LOGIN_REE_KERNEL, None, kernel),
        ("TA, public", TA_UUID, TEEC_LOGIN_PUBLIC, None, &[DENIED]),
        ("TA, group of root", TA_UUID, TEEC_LOGIN_GROUP, Some(0), &[DENIED]),
        ("TA, application", TA_UUID, TEEC_LOGIN_APPLICATION, None, kernel),
        ("TA, application of root", TA_UUID, TEEC_LOGIN_USER_APPLICATION, None, kernel),
        ("TA, kernel", TA_UUID, LOGIN_REE_KERNEL, None, kernel),
        ("TA, no such login", TA_UUID, 0x77, None, kernel),
        ("TA, root", TA_UUID, TEEC_LOGIN_USER, None, &[0]),
    ];
    let mut cases: Vec<_> = knocks.into_iter().map(knock).collect();
    cases.push(foreign_ta("a foreign TA at the PTA", pta::UUID, &[DENIED])?);
    // It may leave notes: that it may do nothing else is tried without a TEE.
    cases.push(foreign_ta("a foreign TA at the TA", TA_UUID, &[0])?);
    Ok(cases)
}

/// Somebody who is not root and may open the TEE's device.
pub(crate) fn guest() -> anyhow::Result<Vec<Case>> {
    let knocks: [Knock; 4] = [
        ("PTA, public", pta::UUID, TEEC_LOGIN_PUBLIC, None, &[DENIED]),
        ("PTA, user", pta::UUID, TEEC_LOGIN_USER, None, &[DENIED]),
        ("TA, public", TA_UUID, TEEC_LOGIN_PUBLIC, None, &[DENIED]),
        ("TA, user", TA_UUID, TEEC_LOGIN_USER, None, &[DENIED]),
    ];
    Ok(knocks.into_iter().map(knock).collect())
}

fn knock((name, uuid, login, gid, expected): Knock) -> Case {
    let result = Session::open(uuid.0, login, gid).err().unwrap_or(0);
    Case { name: name.into(), result, expected }
}

fn foreign_ta(name: &str, uuid: Uuid, expected: &'static [u32]) -> anyhow::Result<Case> {
    let leaky = Uuid::parse(LEAKY).unwrap_or_default();
    let session = Session::expect(leaky.0, TEEC_LOGIN_PUBLIC)?;
    let mut words = uuid.0.as_chunks().0.iter().map(|word| u32::from_be_bytes(*word));
    let mut value = || {
        let (a, b) = (words.next().unwrap_or(0), words.next().unwrap_or(0));
        Param::Value(TEEC_VALUE_INPUT, a, b)
    };
    let params = [value(), value(), Param::None, Param::None];
    let (result, _) = session.invoke(Command::TryOpen as u32, params);
    Ok(Case { name: name.into(), result, expected })
}
