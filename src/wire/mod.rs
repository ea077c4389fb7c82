//! Serialized forms of values in documents such as plans.

pub(crate) mod bytes;
mod text;

pub(crate) use text::text_form;
