//! Names of places, processes, logins and access bits.

use crate::model::{Function, Holder, SourceLocation};

/// `file:line`.
#[must_use]
pub fn place(place: &SourceLocation) -> String {
    format!("{}:{}", place.source, place.at)
}

/// `tee_mm_alloc (core/mm/tee_mm.c:168)`.
#[must_use]
pub fn function(function: &Function) -> String {
    match &function.at {
        Some((file, line)) => format!("{} ({file}:{line})", function.name),
        None => function.name.to_string(),
    }
}

/// `pid 29202 (camerahalserver)`.
#[must_use]
pub fn holder(holder: &Holder) -> String {
    let Holder { pid, comm } = holder;
    if *pid == 0 {
        return comm.to_string();
    }
    if comm.is_empty() { format!("pid {pid}") } else { format!("pid {pid} ({comm})") }
}

/// `TEE_LOGIN_*` of TEE Client API Specification v1.0 section 4.4.4 and, for a TA as the client, of
/// TEE Internal Core API Specification v1.3.1 section 4.2.2.
#[must_use]
pub fn login(login: u32) -> String {
    match login {
        0 => "public".into(),
        1 => "user".into(),
        2 => "group".into(),
        4 => "application".into(),
        5 => "user and application".into(),
        6 => "group and application".into(),
        0xf000_0000 => "TA".into(),
        other => format!("{other:#x}"),
    }
}

/// `rwxs` of a region's access bits, with a dash for each clear bit.
#[must_use]
pub fn access(bits: u8) -> String {
    let letters = ['r', 'w', 'x', 's'].into_iter().enumerate();
    letters.map(|(bit, letter)| if bits >> bit & 1 == 1 { letter } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use crate::text::names::*;

    #[test]
    fn numbers_have_names() {
        assert_eq!([0, 0xf000_0000, 0x77].map(login), ["public", "TA", "0x77"]);
        assert_eq!([0b0011, 0b1101].map(access), ["rw--", "r-xs"]);
        let of = |pid, comm: &str| holder(&Holder { pid, comm: comm.into() });
        assert_eq!([of(0, "ion"), of(7, ""), of(7, "sh")], ["ion", "pid 7", "pid 7 (sh)"]);
    }
}
