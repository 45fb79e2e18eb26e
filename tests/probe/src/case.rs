//! What was tried and what came of it.

use serde::Serialize;

/// `TEE_ERROR_ACCESS_DENIED`.
pub(crate) const DENIED: u32 = 0xffff_0001;
/// `TEE_ERROR_BAD_PARAMETERS`.
pub(crate) const BAD: u32 = 0xffff_0006;
/// `TEE_ERROR_BAD_STATE`.
pub(crate) const STALE: u32 = 0xffff_0007;
/// `TEE_ERROR_ITEM_NOT_FOUND`.
pub(crate) const NOT_FOUND: u32 = 0xffff_0008;
/// `TEE_ERROR_NOT_SUPPORTED`.
pub(crate) const UNSUPPORTED: u32 = 0xffff_000a;
/// `TEE_ERROR_SHORT_BUFFER`.
pub(crate) const SHORT: u32 = 0xffff_0010;

/// A case that was tried.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) result: u32,
    /// Results that are right.
    pub(crate) expected: &'static [u32],
}

#[derive(Serialize)]
struct Line<'a> {
    case: &'a str,
    result: String,
    expected: Vec<String>,
    ok: bool,
}

/// Prints all cases; says whether all are right.
pub(crate) fn print(cases: Vec<Case>) -> anyhow::Result<bool> {
    let mut good = true;
    for case in cases {
        let ok = case.expected.contains(&case.result);
        good &= ok;
        let line = Line {
            case: &case.name,
            result: hex(&case.result),
            expected: case.expected.iter().map(hex).collect(),
            ok,
        };
        println!("{}", serde_json::to_string(&line)?);
    }
    Ok(good)
}

fn hex(code: &u32) -> String {
    format!("{code:#x}")
}
