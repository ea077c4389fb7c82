//! Leftovers in the engine.

use std::collections::BTreeMap;
use std::path::Path;

use super::leftover::{Handle, Leftover, LeftoverKind, RemovableLeftover};
use crate::engine::{Engine, EngineError, ListedContainer, ListedObject, ListedVolume};
use crate::ownership::{self, MakerState, Owner};
use crate::runner::{LAYERS_LABEL, Ledger, is_of_container};

/// The objects of cobuild in an engine, by the state of their makers.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) dead: Vec<RemovableLeftover>,
    pub(super) living: Vec<RemovableLeftover>,
    /// What has the labels, and no proof that this user's cobuild gave them.
    pub(super) unproven: Vec<Leftover>,
    pub(super) of_other_hosts: usize,
    pub(super) containers: Vec<String>,
}

/// Lists the objects. Views of sources are recognized by the directory of their changes.
pub(super) async fn list<E: Engine>(
    engine: &E,
    owner: &Owner,
    scratch_root: &Path,
) -> Result<Objects, EngineError> {
    let entered = Ledger::beside(scratch_root).volumes();
    let facts = engine.facts().await?;
    let (containers, volumes, networks, images) = tokio::join!(
        engine.list_containers(ownership::HOST, None),
        engine.list_volumes(ownership::HOST),
        engine.list_networks(ownership::HOST),
        engine.list_images(Some(ownership::HOST)),
    );
    let (containers, volumes, networks, images) = (containers?, volumes?, networks?, images?);
    let mut sorting = Sorting {
        owner,
        shares_host: facts.shares_host,
        objects: Objects::default(),
    };
    // An image made from a build container has the labels of the container.
    let (trials, foreign): (Vec<_>, Vec<_>) = images
        .into_iter()
        .partition(|image| image.labels.contains_key(ownership::TRIAL));
    let mut going = Vec::new();
    for container in containers {
        sorting.objects.containers.push(container.id.0.clone());
        let is_ours = owner.has_made(
            ownership::ObjectKind::Container,
            &container.name,
            &container.labels,
        );
        if is_ours {
            going.extend(container.labels.get(ownership::NAME).cloned());
        } else if foreign.iter().any(|image| inherits(&container, image)) {
            continue;
        }
        sorting.container(container, is_ours);
    }
    for volume in volumes {
        let container = volume.labels.get(ownership::NAME);
        // A good cache, which has commands of its own.
        if volume.labels.contains_key(LAYERS_LABEL) {
            continue;
        }
        let is_ours = is_of_container(&volume, owner, scratch_root, &entered);
        // It belongs to its container.
        if !is_ours && container.is_some_and(|name| going.contains(name)) {
            continue;
        }
        sorting.volume(volume, is_ours);
    }
    for network in networks {
        let is_ours = owner.has_made(
            ownership::ObjectKind::Network,
            &network.name,
            &network.labels,
        );
        sorting.object(network, LeftoverKind::Network, Handle::Network, is_ours);
    }
    for mut image in trials {
        let is_name = |name: &&String| {
            let name = name.strip_prefix(PODMAN).unwrap_or(name);
            owner.has_made(ownership::ObjectKind::Image, name, &image.labels)
        };
        let names = [&image.name].into_iter().chain(&image.other_names);
        let name = names.into_iter().find(is_name).cloned();
        let is_ours = name.is_some();
        // Other names of the image belong to the user.
        image.name = name.unwrap_or(image.name);
        sorting.object(image, LeftoverKind::Image, Handle::Image, is_ours);
    }
    Ok(sorting.objects)
}

/// The prefix that Podman adds to the name of an image without a registry.
const PODMAN: &str = "localhost/";

/// Whether a container has its labels from an image rather than from the run that made it.
fn inherits(container: &ListedContainer, image: &ListedObject) -> bool {
    image.id == container.image_id
        && container.labels.get(ownership::BUILD) == image.labels.get(ownership::BUILD)
}

struct Sorting<'a> {
    owner: &'a Owner,
    shares_host: bool,
    objects: Objects,
}

impl Sorting<'_> {
    fn container(&mut self, container: ListedContainer, is_ours: bool) {
        let leftover = Leftover {
            kind: LeftoverKind::Container,
            name: container.id.0.clone(),
            build: container.labels.get(ownership::BUILD).cloned(),
            created: container.created,
            size: None,
        };
        let handle = Handle::Container {
            id: container.id,
            image: container.image,
        };
        let runs = container.state == "running";
        self.sort(
            &container.labels,
            runs,
            is_ours,
            RemovableLeftover { leftover, handle },
        );
    }

    fn volume(&mut self, volume: ListedVolume, is_ours: bool) {
        let object = ListedObject {
            name: volume.name,
            labels: volume.labels,
            ..ListedObject::default()
        };
        self.object(object, LeftoverKind::Volume, Handle::Volume, is_ours);
    }

    fn object(&mut self, object: ListedObject, kind: LeftoverKind, handle: Handle, is_ours: bool) {
        let leftover = Leftover {
            kind,
            name: object.name,
            build: object.labels.get(ownership::BUILD).cloned(),
            created: object.created,
            size: object.size,
        };
        self.sort(
            &object.labels,
            false,
            is_ours,
            RemovableLeftover { leftover, handle },
        );
    }

    fn sort(
        &mut self,
        labels: &BTreeMap<String, String>,
        runs: bool,
        is_ours: bool,
        found: RemovableLeftover,
    ) {
        let is_dead = match self.owner.standing(labels) {
            MakerState::Elsewhere => {
                self.objects.of_other_hosts += 1;
                return;
            }
            _ if !is_ours => {
                self.objects.unproven.push(found.leftover);
                return;
            }
            MakerState::Dead => true,
            MakerState::Lives | MakerState::Unseen => false,
            // No container survives a reboot, so a running one belongs to another machine.
            MakerState::OtherBoot => self.shares_host && !runs,
        };
        if is_dead {
            self.objects.dead.push(found);
        } else {
            self.objects.living.push(found);
        }
    }
}
