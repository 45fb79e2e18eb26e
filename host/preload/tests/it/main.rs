//! The library, loaded into C programs that use a libteec without a TEE.

mod forward;
mod processes;
mod support;
