//! The ways to an engine: by TLS, by ssh, and by what is there.

mod choice;
mod ssh;
mod tls;
