//! Finds all occurrences of many patterns, and incomplete ones at the end of a text.
//!
//! Each pattern is indexed by its first `step` grams (three consecutive bytes), so that checking
//! every `step`-th gram of the text meets one of them in any occurrence. Nearly all grams of a log
//! are not grams of a secret, which one bit in a small table shows.
//!
//! A pattern that may be broken into lines is compared without line breaks. For a break within its
//! first grams, the two grams across the break are checked as if it were not there.
//!
//! The crate aho-corasick has an automaton for so many patterns, which goes from byte to byte: with
//! the forms of twenty secrets it made 0.6 GB/s where this makes more than 1. Its streams keep one of
//! two occurrences that overlap and read from files, where output comes in chunks of its own accord.

use std::ops::Range;

use super::wrapped::{self, Compared};

/// The length of a gram, and the shortest pattern, in bytes.
pub(super) const GRAM: usize = 3;

/// The smallest step, which is more than the grams of a pattern of three bytes.
const SHORTEST_STEP: usize = 2;

/// The largest step: more gains little and fills the table.
const LONGEST_STEP: usize = 8;

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) bytes: Vec<u8>,
    /// Whether breaks of lines may stand in it, anywhere. Then it holds neither these nor blanks.
    pub(super) wraps: bool,
}

/// An index over patterns.
pub(super) struct Finder {
    patterns: Vec<Pattern>,
    step: usize,
    /// The first `step` grams of every pattern.
    grams: Grams,
    /// What patterns begin with that is shorter than a gram.
    stubs: Stubs,
    /// Of these, what patterns begin with that wrap.
    wrapped_stubs: Stubs,
    /// The bytes of patterns that wrap.
    wrapped: Box<[bool; 256]>,
}

/// The occurrences in a text.
#[derive(Debug, Default)]
pub(super) struct Occurrences {
    /// What is covered by occurrences, in order; what touches is one.
    pub(super) secrets: Vec<Range<usize>>,
    /// Where the longest end of the text begins of which it is not known yet what is to be masked.
    pub(super) undecided: usize,
    /// Where the longest end of the text begins that is the beginning of a pattern and not all of it:
    /// as `undecided`, or before it, where so little stands before a break that it is shown anyway, or
    /// where an occurrence in several lines began that goes on behind it.
    pub(super) begun: usize,
    /// Occurrences with breaks in them, from one end to the other.
    broken: Vec<Range<usize>>,
}

impl Occurrences {
    fn may_begin(&mut self, start: usize, masked_from: usize) {
        self.begun = self.begun.min(start);
        self.undecided = self.undecided.min(masked_from);
    }
}

impl Finder {
    /// Takes patterns of at least [`GRAM`] bytes.
    pub(super) fn new(patterns: Vec<Pattern>) -> Self {
        let shortest = patterns.iter().map(|it| it.bytes.len()).min();
        let step = (shortest.unwrap_or(GRAM) - (GRAM - 1)).clamp(SHORTEST_STEP, LONGEST_STEP);
        let mut places = Vec::new();
        let mut stubs = Stubs::default();
        let mut wrapped_stubs = Stubs::default();
        let mut wrapped = Box::new([false; 256]);
        for (pattern, Pattern { bytes, wraps }) in patterns.iter().enumerate() {
            for (offset, gram) in bytes.array_windows().take(step).enumerate() {
                places.push((*gram, GramPosition::new(pattern, offset, bytes)));
            }
            if let &[_, second, third] = bytes.as_slice() {
                // Its second gram has whatever follows.
                let grams = (0..=u8::MAX).map(|next| [second, third, next]);
                places.extend(grams.map(|gram| (gram, GramPosition::new(pattern, 1, bytes))));
            }
            stubs.add(bytes[0], bytes[1]);
            if *wraps {
                wrapped_stubs.add(bytes[0], bytes[1]);
                for byte in bytes {
                    wrapped[usize::from(*byte)] = true;
                }
            }
        }
        Self {
            patterns,
            step,
            grams: Grams::new(places),
            stubs,
            wrapped_stubs,
            wrapped,
        }
    }

    /// Returns how many patterns there are.
    pub(super) fn count(&self) -> usize {
        self.patterns.len()
    }

    #[cfg(test)]
    pub(super) fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Searches a text.
    pub(super) fn find(&self, text: &[u8]) -> Occurrences {
        let mut found = self.occurrences(text);
        found.secrets = union(found.secrets, |next, range| next.start <= range.end);
        found
    }

    /// Looks through a text as [`find`](Self::find), but what only touches is not one.
    pub(super) fn find_each(&self, text: &[u8]) -> Vec<Range<usize>> {
        let occurrences = self.occurrences(text).secrets;
        union(occurrences, |next, range| next.start < range.end)
    }

    /// Looks through a text, for occurrences in any order.
    fn occurrences(&self, text: &[u8]) -> Occurrences {
        let mut found = Occurrences {
            secrets: Vec::new(),
            undecided: text.len(),
            begun: text.len(),
            broken: Vec::new(),
        };
        if self.patterns.is_empty() {
            return found;
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
                if let Some(start) = at.checked_sub(place.offset)
                    && place.may_be_at(text, start)
                {
                    Self::try_at(text, start, &self.patterns[place.pattern], &mut found);
                }
            }
            at += self.step;
        }
        // Of shorter ends no gram may have been looked at.
        let first = text.len().saturating_sub(self.step + GRAM - 2);
        let end = found.undecided;
        if let Some(start) = (first..end).find(|&start| self.is_begun(&text[start..], false)) {
            found.may_begin(start, start);
        }
        if self.wrapped.contains(&true) {
            self.find_broken(text, &mut found);
            self.find_broken_end(text, &mut found);
        }
        let across = found
            .broken
            .iter()
            .filter(|it| it.contains(&found.undecided));
        if let Some(start) = across.map(|it| it.start).min() {
            found.begun = found.begun.min(start);
        }
        found
    }

    /// Looks whether a pattern stands at `start`.
    fn try_at(text: &[u8], start: usize, pattern: &Pattern, found: &mut Occurrences) {
        let Pattern { bytes, wraps } = pattern;
        if text[start..].starts_with(bytes) {
            found.secrets.push(start..start + bytes.len());
        } else if bytes.starts_with(&text[start..]) {
            found.may_begin(start, start);
        } else if *wraps {
            match wrapped::compare(text, start, bytes) {
                Compared::Other => {}
                Compared::Same(pieces) => {
                    let end = pieces.last().map_or(start, |piece| piece.end);
                    found.broken.push(start..end);
                    found.secrets.extend(pieces);
                }
                Compared::Begun { masked_from } => found.may_begin(start, masked_from),
            }
        }
    }

    /// Finds patterns that are broken within their first grams, which then are none of the text's: the
    /// grams around each break are looked at as if it were not there.
    fn find_broken(&self, text: &[u8], found: &mut Occurrences) {
        for at in memchr::memchr2_iter(b'\n', b'\r', text) {
            let Some((&last, before)) = text[..at].split_last() else {
                continue;
            };
            if !self.wraps(last) {
                continue;
            }
            let behind = wrapped::break_end(text, at);
            let Some(&first) = text.get(behind).filter(|byte| self.wraps(**byte)) else {
                continue;
            };
            if let Some(&before_last) = before.last() {
                self.try_broken([before_last, last, first], text, at - 2, found);
            }
            let second = wrapped::break_end(text, behind + 1);
            if let Some(&second) = text.get(second) {
                self.try_broken([last, first, second], text, at - 1, found);
            }
        }
    }

    /// Looks whether a pattern stands where this gram does, which begins at `at` and is broken.
    fn try_broken(&self, gram: [u8; GRAM], text: &[u8], at: usize, found: &mut Occurrences) {
        for place in self.grams.places(gram) {
            let pattern = &self.patterns[place.pattern];
            if let Some(start) = at.checked_sub(place.offset)
                && pattern.wraps
                && text[start] == pattern.bytes[0]
            {
                Self::try_at(text, start, pattern, found);
            }
        }
    }

    /// Whether a byte is one of patterns that wrap.
    fn wraps(&self, byte: u8) -> bool {
        self.wrapped[usize::from(byte)]
    }

    /// Finds what a text ends with that may become a broken pattern, and has too few bytes behind its
    /// first break for a gram around that.
    fn find_broken_end(&self, text: &[u8], found: &mut Occurrences) {
        let mut ends = [0; LONGEST_STEP + GRAM];
        let mut from = ends.len() - 1;
        // Whatever follows, so far it is compared in the same way.
        ends[from] = b'?';
        let most = self.step + GRAM - 1;
        for (start, byte) in wrapped::backwards(text).take(most) {
            if !self.wraps(byte) {
                break;
            }
            from -= 1;
            ends[from] = byte;
            let more = &ends[from..];
            let end = &more[..more.len() - 1];
            if start + end.len() < text.len()
                && self.is_begun(end, true)
                && let Compared::Begun { masked_from } = wrapped::compare(text, start, more)
            {
                found.may_begin(start, masked_from);
            }
        }
    }

    fn is_begun(&self, end: &[u8], broken: bool) -> bool {
        let Some(gram) = end.first_chunk() else {
            let stubs = if broken {
                &self.wrapped_stubs
            } else {
                &self.stubs
            };
            return stubs.has(end);
        };
        self.grams.places(*gram).iter().any(|place| {
            let Pattern { bytes, wraps } = &self.patterns[place.pattern];
            bytes.len() > end.len() && bytes.starts_with(end) && (*wraps || !broken)
        })
    }
}

/// Brings ranges in order, and together where the next one belongs to the one before.
fn union(
    mut ranges: Vec<Range<usize>>,
    belongs: impl Fn(&Range<usize>, &Range<usize>) -> bool,
) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, range| {
        let belongs = belongs(next, range);
        if belongs {
            range.end = range.end.max(next.end);
        }
        belongs
    });
    ranges
}

/// What patterns begin with, of one byte and of two.
struct Stubs {
    one: [bool; 256],
    two: Vec<bool>,
}

impl Default for Stubs {
    fn default() -> Self {
        Self {
            one: [false; 256],
            two: vec![false; 256 * 256],
        }
    }
}

impl Stubs {
    fn add(&mut self, first: u8, second: u8) {
        self.one[usize::from(first)] = true;
        self.two[Self::pair(first, second)] = true;
    }

    fn has(&self, stub: &[u8]) -> bool {
        match *stub {
            [first] => self.one[usize::from(first)],
            [first, second] => self.two[Self::pair(first, second)],
            _ => false,
        }
    }

    fn pair(first: u8, second: u8) -> usize {
        usize::from(first) << 8 | usize::from(second)
    }
}

/// Where a gram stands in a pattern.
struct GramPosition {
    pattern: usize,
    offset: usize,
    /// The first bytes of the pattern, at hand: nearly always they are others than the text's.
    first: [u8; GRAM],
}

impl GramPosition {
    fn new(pattern: usize, offset: usize, bytes: &[u8]) -> Self {
        let first = [bytes[0], bytes[1], bytes[2]];
        Self {
            pattern,
            offset,
            first,
        }
    }

    /// Whether the pattern may begin at `start`, unbroken so far.
    fn may_be_at(&self, text: &[u8], start: usize) -> bool {
        text[start..]
            .first_chunk()
            .is_none_or(|first| *first == self.first)
    }
}

/// Where grams stand, behind a table that tells at once of nearly all others that they stand nowhere.
struct Grams {
    /// A bit for each hash, set when a gram has it. 32 KB: they stay in the fast caches.
    bits: Box<[u64; Self::HASHES / 64]>,
    /// The places, by the hashes of their grams.
    places: Vec<GramPosition>,
    /// Where the places of each group of hashes begin; those of the next group follow.
    groups: Vec<usize>,
}

impl Grams {
    const HASHES: usize = 1 << 18;
    const GROUPS: usize = 1 << 14;

    fn new(places: Vec<([u8; GRAM], GramPosition)>) -> Self {
        let mut places: Vec<(usize, GramPosition)> = places
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
    fn places(&self, gram: [u8; GRAM]) -> &[GramPosition] {
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
