//! Engines as a plain user runs them, with cobuild as the same user runs it.

use super::contract;
use super::source_facts;
use super::way::{Eye, Way};
use crate::engine::rootless::Rootless;
use crate::engine::user::PlainUser;

#[test]
fn the_contract_holds_with_docker() {
    let (engine, user) = (Rootless::docker(), PlainUser::new());
    let way = way(&engine, true, &user);
    contract::check("rootless Docker", &way);
    source_facts::check("rootless Docker", &way);
}

#[test]
fn the_contract_holds_with_podman() {
    let (engine, user) = (Rootless::podman(), PlainUser::new());
    let way = way(&engine, false, &user);
    contract::check("rootless Podman", &way);
    source_facts::check("rootless Podman", &way);
}

fn way<'a>(engine: &'a Rootless, has_init: bool, user: &'a PlainUser) -> Way<'a> {
    Way {
        eye: Eye::Rootless(engine),
        image: engine.load_busybox(),
        arguments: vec!["--host".to_owned(), engine.host()],
        variables: Vec::new(),
        transfer: "a tar stream",
        has_init,
        alone: None,
        user: Some(user),
    }
}
