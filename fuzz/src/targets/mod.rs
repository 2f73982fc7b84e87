//! The targets, a module for each.

pub(crate) mod codec;
pub(crate) mod http;
pub(crate) mod import;
pub(crate) mod names;
pub(crate) mod rules;
pub(crate) mod search;
pub(crate) mod text;
pub(crate) mod upload;
