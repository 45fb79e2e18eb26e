//! Facts and findings as text for a person or JSON for a program. Nothing is computed here but
//! what it takes to print.

pub(crate) mod calls;
pub(crate) mod ci;
pub(crate) mod csv;
mod figures;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod mistake;
pub(crate) mod normal_world;
pub(crate) mod perfetto;
pub(crate) mod place;
mod series;
mod steps;
#[cfg(test)]
mod tests;
pub(crate) mod text;
pub(crate) mod view;
pub(crate) mod words;
