//! The Docker and the Podman of the current Debian. They run in a container, so that sources come in as a
//! tar: the engine does not run on this system.

use super::contract;
use super::source_facts;
use super::way::{Eye, Way};
use crate::engine::newer::Newer;

#[test]
fn the_contract_holds_with_docker() {
    let newer = Newer::docker();
    let complaint = newer.complaint_about("1.43");
    assert!(complaint.contains("is too old"), "{complaint}");
    let way = way(&newer, true);
    contract::check("newer Docker", &way);
    source_facts::check("newer Docker", &way);
}

#[test]
fn the_contract_holds_with_podman() {
    let newer = Newer::podman();
    let way = way(&newer, false);
    contract::check("newer Podman", &way);
    source_facts::check("newer Podman", &way);
}

fn way(newer: &Newer, has_init: bool) -> Way<'_> {
    Way {
        eye: Eye::Newer(newer),
        image: newer.load_busybox(),
        arguments: vec!["--host".to_owned(), newer.host()],
        variables: Vec::new(),
        transfer: "a tar stream",
        has_init,
        alone: None,
        user: None,
    }
}
