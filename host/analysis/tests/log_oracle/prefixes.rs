//! What stands before the message of a line, by release.

/// Prefixes of a release by level.
pub(crate) struct Prefixes {
    pub(crate) info: &'static str,
    pub(crate) debug: &'static str,
    pub(crate) error: &'static str,
    /// Debug lines and errors of ldelf; unused where the core loads TAs.
    pub(crate) loader_debug: &'static str,
    pub(crate) loader_error: &'static str,
    /// Debug lines of a TA, and its short lines, if a TA's own `mdbg_check` prints such.
    pub(crate) ta: &'static str,
    pub(crate) ta_info: Option<&'static str>,
}

pub(crate) const FROM_1_0: Prefixes = Prefixes {
    info: "INFO: TEE-CORE:@: ",
    debug: "DEBUG: TEE-CORE:@: ",
    error: "ERROR: TEE-CORE:@: ",
    loader_debug: "",
    loader_error: "",
    ta: "DEBUG: USER-TA:@: ",
    ta_info: None,
};

pub(crate) const FROM_2_0: Prefixes = Prefixes {
    info: "INF [0x0] TEE-CORE:@: ",
    debug: "DBG [0x0] TEE-CORE:@: ",
    error: "ERR [0x0] TEE-CORE:@: ",
    loader_debug: "",
    loader_error: "",
    ta: "DBG USER-TA:@: ",
    ta_info: None,
};

pub(crate) const FROM_2_1: Prefixes = Prefixes {
    info: "INFO:    TEE-CORE: ",
    debug: "DEBUG:   [0x0] TEE-CORE:@: ",
    error: "ERROR:   [0x0] TEE-CORE:@: ",
    loader_debug: "",
    loader_error: "",
    ta: "DEBUG:   USER-TA:@: ",
    ta_info: Some("INFO:    USER-TA: "),
};

pub(crate) const FROM_3_0: Prefixes = Prefixes {
    info: "I/TC:  ",
    debug: "D/TC:0 @ ",
    error: "E/TC:0 @ ",
    loader_debug: "",
    loader_error: "",
    ta: "D/TA:  @ ",
    ta_info: Some("I/TA:  "),
};

pub(crate) const FROM_3_3: Prefixes = Prefixes {
    info: "I/TC: ",
    debug: "D/TC:? 0 @ ",
    error: "E/TC:? 0 @ ",
    loader_debug: "D/LD:  @ ",
    loader_error: "E/LD:  ",
    ta: "D/TA:  @ ",
    ta_info: Some("I/TA: "),
};

/// A vendor's build of 3.11 with the thread in every line.
pub(crate) const VENDOR: Prefixes = Prefixes {
    info: "I/TC:3 00 @ ",
    debug: "D/TC:? 00 @ ",
    error: "E/TC:1 00 @ ",
    loader_debug: "D/LD:  @ ",
    loader_error: "E/LD:  ",
    ta: "D/TA:  @ ",
    ta_info: Some("I/TA: "),
};

/// With a guest of a hypervisor before the core.
pub(crate) const GUEST: Prefixes = Prefixes {
    info: "I/TC:2 ? 001 @ ",
    debug: "D/TC:2 ? 001 @ ",
    error: "E/TC:2 ? 001 @ ",
    loader_debug: "D/LD:  @ ",
    loader_error: "E/LD:  ",
    ta: "D/TA:  @ ",
    ta_info: Some("I/TA: "),
};

/// With core and thread in all lines, and each core's number.
pub(crate) const CORES: Prefixes = Prefixes {
    info: "I/TC:3 0 @ ",
    debug: "D/TC:3 0 @ ",
    error: "E/TC:1 0 @ ",
    loader_debug: "D/LD:  @ ",
    loader_error: "E/LD:  ",
    ta: "D/TA:  @ ",
    ta_info: Some("I/TA:  "),
};

/// With more than ten cores and a hundred threads.
pub(crate) const MANY_CORES: Prefixes = Prefixes {
    info: "I/TC: ",
    debug: "D/TC:?? 000 @ ",
    error: "E/TC:?? 000 @ ",
    loader_debug: "D/LD:  @ ",
    loader_error: "E/LD:  ",
    ta: "D/TA:  @ ",
    ta_info: Some("I/TA: "),
};

/// `CFG_MSG_LONG_PREFIX_MASK=0`: no line has a function or a thread.
pub(crate) const SHORT: Prefixes = Prefixes {
    info: "I/TC: ",
    debug: "D/TC: ",
    error: "E/TC: ",
    loader_debug: "D/LD: ",
    loader_error: "E/LD: ",
    ta: "D/TA: ",
    ta_info: Some("I/TA: "),
};

impl Prefixes {
    /// The line of a message (see the module).
    pub(crate) fn line(&self, message: &str) -> String {
        let mut words = message.splitn(3, ' ');
        let (level, place) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let text = words.next().unwrap_or("");
        let prefix = match level {
            "I" => self.info,
            "D" => self.debug,
            "E" => self.error,
            "LD" => self.loader_debug,
            "LE" => self.loader_error,
            "TA" => self.ta,
            other => panic!("no prefix for level {other} of {message}"),
        };
        let prefix = match (place, prefix.split_once('@')) {
            ("-", Some((start, end))) => {
                format!("{start}{}", end.trim_start_matches(":").trim_start())
            }
            _ => prefix.replace('@', place),
        };
        format!("{prefix}{text}")
    }
}
