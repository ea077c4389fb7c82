//! Finds all occurrences of many patterns, and what may become one.
//!
//! Every pattern is known by its first `step` grams (three bytes in a row), so that one of them is met
//! in any occurrence when only every `step`-th gram of the text is looked at. Nearly all grams of a
//! log are no gram of a secret, and one bit in a small table tells so.
//!
//! The crate aho-corasick has an automaton for so many patterns, which goes from byte to byte: with
//! the forms of twenty secrets it made 0.6 GB/s where this makes more than 2. Its streams keep one of
//! two occurrences that overlap and read from files, where output comes in chunks of its own accord.

use std::collections::HashSet;
use std::ops::Range;

/// How many bytes a gram has, and a pattern at least.
pub(super) const GRAM: usize = 3;

/// The least that is stepped, which is more than a pattern of three bytes has grams.
const SHORTEST_STEP: usize = 2;

/// The most that is stepped: more gains little and fills the table.
const LONGEST_STEP: usize = 8;

/// Patterns, ready to be found.
pub(super) struct Finder {
    patterns: Vec<Vec<u8>>,
    step: usize,
    /// The first `step` grams of every pattern.
    grams: Grams,
    /// What patterns begin with that is shorter than a gram.
    stubs: HashSet<Vec<u8>>,
}

/// What there is in a text.
pub(super) struct Found {
    /// What is covered by occurrences, in order; what touches is one.
    pub(super) secrets: Vec<Range<usize>>,
    /// Where the longest end of the text begins that is the beginning of a pattern and not all of it:
    /// what is to be masked from there on is not known yet.
    pub(super) undecided: usize,
}

impl Finder {
    /// Takes patterns of at least [`GRAM`] bytes.
    pub(super) fn new(patterns: Vec<Vec<u8>>) -> Self {
        let shortest = patterns.iter().map(Vec::len).min().unwrap_or(GRAM);
        let step = (shortest - (GRAM - 1)).clamp(SHORTEST_STEP, LONGEST_STEP);
        let mut places = Vec::new();
        let mut stubs = HashSet::new();
        for (pattern, bytes) in patterns.iter().enumerate() {
            for (offset, gram) in bytes.array_windows().take(step).enumerate() {
                places.push((*gram, Place { pattern, offset }));
            }
            if let &[_, second, third] = bytes.as_slice() {
                // Its second gram has whatever follows.
                let grams = (0..=u8::MAX).map(|next| [second, third, next]);
                places.extend(grams.map(|gram| (gram, Place { pattern, offset: 1 })));
            }
            stubs.extend((1..GRAM).map(|length| bytes[..length].to_vec()));
        }
        Self {
            patterns,
            step,
            grams: Grams::new(places),
            stubs,
        }
    }

    /// Returns how many patterns there are.
    pub(super) fn count(&self) -> usize {
        self.patterns.len()
    }

    #[cfg(test)]
    pub(super) fn patterns(&self) -> &[Vec<u8>] {
        &self.patterns
    }

    /// Looks through a text, of which the first bytes may be known to be `masked` anyway.
    pub(super) fn find(&self, text: &[u8], masked: usize) -> Found {
        let mut secrets = Vec::new();
        let mut undecided = text.len();
        if self.patterns.is_empty() {
            return Found { secrets, undecided };
        }
        if masked > 0 {
            secrets.push(0..masked);
        }
        let mut at = 0;
        loop {
            let gram = match text.get(at..) {
                Some(&[first, second, third, ..]) => [first, second, third],
                // What follows a pattern of three bytes may be nothing.
                Some(&[first, second]) => [first, second, 0],
                _ => break,
            };
            for place in self.grams.places(gram) {
                let Some(start) = at.checked_sub(place.offset) else {
                    continue;
                };
                let pattern = &self.patterns[place.pattern];
                if text[start..].starts_with(pattern) {
                    secrets.push(start..start + pattern.len());
                } else if start < undecided && pattern.starts_with(&text[start..]) {
                    undecided = start;
                }
            }
            at += self.step;
        }
        // Of shorter ends no gram may have been looked at.
        let first = text.len().saturating_sub(self.step + GRAM - 2);
        if let Some(start) = (first..undecided).find(|&start| self.is_begun(&text[start..])) {
            undecided = start;
        }
        Found {
            secrets: union(secrets),
            undecided,
        }
    }

    fn is_begun(&self, end: &[u8]) -> bool {
        let Some(gram) = end.first_chunk() else {
            return self.stubs.contains(end);
        };
        self.grams.places(*gram).iter().any(|place| {
            let pattern = &self.patterns[place.pattern];
            pattern.len() > end.len() && pattern.starts_with(end)
        })
    }
}

/// Brings ranges in order and together.
fn union(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, range| {
        let touches = next.start <= range.end;
        if touches {
            range.end = range.end.max(next.end);
        }
        touches
    });
    ranges
}

/// Where a gram stands in a pattern.
struct Place {
    pattern: usize,
    offset: usize,
}

/// Where grams stand, behind a table that tells at once of nearly all others that they stand nowhere.
struct Grams {
    /// A bit for each hash, set when a gram has it. 32 KB: they stay in the fast caches.
    bits: Box<[u64; Self::HASHES / 64]>,
    /// The places, by the hashes of their grams.
    places: Vec<Place>,
    /// Where the places of each group of hashes begin; those of the next group follow.
    groups: Vec<usize>,
}

impl Grams {
    const HASHES: usize = 1 << 18;
    const GROUPS: usize = 1 << 14;

    fn new(places: Vec<([u8; GRAM], Place)>) -> Self {
        let mut places: Vec<(usize, Place)> = places
            .into_iter()
            .map(|(gram, place)| (Self::hash(gram), place))
            .collect();
        places.sort_by_key(|(hash, _)| *hash);
        let mut bits: Box<[u64; Self::HASHES / 64]> = vec![0; Self::HASHES / 64]
            .try_into()
            .expect("the vector has the length of the array");
        for (hash, _) in &places {
            bits[hash / 64] |= 1 << (hash % 64);
        }
        let groups = (0..=Self::GROUPS)
            .map(|group| places.partition_point(|(hash, _)| Self::group(*hash) < group))
            .collect();
        Self {
            bits,
            places: places.into_iter().map(|(_, place)| place).collect(),
            groups,
        }
    }

    /// Returns the places of a gram, and perhaps those of others.
    fn places(&self, gram: [u8; GRAM]) -> &[Place] {
        let hash = Self::hash(gram);
        if self.bits[hash / 64] & 1 << (hash % 64) == 0 {
            return &[];
        }
        let group = Self::group(hash);
        &self.places[self.groups[group]..self.groups[group + 1]]
    }

    /// Spreads grams: the upper bits of a product depend on all bits of its factor.
    fn hash([a, b, c]: [u8; GRAM]) -> usize {
        let product = u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9E37_79B1);
        (product >> (u32::BITS - Self::HASHES.ilog2())) as usize
    }

    fn group(hash: usize) -> usize {
        hash / (Self::HASHES / Self::GROUPS)
    }
}
