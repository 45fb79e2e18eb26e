//! Ioctls of the TEE's device.
//!
//! Numbers: Linux include/uapi/linux/tee.h @ 6.12; names and fields as strace 6.1 and 7.2 print them.

use teeleak_proto::Uuid;

use super::{args::field, digits::number};
use crate::model::CallParam;

/// The request of an ioctl.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TeeRequest {
    /// Shared memory, as a descriptor.
    Share,
    OpenSession,
    Invoke,
    Cancel,
    CloseSession,
    /// A dma-buf, from a heap.
    HeapAlloc,
    Other,
}

const NAMES: [(&str, TeeRequest); 7] = [
    ("TEE_IOC_SHM_ALLOC", TeeRequest::Share),
    ("TEE_IOC_SHM_REGISTER", TeeRequest::Share),
    ("TEE_IOC_OPEN_SESSION", TeeRequest::OpenSession),
    ("TEE_IOC_INVOKE", TeeRequest::Invoke),
    ("TEE_IOC_CANCEL", TeeRequest::Cancel),
    ("TEE_IOC_CLOSE_SESSION", TeeRequest::CloseSession),
    ("DMA_HEAP_IOCTL_ALLOC", TeeRequest::HeapAlloc),
];

/// A request by its name, its number, or `_IOC(_IOC_READ, 0xa4, 0x5, 0x4)`.
pub(super) fn request(text: &str) -> TeeRequest {
    if let Some((_, request)) = NAMES.iter().find(|(name, _)| text.starts_with(name)) {
        return *request;
    }
    let (of, n) = match text.strip_prefix("_IOC(") {
        Some(parts) => {
            let mut parts = parts.split([',', ')']).map(str::trim).skip(1).map(number);
            (parts.next().flatten(), parts.next().flatten())
        }
        None => (number(text).map(|all| all >> 8 & 0xff), number(text).map(|all| all & 0xff)),
    };
    match (of, n) {
        (Some(0xa4), Some(1 | 9)) => TeeRequest::Share,
        (Some(0xa4), Some(2)) => TeeRequest::OpenSession,
        (Some(0xa4), Some(3)) => TeeRequest::Invoke,
        (Some(0xa4), Some(4)) => TeeRequest::Cancel,
        (Some(0xa4), Some(5)) => TeeRequest::CloseSession,
        (Some(0x48), Some(0)) => TeeRequest::HeapAlloc,
        _ => TeeRequest::Other,
    }
}

/// Fields of the structure; empty if strace prints only its address.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct RequestFields {
    pub(super) session: Option<u32>,
    pub(super) uuid: Option<Uuid>,
    pub(super) cmd: Option<u32>,
    pub(super) result: Option<u32>,
    pub(super) origin: Option<u32>,
    pub(super) param_types: u32,
    pub(super) params: [CallParam; 4],
}

/// Reads the structure: inputs, and outputs after an arrow.
pub(super) fn read_fields(text: &str) -> RequestFields {
    let (before, after) = text.split_once("=>").unwrap_or((text, ""));
    let word = |text: &str, name: &str| number(field(text, name)?).and_then(|n| n.try_into().ok());
    let mut fields = RequestFields {
        session: word(after, "session").or_else(|| word(before, "session")),
        uuid: field(before, "uuid").and_then(Uuid::parse),
        cmd: word(before, "func"),
        result: word(after, "ret"),
        origin: field(after, "ret_origin").and_then(origin),
        ..RequestFields::default()
    };
    let outs: Vec<_> = structures(after).collect();
    for (n, param) in structures(before).take(4).enumerate() {
        let (kind, read) = param_of(param, outs.get(n).copied().unwrap_or_default());
        fields.param_types |= kind << (4 * n);
        fields.params[n] = read;
    }
    fields
}

/// Origins of TEE Client API Specification v1.0, section 4.4.3.
fn origin(text: &str) -> Option<u32> {
    Some(match text {
        "TEEC_ORIGIN_API" => 1,
        "TEEC_ORIGIN_COMMS" => 2,
        "TEEC_ORIGIN_TEE" => 3,
        "TEEC_ORIGIN_TRUSTED_APP" => 4,
        _ => return number(text)?.try_into().ok(),
    })
}

fn structures(text: &str) -> impl Iterator<Item = &str> {
    text.split("{attr=").skip(1).map(|text| text.split('}').next().unwrap_or(text))
}

/// Kind of a parameter, as in `TEEC_PARAM_TYPES()`, and its input and output.
fn param_of(before: &str, after: &str) -> (u32, CallParam) {
    let attr = before.split([',', '|']).next().unwrap_or_default().trim();
    let direction = if attr.ends_with("_INPUT") {
        1
    } else if attr.ends_with("_OUTPUT") {
        2
    } else if attr.ends_with("_INOUT") {
        3
    } else {
        return (0, CallParam::default());
    };
    let get = |text, name| field(text, name).and_then(number).unwrap_or(0);
    if attr.contains("_MEMREF_") {
        let param = CallParam { input: 0, size: get(before, "size"), output: get(after, "size") };
        return (4 + direction, param);
    }
    let value = |text| get(text, "b") << 32 | get(text, "a") & 0xffff_ffff;
    (direction, CallParam { input: value(before), size: 0, output: value(after) })
}

#[cfg(test)]
mod tests {
    use crate::parse::strace::tee::*;

    #[test]
    fn requests_by_name_and_number() {
        for text in ["TEE_IOC_INVOKE", "0x8010a403", "_IOC(_IOC_READ, 0xa4, 0x3, 0x10)"] {
            assert_eq!(request(text), TeeRequest::Invoke, "{text}");
        }
        assert_eq!(request("0xc0184800"), TeeRequest::HeapAlloc);
        assert_eq!(request("TEE_IOC_VERSION"), TeeRequest::Other);
        assert_eq!(request("TCGETS"), TeeRequest::Other);
    }

    #[test]
    fn an_invoke_is_read() {
        let text = "{buf_len=152, buf_ptr={func=1, session=0x2, cancel_id=0, num_params=4, params=[\
            {attr=TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_INPUT, a=0x2, b=0x1000, c=0}, \
            {attr=TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_OUTPUT, a=0, b=0, c=0}, \
            {attr=TEE_IOCTL_PARAM_ATTR_TYPE_MEMREF_INPUT, shm_offs=0, size=0x40, shm_id=3}, \
            {attr=TEE_IOCTL_PARAM_ATTR_TYPE_NONE}]} => {ret=4294901768, \
            ret_origin=TEEC_ORIGIN_TRUSTED_APP, params=[{attr=TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_INPUT, a=0x2, b=0x1000, c=0}, \
            {attr=TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_OUTPUT, a=0x8001c000, b=1, c=0}]}}";
        let fields = read_fields(text);
        assert_eq!((fields.session, fields.cmd), (Some(2), Some(1)));
        assert_eq!((fields.result, fields.origin), (Some(0xffff_0008), Some(4)));
        assert_eq!(fields.param_types, 0x0521);
        assert_eq!(fields.params[0].input, 0x1000_0000_0002);
        assert_eq!(fields.params[1].output, 0x1_8001_c000);
        assert_eq!(fields.params[2].size, 0x40);
    }

    #[test]
    fn an_address_has_no_fields() {
        assert_eq!(read_fields("0xffffd9875c68"), RequestFields::default());
    }
}
