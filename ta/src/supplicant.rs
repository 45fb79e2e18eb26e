//! Access to the tee-supplicant plugin, through the system PTA.

use core::ptr;

use optee_utee::raw::{
    TEE_PARAM_TYPE_MEMREF_INOUT, TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_VALUE_INPUT,
    TEE_PARAM_TYPE_VALUE_OUTPUT, TEE_UUID,
};
use teeleak_proto::{Uuid, push};
use teeleak_ta_logic::Plugin;

use crate::session::{Params, Session, to_raw};

/// `PTA_SYSTEM_UUID`: optee_os 4.10.0, `lib/libutee/include/pta_system.h`.
const SYSTEM: Uuid = match Uuid::parse("3a2f8978-5dc0-11e8-9c2d-fa7ae01bbebc") {
    Some(uuid) => uuid,
    None => unreachable!(),
};

/// `PTA_SYSTEM_SUPP_PLUGIN_INVOKE`, in the same place.
const INVOKE_PLUGIN: u32 = 13;

const TYPES: u32 = TEE_PARAM_TYPE_MEMREF_INPUT
    | TEE_PARAM_TYPE_VALUE_INPUT << 4
    | TEE_PARAM_TYPE_MEMREF_INOUT << 8
    | TEE_PARAM_TYPE_VALUE_OUTPUT << 12;

/// The session to the system PTA.
pub(crate) struct Supplicant(Session);

impl Supplicant {
    pub(crate) const fn new() -> Self {
        Self(Session::new())
    }

    /// Opens the session while there is memory for it, unless it is open.
    pub(crate) fn open(&mut self) {
        self.0.open(SYSTEM);
    }
}

impl Plugin for Supplicant {
    /// As `tee_invoke_supp_plugin()`, but with a direct syscall: libutee would map pages for a copy
    /// of the page, and print an error for each page without a plugin.
    fn append(&mut self, sub_command: u32, page: &[u8]) -> Result<(), u32> {
        let uuid = to_raw(push::PLUGIN.0);
        let address = |at: *const u8| at.expose_provenance() as u64;
        let (uuid_at, page_at) = (ptr::from_ref(&uuid).cast(), page.as_ptr());
        let uuid_bytes = size_of::<TEE_UUID>() as u64;
        let selector = [push::APPEND.into(), sub_command.into()];
        let [uuid_at, page_at] = [address(uuid_at), address(page_at)];
        let values =
            [uuid_at, uuid_bytes, selector[0], selector[1], page_at, page.len() as u64, 0, 0];
        // The page is only written if the plugin returns data, which ours never does.
        self.0.invoke(INVOKE_PLUGIN, &mut Params { types: TYPES.into(), values })
    }
}
