//! Masks the secrets of a build.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::find::{Finder, Pattern};
use super::forms;
use super::write::Writer;

/// The secrets of a build; cheap to clone.
#[derive(Clone)]
pub struct Masker {
    pub(super) finder: Arc<Finder>,
}

impl Masker {
    /// Creates a masker for these values and all their forms.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let mut patterns: BTreeMap<Vec<u8>, bool> = BTreeMap::new();
        for secret in secrets {
            for Pattern { bytes, wraps } in forms::of(secret.as_ref()) {
                *patterns.entry(bytes).or_default() |= wraps;
            }
        }
        let patterns = patterns.into_iter();
        let patterns = patterns.map(|(bytes, wraps)| Pattern { bytes, wraps });
        Self {
            finder: Arc::new(Finder::new(patterns.collect())),
        }
    }

    /// Masks a text; a text without secrets is returned unchanged.
    pub fn mask<'text>(&self, text: &'text str) -> Cow<'text, str> {
        match self.mask_bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(masked) => Cow::Owned(
                String::from_utf8(masked)
                    .expect("forms of texts are texts, so no character is cut"),
            ),
        }
    }

    /// Replaces each secret in a text with the result of `instead`. Adjacent secrets are separate,
    /// overlapping ones are one.
    pub fn replace<'text>(
        &self,
        text: &'text str,
        instead: impl Fn(&[u8]) -> String,
    ) -> Cow<'text, str> {
        let secrets = self.finder.find_each(text.as_bytes());
        if secrets.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut replaced = String::with_capacity(text.len());
        let mut at = 0;
        for secret in secrets {
            replaced.push_str(&text[at..secret.start]);
            replaced.push_str(&instead(&text.as_bytes()[secret.clone()]));
            at = secret.end;
        }
        replaced.push_str(&text[at..]);
        Cow::Owned(replaced)
    }

    /// Masks whole output, which need not be text.
    pub fn mask_bytes<'text>(&self, text: &'text [u8]) -> Cow<'text, [u8]> {
        let secrets = self.finder.find(text).secrets;
        if secrets.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = Vec::with_capacity(text.len());
        Writer::default().write(text, 0..text.len(), &secrets, &mut masked);
        Cow::Owned(masked)
    }
}

impl fmt::Debug for Masker {
    /// Shows the number of forms, and no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker")
            .field("forms", &self.finder.count())
            .finish_non_exhaustive()
    }
}

impl Default for Masker {
    /// Returns a masker without secrets.
    fn default() -> Self {
        Self::new::<&str>([])
    }
}
