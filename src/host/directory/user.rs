//! The user that cobuild runs as.

/// Returns the effective user id of this process.
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}
