//! `TEE_Result` and `TEEC_Result`: their codes and names, for every part of teeleak.
//!
//! One code means the same on both sides: TEE Client API Specification v1.0 section 4.4.2 gives clients the
//! subset `TEEC_*` of what TEE Internal Core API Specification v1.3.1 section 3.3.3 gives TAs.

/// Defines codes and the list of them with their names.
macro_rules! results {
    ($($name:ident = $code:literal;)*) => {
        $(
            #[doc = concat!("`TEE_ERROR_", stringify!($name), "`.")]
            pub const $name: u32 = $code;
        )*

        /// Every error with its name.
        pub const ERRORS: &[(u32, &str)] =
            &[$(($name, concat!("TEE_ERROR_", stringify!($name)))),*];
    };
}

/// `TEE_SUCCESS`.
pub const SUCCESS: u32 = 0;

results! {
    CORRUPT_OBJECT = 0xf010_0001;
    CORRUPT_OBJECT_2 = 0xf010_0002;
    STORAGE_NOT_AVAILABLE = 0xf010_0003;
    STORAGE_NOT_AVAILABLE_2 = 0xf010_0004;
    UNSUPPORTED_VERSION = 0xf010_0005;
    CIPHERTEXT_INVALID = 0xf010_0006;
    GENERIC = 0xffff_0000;
    ACCESS_DENIED = 0xffff_0001;
    CANCEL = 0xffff_0002;
    ACCESS_CONFLICT = 0xffff_0003;
    EXCESS_DATA = 0xffff_0004;
    BAD_FORMAT = 0xffff_0005;
    BAD_PARAMETERS = 0xffff_0006;
    BAD_STATE = 0xffff_0007;
    ITEM_NOT_FOUND = 0xffff_0008;
    NOT_IMPLEMENTED = 0xffff_0009;
    NOT_SUPPORTED = 0xffff_000a;
    NO_DATA = 0xffff_000b;
    OUT_OF_MEMORY = 0xffff_000c;
    BUSY = 0xffff_000d;
    COMMUNICATION = 0xffff_000e;
    SECURITY = 0xffff_000f;
    SHORT_BUFFER = 0xffff_0010;
    EXTERNAL_CANCEL = 0xffff_0011;
    TIMEOUT = 0xffff_3001;
    OVERFLOW = 0xffff_300f;
    TARGET_DEAD = 0xffff_3024;
    STORAGE_NO_SPACE = 0xffff_3041;
    MAC_INVALID = 0xffff_3071;
    SIGNATURE_INVALID = 0xffff_3072;
    TIME_NOT_SET = 0xffff_5000;
    TIME_NEEDS_RESET = 0xffff_5001;
}
