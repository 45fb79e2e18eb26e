//! Admission of clients.

use teeleak_proto::Uuid;

use crate::Refusal;

/// `TEE_LOGIN_USER`: the client is the user whose UUID it carries.
const LOGIN_USER: u32 = 1;
/// `TEE_LOGIN_GROUP`: the client belongs to the group whose UUID it carries.
const LOGIN_GROUP: u32 = 2;
/// `TEE_LOGIN_TRUSTED_APP`: the client is a TA.
const LOGIN_TRUSTED_APP: u32 = 0xf000_0000;

/// Linux's client UUID of user 0: the version 5 UUID of `uid=0` in the name space
/// 58ac9ca0-2086-4683-a1b8-ec4bc08e01b6 (`drivers/tee/tee_core.c`).
pub const ROOT: Uuid = match Uuid::parse("ef0180a3-13f3-5d1c-b7f5-888c0e21059a") {
    Some(uuid) => uuid,
    None => unreachable!(),
};

/// The client of a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caller {
    /// An admitted normal-world client.
    Client,
    /// A TA, which may only send notes.
    Ta(Uuid),
}

/// Admits a client by its identity: root, the members of `group` if set, and TAs.
///
/// A public login carries no identity, and Linux does not check those of applications, so neither
/// is admitted.
///
/// # Errors
/// [`Refusal::AccessDenied`] for all other clients.
pub fn admit(login: u32, client: Uuid, group: Option<Uuid>) -> Result<Caller, Refusal> {
    match login {
        LOGIN_USER if client == ROOT => Ok(Caller::Client),
        LOGIN_GROUP if Some(client) == group => Ok(Caller::Client),
        LOGIN_TRUSTED_APP => Ok(Caller::Ta(client)),
        _ => Err(Refusal::AccessDenied),
    }
}
