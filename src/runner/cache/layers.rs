//! Keeps the layers of the build's Docker daemon in a volume of the engine (contract §5).

use crate::cache::{Locked, Store};
use crate::engine::{Engine, NamedVolume};
use crate::ownership::{ObjectKind, ObjectLabels, Owner};
use crate::project::{project_name, readable};
use crate::runner::interruption::Interruption;
use crate::runner::run::Run;

/// The label of every volume with layers; its value is the namespace.
pub const LAYERS_LABEL: &str = "cobuild.cache.layers";

/// The label of a volume that is one project's; its value is the project's path.
pub const PROJECT_LABEL: &str = "cobuild.cache.project";

/// A volume that this build has locked.
#[derive(Debug)]
pub(in crate::runner) struct Layers {
    pub(in crate::runner) volume: NamedVolume,
    /// Goes when the container is gone.
    _lock: Locked,
}

impl<E: Engine> Run<'_, E> {
    /// Locks the volume of this build's namespace, unless another build uses it: two daemons would
    /// destroy it.
    pub(in crate::runner) async fn take_layers(&self) -> Result<Option<Layers>, Interruption> {
        if !self.plan.cache.keeps_layers(self.plan.privileged) {
            return Ok(None);
        }
        let namespace = self.plan.cache.namespace.clone();
        let store = Store::new(self.host.cache_root.clone());
        let locked = store.namespace(&namespace).try_lock("docker-layers");
        let lock = match locked {
            Ok(Some(lock)) => lock,
            Ok(None) => {
                self.layers_in_use().await;
                return Ok(None);
            }
            Err(error) => {
                self.warn(format!("the Docker layers are not kept: {error}"))
                    .await;
                return Ok(None);
            }
        };
        let owner = &self.host.owner;
        let name = volume_name(owner, &namespace);
        let ObjectLabels { name, mut labels } =
            owner.tag(ObjectKind::Volume, name, &self.plan.identity.id);
        labels.insert(LAYERS_LABEL.to_owned(), namespace);
        labels.extend(
            self.plan
                .cache
                .project
                .clone()
                .map(|project| (PROJECT_LABEL.to_owned(), project)),
        );
        let volume = NamedVolume { name, labels };
        let there = self
            .guarded(self.engine.inspect_volume(&volume.name))
            .await??;
        if let Some(there) = there
            && !owner.has_made(ObjectKind::Volume, &there.name, &there.labels)
        {
            self.warn(format!(
                "the Docker layers are not kept: the volume `{}` was not created by cobuild",
                there.name
            ))
            .await;
            return Ok(None);
        }
        // The lock covers only builds of this machine, and no kept containers.
        let users = self
            .guarded(self.engine.volume_users(&volume.name))
            .await??;
        if !users.is_empty() {
            self.layers_in_use().await;
            return Ok(None);
        }
        Ok(Some(Layers {
            volume,
            _lock: lock,
        }))
    }

    async fn layers_in_use(&self) {
        let message =
            "another build is using the kept Docker layers; this build starts without them";
        self.warn(message.to_owned()).await;
    }
}

/// Returns a name that others cannot predict.
fn volume_name(owner: &Owner, namespace: &str) -> String {
    let seal = owner.seal(&["layers", owner.host(), namespace]);
    format!(
        "cobuild-layers-{}-{seal}",
        readable(&project_name(namespace))
    )
}
