//! Output formats: text, JSON, HTML, CSV, Perfetto and CI formats. No analysis happens here.

pub(crate) mod calls;
pub(crate) mod ci;
pub(crate) mod csv;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod labels;
mod metrics;
pub(crate) mod mistake;
pub(crate) mod normal_world;
pub(crate) mod perfetto;
pub(crate) mod place;
mod plot_points;
mod steps;
#[cfg(test)]
mod tests;
pub(crate) mod text;
pub(crate) mod view;
