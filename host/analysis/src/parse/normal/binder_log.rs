//! What binder logs of its processes, and who cannot open files any more.
//!
//! ```text
//! <6>[   45.091496] (0)[1737:Binder_1]binder: 1727 close vm area 5d12c000-5d32a000 (2040 K) vma 2220051 pagep 79f
//! <6>[   45.091894] (1)[44:kworker/u:1]binder_release: 1727 threads 4, nodes 2 (ref 2), refs 8, active transactions 0, buffers 0, pages 1
//! <6>[  136.373461] (0)[2019:vivo_daemon]binder_mmap: 2019 4068a000-40888000 (2040 K) vma 200071 pagep 79f
//! 03-19 15:06:05.842   143 12974 E M4U_L   : Open file failed mFileDescriptor=-1, error=24 :Too many open files
//! ```
//!
//! `binder_vma_close`, `binder_deferred_release` and `binder_mmap` of Linux 3.4 `drivers/staging/android/binder.c`;
//! later kernels print the same of the first two. `EMFILE` is 24 on all platforms (`errno-base.h`).

use crate::model::Said;

use super::{Context, Line, Out, Parser, Taken, fields};

#[derive(Default)]
pub(super) struct BinderLog;

impl Parser for BinderLog {
    fn line(&mut self, line: &Line<'_>, _: &Context, out: &mut Out) -> Taken {
        if line.text.contains("Too many open files") {
            out.say(line, Said::TooManyFiles { pid: line.pid });
            return Taken::Parsed;
        }
        let Some((head, rest)) = line.text.split_once(": ") else { return Taken::Other };
        let head = head.trim_start();
        if !head.starts_with("binder") {
            return Taken::Other;
        }
        let pid = rest.split([' ', ':']).next().and_then(fields::decimal);
        let said = match (head, pid) {
            (_, Some(pid)) if rest.contains(" close vm area ") => Said::AreaClosed { pid },
            ("binder_mmap", Some(pid)) => Said::AreaMapped { pid },
            // One line for each page that was left comes before the last one.
            (_, Some(_)) if rest.contains(": page ") => return Taken::Parsed,
            (_, Some(pid)) if rest.contains(" threads ") && rest.contains(" nodes ") => {
                Said::Released { pid }
            }
            _ => return Taken::Other,
        };
        out.say(line, said);
        Taken::Parsed
    }
}
