//! Kernel probes: the functions to trace, and the fields to record.

/// The four parameters of a call, `struct tee_param[4]` of Linux include/linux/tee_core.h @ 6.12: for
/// each its attributes and two words, which are a value or the offset and size of memory. The third
/// word, a kernel address for memory, is not recorded.
macro_rules! params {
    () => {
        "p0=+0($arg3):x64[3] p1=+32($arg3):x64[3] p2=+64($arg3):x64[3] p3=+96($arg3):x64[3]"
    };
}

/// A probe on a function of the optee driver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Probe {
    /// Unique name of its events: the kernel counts misses by it.
    pub name: &'static str,
    /// The function (Linux drivers/tee/optee/call.c @ 6.12).
    pub function: &'static str,
    /// Action of the function.
    pub(super) act: ProbeAction,
    /// Whether the probe is at the return of the function.
    pub at_return: bool,
    /// Recorded fields, in the syntax of Documentation/trace/kprobetrace.rst.
    args: &'static str,
}

/// Action of a client, or of the kernel for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ProbeAction {
    Open,
    Invoke,
    Close,
    /// Closing a session, for a client or the kernel.
    Shut,
    Cancel,
}

const fn begin(
    name: &'static str,
    function: &'static str,
    act: ProbeAction,
    args: &'static str,
) -> Probe {
    Probe { name, function, act, at_return: false, args }
}

const fn end(
    name: &'static str,
    function: &'static str,
    act: ProbeAction,
    args: &'static str,
) -> Probe {
    Probe { name, function, act, at_return: true, args }
}

/// All probes. Offsets are those of `struct tee_ioctl_open_session_arg` and `tee_ioctl_invoke_arg`
/// (Linux include/uapi/linux/tee.h). The name of a task comes last, since it may hold anything.
pub const PROBES: [Probe; 10] = [
    begin(
        "tee_open",
        "optee_open_session",
        ProbeAction::Open,
        concat!("uuid=+0($arg2):x8[16] n=+52($arg2):u32 ", params!(), " comm=$comm"),
    ),
    end(
        "tee_opened",
        "optee_open_session",
        ProbeAction::Open,
        concat!(
            "rc=$retval:s32 session=+40($arg2):u32 ret=+44($arg2):u32 origin=+48($arg2):u32 ",
            params!()
        ),
    ),
    begin(
        "tee_invoke",
        "optee_invoke_func",
        ProbeAction::Invoke,
        concat!(
            "cmd=+0($arg2):u32 session=+4($arg2):u32 n=+20($arg2):u32 ",
            params!(),
            " comm=$comm"
        ),
    ),
    end(
        "tee_invoked",
        "optee_invoke_func",
        ProbeAction::Invoke,
        concat!(
            "rc=$retval:s32 cmd=+0($arg2):u32 session=+4($arg2):u32 ret=+12($arg2):u32 \
             origin=+16($arg2):u32 ",
            params!()
        ),
    ),
    begin("tee_close", "optee_close_session", ProbeAction::Close, "session=$arg2:u32 comm=$comm"),
    end(
        "tee_closed",
        "optee_close_session",
        ProbeAction::Close,
        "rc=$retval:s32 session=$arg2:u32",
    ),
    begin(
        "tee_shut",
        "optee_close_session_helper",
        ProbeAction::Shut,
        "session=$arg2:u32 comm=$comm",
    ),
    end(
        "tee_was_shut",
        "optee_close_session_helper",
        ProbeAction::Shut,
        "rc=$retval:s32 session=$arg2:u32",
    ),
    begin("tee_cancel", "optee_cancel_req", ProbeAction::Cancel, "session=$arg3:u32 comm=$comm"),
    end(
        "tee_canceled",
        "optee_cancel_req",
        ProbeAction::Cancel,
        "rc=$retval:s32 session=$arg3:u32",
    ),
];

/// Most calls of one function at a time whose return is recorded; each takes a few words of kernel
/// memory. A thread waits in the TEE, so there are at most as many as waiting threads.
const AT_ONCE: u32 = 256;

impl Probe {
    /// The probe's definition for `kprobe_events`.
    #[must_use]
    pub fn definition(&self, group: &str) -> String {
        let Self { name, function, args, .. } = self;
        let kind = if self.at_return { format!("r{AT_ONCE}") } else { "p".to_owned() };
        format!("{kind}:{group}/{name} {function} {args}")
    }

    pub(super) fn find(name: &str) -> Option<&'static Self> {
        PROBES.iter().find(|probe| probe.name == name)
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::ftrace::probes::*;

    #[test]
    fn definitions_are_what_the_kernel_reads() {
        let definitions: Vec<_> = PROBES.iter().map(|probe| probe.definition("g")).collect();
        assert_eq!(
            definitions[4],
            "p:g/tee_close optee_close_session session=$arg2:u32 comm=$comm"
        );
        assert_eq!(
            definitions[3],
            "r256:g/tee_invoked optee_invoke_func rc=$retval:s32 cmd=+0($arg2):u32 \
             session=+4($arg2):u32 ret=+12($arg2):u32 origin=+16($arg2):u32 p0=+0($arg3):x64[3] \
             p1=+32($arg3):x64[3] p2=+64($arg3):x64[3] p3=+96($arg3):x64[3]"
        );
    }

    #[test]
    fn each_begin_has_its_end() {
        for pair in PROBES.chunks(2) {
            let [begin, end] = pair else { panic!("an odd number") };
            assert_eq!((begin.act, begin.function), (end.act, end.function));
            assert!(!begin.at_return && end.at_return);
        }
    }
}
