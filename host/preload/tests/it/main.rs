//! The library, loaded into C programs that use a libteec without a TEE.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod forward;
mod processes;
mod support;
