//! The layers of a Docker daemon in the build, kept in a volume of the engine (contract §5).

use super::super::{Interruption, Run};
use crate::cache::{Locked, Store};
use crate::engine::{Engine, NamedVolume};

/// The label of every volume with layers; its value is the namespace.
pub const LABEL: &str = "cobuild.cache.layers";

/// A volume that this build has to itself.
#[derive(Debug)]
pub(in crate::runner) struct Layers {
    /// The volume.
    pub(in crate::runner) volume: NamedVolume,
    /// Goes when the container is gone.
    _lock: Locked,
}

impl<E: Engine> Run<'_, E> {
    /// Takes the volume of this build's namespace, unless another build has it: two daemons in one
    /// directory would destroy it.
    pub(in crate::runner) async fn take_layers(&mut self) -> Result<Option<Layers>, Interruption> {
        if !self.plan.cache.keeps_layers(self.plan.privileged) {
            return Ok(None);
        }
        let namespace = self.plan.cache.namespace.clone();
        let store = Store::new(self.settings.cache_root.clone());
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
        let owner = &self.settings.owner;
        let name = volume_name(owner.host(), &namespace);
        let mut labels = owner.labels_of_build(&self.plan.identity.id);
        labels.insert(LABEL.to_owned(), namespace);
        let volume = NamedVolume { name, labels };
        // The lock tells of this machine's builds alone, and not of containers that were kept.
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
        let message = "the kept Docker layers are in use by another build; this one begins without";
        self.warn(message.to_owned()).await;
    }
}

fn volume_name(host: &str, namespace: &str) -> String {
    let digits = crate::cache::Paths(vec![host.to_owned(), namespace.to_owned()]).version();
    format!("cobuild-layers-{}", &digits[..16])
}
