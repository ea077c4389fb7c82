//! What runs left in the engine.

use std::collections::BTreeMap;

use super::{Found, Handle, Kind, Remain};
use crate::engine::{Engine, EngineError, ListedObject};
use crate::owner::{self, Owner, Standing};
use crate::runner::LAYERS_LABEL;

/// The objects of cobuild in an engine, by how their makers stand.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) dead: Vec<Found>,
    pub(super) living: Vec<Found>,
    pub(super) of_other_hosts: usize,
    /// The ids of all containers.
    pub(super) containers: Vec<String>,
}

pub(super) async fn list<E: Engine>(engine: &E, owner: &Owner) -> Result<Objects, EngineError> {
    let facts = engine.facts().await?;
    let (containers, volumes, networks, images) = tokio::join!(
        engine.list_containers(owner::HOST, None),
        engine.list_volumes(owner::HOST),
        engine.list_networks(owner::HOST),
        engine.list_images(owner::HOST),
    );
    let (containers, volumes, networks, images) = (containers?, volumes?, networks?, images?);
    let mut sorting = Sorting {
        owner,
        shares_host: facts.shares_host,
        objects: Objects::default(),
    };
    // Somebody may have made an image of a build container, and it has the container's labels then.
    let (trials, foreign): (Vec<_>, Vec<_>) = images
        .into_iter()
        .partition(|image| image.labels.contains_key(owner::TRIAL));
    for container in containers {
        sorting.objects.containers.push(container.id.0.clone());
        let is_foreign = foreign
            .iter()
            .any(|image| image.id == container.image_id && inherits(&container.labels, image));
        if is_foreign {
            continue;
        }
        let remain = Remain {
            kind: Kind::Container,
            name: container.id.0.clone(),
            build: container.labels.get(owner::BUILD).cloned(),
            created: container.created,
            size: None,
        };
        let handle = Handle::Container {
            id: container.id,
            image: container.image,
        };
        let runs = container.state == "running";
        sorting.sort(&container.labels, runs, remain, handle);
    }
    for volume in volumes {
        // A good cache, which has commands of its own.
        if volume.labels.contains_key(LAYERS_LABEL) {
            continue;
        }
        let object = ListedObject {
            name: volume.name,
            labels: volume.labels,
            ..ListedObject::default()
        };
        sorting.object(object, Kind::Volume, Handle::Volume);
    }
    for network in networks {
        sorting.object(network, Kind::Network, Handle::Network);
    }
    for image in trials {
        sorting.object(image, Kind::Image, Handle::Image);
    }
    Ok(sorting.objects)
}

/// Whether a container has its labels from an image rather than from the run that made it.
fn inherits(labels: &BTreeMap<String, String>, image: &ListedObject) -> bool {
    labels.get(owner::BUILD) == image.labels.get(owner::BUILD)
}

struct Sorting<'a> {
    owner: &'a Owner,
    shares_host: bool,
    objects: Objects,
}

impl Sorting<'_> {
    fn object(&mut self, object: ListedObject, kind: Kind, handle: Handle) {
        let remain = Remain {
            kind,
            name: object.name,
            build: object.labels.get(owner::BUILD).cloned(),
            created: object.created,
            size: object.size,
        };
        self.sort(&object.labels, false, remain, handle);
    }

    fn sort(
        &mut self,
        labels: &BTreeMap<String, String>,
        runs: bool,
        remain: Remain,
        handle: Handle,
    ) {
        let found = Found { remain, handle };
        let is_dead = match self.owner.standing(labels) {
            Standing::Dead => true,
            Standing::Lives | Standing::Unseen => false,
            // Nothing runs on over a boot, so a container that runs is another machine's.
            Standing::OtherBoot => self.shares_host && !runs,
            Standing::Elsewhere => {
                self.objects.of_other_hosts += 1;
                return;
            }
        };
        if is_dead {
            self.objects.dead.push(found);
        } else {
            self.objects.living.push(found);
        }
    }
}
