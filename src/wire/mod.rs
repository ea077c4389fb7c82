//! How values stand in documents that are read back, such as plans.

pub(crate) mod bytes;
mod text;

pub(crate) use text::text_form;
