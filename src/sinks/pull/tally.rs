//! How far a pull is, all layers together.

use std::collections::BTreeMap;

use crate::event::LayerProgress;

/// The layers of an image that is pulled.
#[derive(Debug, Default)]
pub(super) struct Tally {
    layers: BTreeMap<String, Layer>,
}

#[derive(Debug, Default)]
struct Layer {
    /// What has come, in bytes.
    done: u64,
    /// Of how much, as far as that is known.
    total: u64,
    is_here: bool,
}

/// All layers together; bytes are those that have to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) here: usize,
    pub(super) layers: usize,
    pub(super) done: u64,
    pub(super) total: u64,
}

impl Tally {
    /// Takes a layer's progress in.
    pub(super) fn update(&mut self, layer: &str, progress: LayerProgress) {
        let layer = self.layers.entry(layer.to_owned()).or_default();
        match progress {
            LayerProgress::Downloading { done, total } => {
                layer.done = done;
                // An engine that does not know how much is to come says nothing of it.
                layer.total = total.max(done);
            }
            // Not every engine says when a layer is in its place.
            LayerProgress::Downloaded
            | LayerProgress::Extracting { .. }
            | LayerProgress::Complete
            | LayerProgress::AlreadyThere => {
                layer.done = layer.total;
                layer.is_here = true;
            }
            LayerProgress::Waiting => {}
            LayerProgress::Retrying => layer.done = 0,
        }
    }

    /// Adds up.
    pub(super) fn sum(&self) -> Sum {
        let layers = self.layers.values();
        Sum {
            here: layers.clone().filter(|layer| layer.is_here).count(),
            layers: self.layers.len(),
            done: layers.clone().map(|layer| layer.done).sum(),
            total: layers.map(|layer| layer.total).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_add_up() {
        let mut tally = Tally::default();
        for (layer, progress) in [
            ("a", LayerProgress::AlreadyThere),
            ("b", LayerProgress::Waiting),
            (
                "c",
                LayerProgress::Downloading {
                    done: 10,
                    total: 100,
                },
            ),
            ("d", LayerProgress::Downloading { done: 7, total: 0 }),
        ] {
            tally.update(layer, progress);
        }
        let sum = |here, done, total| Sum {
            here,
            layers: 4,
            done,
            total,
        };
        assert_eq!(tally.sum(), sum(1, 17, 107));
        tally.update("c", LayerProgress::Retrying);
        assert_eq!(tally.sum(), sum(1, 7, 107));
        tally.update("c", LayerProgress::Downloaded);
        tally.update(
            "c",
            LayerProgress::Extracting {
                done: 1,
                total: 100,
            },
        );
        assert_eq!(tally.sum(), sum(2, 107, 107));
        tally.update("c", LayerProgress::Complete);
        assert_eq!(tally.sum(), sum(2, 107, 107));
    }
}
