//! Identifies the client of a session.

use optee_utee::raw::{
    TEE_GetPropertyAsIdentity, TEE_Identity, TEE_PROPSET_CURRENT_CLIENT, TEE_SUCCESS, TEE_UUID,
};
use teeleak_proto::Uuid;
use teeleak_ta_logic::{Caller, Refusal, login};

/// Session context of a normal-world client.
const CLIENT: usize = 1;
/// Session context of a client TA. Its UUID is queried when needed, so nothing is stored.
const TA: usize = 2;

/// Client UUID of the group set in build.rs.
const GROUP: Option<Uuid> = match option_env!("TEELEAK_GROUP_CLIENT") {
    Some(text) => Uuid::parse(text),
    None => None,
};

/// Admits the client of the session that is being opened; returns the session's context.
pub(crate) fn admit() -> Result<usize, Refusal> {
    let (login, uuid) = identity()?;
    match login::admit(login, uuid, GROUP)? {
        Caller::Client => Ok(CLIENT),
        Caller::Ta(_) => Ok(TA),
    }
}

/// The caller, from its session's context.
pub(crate) fn caller(context: usize) -> Result<Caller, Refusal> {
    match context {
        CLIENT => Ok(Caller::Client),
        TA => identity().map(|(_, uuid)| Caller::Ta(uuid)),
        _ => Err(Refusal::AccessDenied),
    }
}

/// Property `gpd.client.identity`: GlobalPlatform TEE Internal Core API 1.3.1, section 4.6.
fn identity() -> Result<(u32, Uuid), Refusal> {
    let zero_uuid =
        TEE_UUID { timeLow: 0, timeMid: 0, timeHiAndVersion: 0, clockSeqAndNode: [0; 8] };
    let mut identity = TEE_Identity { login: 0, uuid: zero_uuid };
    // SAFETY: The name ends with a zero, and `identity` outlives the call.
    let result = unsafe {
        TEE_GetPropertyAsIdentity(
            TEE_PROPSET_CURRENT_CLIENT,
            c"gpd.client.identity".as_ptr(),
            &raw mut identity,
        )
    };
    match result {
        TEE_SUCCESS => Ok((identity.login, octets(&identity.uuid))),
        _ => Err(Refusal::AccessDenied),
    }
}

fn octets(uuid: &TEE_UUID) -> Uuid {
    let mut octets = [0; 16];
    octets[..4].copy_from_slice(&uuid.timeLow.to_be_bytes());
    octets[4..6].copy_from_slice(&uuid.timeMid.to_be_bytes());
    octets[6..8].copy_from_slice(&uuid.timeHiAndVersion.to_be_bytes());
    octets[8..].copy_from_slice(&uuid.clockSeqAndNode);
    Uuid(octets)
}
