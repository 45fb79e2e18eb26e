//! Records of client calls, as a process that means no good could write them: reading them neither
//! panics nor makes up calls that were not there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use teeleak_analysis::{clients::join, model::SourceLocation, parse::capture::ClientCallReader};
use teeleak_proto::client::{
    SLOT_WORDS,
    batch::{self, BATCH_HEAD_BYTES, PROCESS_BYTES},
};

fuzz_target!(|data: &[u8]| {
    let (process, calls) = data.split_at(data.len().min(PROCESS_BYTES));
    let mut reader = ClientCallReader::default();
    let head = batch::read_process(process);
    let place = SourceLocation { source: "fuzz".into(), at: 1 };
    let known = reader.process(process).is_ok();
    assert_eq!(known, head.is_ok());
    let taken = reader.calls(calls, &place);
    // Again: what frames say adds up.
    let again = reader.calls(calls, &place);
    assert_eq!(taken, again);
    let clients = reader.finish();
    let most = 2 * (calls.len().saturating_sub(BATCH_HEAD_BYTES) / (SLOT_WORDS * 8));
    assert!(clients.calls.len() <= most);
    assert!(known || taken.is_err());
    let joined = join(&mut [], &clients);
    assert_eq!(joined.matched, 0);
});
