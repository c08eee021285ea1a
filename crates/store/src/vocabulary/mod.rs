//! The words in which what is stored can be searched: the keys that spans carry and the values that they have, with the
//! number of spans. It is read little by little, newest segments first, and goes on where it stopped.
//!
//! Keys are known of each segment for itself ([`keys`]), as segments never change. Values are known of what was asked for
//! lately ([`values`]): of a segment those columns alone are read that tell them. What a rule of sampling hides counts
//! until it is gone.

mod keys;
mod part;
mod thing;
mod values;

use std::{collections::VecDeque, sync::Arc, time::Instant};

use hashbrown::HashSet;
use query::{Scope, Subject};
use segment::{Bearer, SegmentError, SpanSegment};

use crate::{
    ReadError, Reader,
    read::{damaged, in_background},
};
use keys::Keys;
pub use keys::StoredKey;
use part::{PartId, Parts, Pieces};
use thing::Thing;
pub use values::StoredValue;
use values::Values;

/// Values of a thing that are told apart, and of how many things they are kept: some 60 bytes each.
const MOST_VALUES: usize = 200_000;
const MOST_KEPT: usize = 3;
/// The same where a gist is enough.
const MOST_VALUES_OF_GIST: usize = 64;
const MOST_GISTS: usize = 128;

/// What the values of a key are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// Texts, and what is none of the others.
    Text,
    /// Numbers.
    Number,
    /// True or false.
    Bool,
}

/// What the values of something are, in short.
#[derive(Debug, Clone, PartialEq)]
pub struct Gist {
    /// Some of the values, the most frequent first.
    pub values: Vec<StoredValue>,
    /// How many there are; `None`: many.
    pub distinct: Option<usize>,
    /// The least and the greatest, where all are numbers.
    pub range: Option<(f64, f64)>,
}

/// Keys and values that a reader finds stored.
#[derive(Debug)]
pub struct Vocabulary {
    reader: Reader,
    pieces: Pieces,
    keys: Keys,
    /// Those asked for last at the end.
    values: VecDeque<(Thing, Values)>,
    gists: VecDeque<(Thing, Values)>,
}

impl Vocabulary {
    /// Of what this reader reads.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        let (values, gists) = (VecDeque::new(), VecDeque::new());
        Self { reader, pieces: Pieces::default(), keys: Keys::default(), values, gists }
    }

    /// Reads on which keys there are, until all are known (`true`) or the time is up. Segments that do not read are gone
    /// past.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_keys(&mut self, deadline: Option<Instant>) -> Result<bool, ReadError> {
        let parts = self.pieces.parts(&self.reader).await?;
        let there: HashSet<PartId> = parts.ids().collect();
        self.keys.keep(|part| there.contains(&part));
        for (id, piece) in &parts.fresh {
            if !self.keys.knows(*id) {
                let piece = Arc::clone(piece);
                let keys = in_background(move || piece.keys().map_err(|error| damaged(0, &error))).await?;
                self.keys.add(*id, keys);
            }
        }
        for segment in &parts.segments {
            let id = PartId::Segment(segment.id);
            if self.keys.knows(id) {
                continue;
            }
            let keys = match self.reader.spans_with(segment.id, SpanSegment::blobs_of_keys).await {
                Ok(Some(spans)) => {
                    let keys = in_background(move || Ok(spans.keys())).await?;
                    self.reader.noted(keys.map_err(|error| damaged(segment.id, &error)))
                }
                Ok(None) => return self.gone().await,
                Err(error) => Err(error),
            };
            match keys {
                Ok(keys) => self.keys.add(id, keys),
                Err(ReadError::Segment { .. }) => self.keys.add(id, Vec::new()),
                Err(error) => return Err(error),
            }
            if is_up(deadline) {
                return Ok(parts.segments.iter().all(|segment| self.keys.knows(PartId::Segment(segment.id))));
            }
        }
        Ok(true)
    }

    /// The keys that spans carry in a scope, as far as is known, in no order; those of [`Scope::Root`] are of spans without
    /// a parent.
    pub fn keys(&self, scope: Scope) -> impl Iterator<Item = StoredKey<'_>> {
        self.keys.of_scope(scope)
    }

    /// Reads on which values there are of something, until all are counted (`true`) or the time is up. What spans have as a
    /// trace, times and durations have none.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_values(&mut self, of: &Subject, deadline: Option<Instant>) -> Result<bool, ReadError> {
        let mut wanted = taken(&mut self.values, std::slice::from_ref(of), MOST_VALUES);
        let read = self.count(&mut wanted, deadline).await;
        put_back(&mut self.values, wanted, MOST_KEPT);
        read
    }

    /// At most so many values of something that have this text in them, without regard to case, as far as they were read:
    /// first those that begin with it, then by how many spans have them.
    #[must_use]
    pub fn values(&self, of: &Subject, part: &str, most: usize) -> Vec<StoredValue> {
        let thing = Thing::of(of);
        let values = self.values.iter().find(|(known, _)| *known == thing);
        values.map_or(Vec::new(), |(_, values)| values.find(part, most))
    }

    /// Reads on what the values of several things are in short.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_gists(&mut self, of: &[Subject], deadline: Option<Instant>) -> Result<bool, ReadError> {
        let mut wanted = taken(&mut self.gists, of, MOST_VALUES_OF_GIST);
        let read = self.count(&mut wanted, deadline).await;
        put_back(&mut self.gists, wanted, MOST_GISTS);
        read
    }

    /// What the values of something are in short, as far as they were read; `None` where nothing was.
    #[must_use]
    pub fn gist(&self, of: &Subject, most: usize) -> Option<Gist> {
        let thing = Thing::of(of);
        let (_, values) = self.gists.iter().find(|(known, _)| *known == thing)?;
        let distinct = (!values.has_more).then(|| values.len());
        Some(Gist { values: values.find("", most), distinct, range: values.range() })
    }

    /// Counts on, at least one segment, all of these together in each.
    async fn count(&mut self, all: &mut [(Thing, Values)], deadline: Option<Instant>) -> Result<bool, ReadError> {
        let parts = self.pieces.parts(&self.reader).await?;
        let there: HashSet<u64> = parts.segments.iter().map(|segment| segment.id).collect();
        all.iter_mut().for_each(|(_, values)| values.keep(|segment| there.contains(&segment)));
        self.count_fresh(&parts, all).await?;
        for segment in &parts.segments {
            let id = PartId::Segment(segment.id);
            let mut wanted = Vec::new();
            for (number, (thing, values)) in all.iter_mut().enumerate() {
                if values.knows(segment.id) {
                    continue;
                }
                match thing.may_be_in(id, &self.keys) {
                    true => wanted.push(number),
                    false => values.counted(segment.id),
                }
            }
            if wanted.is_empty() {
                continue;
            }
            let blobs = |spans: &SpanSegment| {
                let things = wanted.iter().filter_map(|number| all.get(*number));
                let mut blobs: Vec<u16> = things.flat_map(|(thing, _)| thing.blobs(spans)).collect();
                blobs.sort_unstable();
                blobs.dedup();
                blobs
            };
            match self.reader.spans_with(segment.id, blobs).await {
                Ok(Some(spans)) => {
                    for number in &wanted {
                        let Some((thing, values)) = all.get_mut(*number) else { continue };
                        let counted = counted(&spans, thing, values, false).await?;
                        match self.reader.noted(counted.map_err(|error| damaged(segment.id, &error))) {
                            Ok(()) | Err(ReadError::Segment { .. }) => values.counted(segment.id),
                            Err(error) => return Err(error),
                        }
                    }
                }
                Ok(None) => return self.gone().await,
                Err(ReadError::Segment { .. }) => {
                    all.iter_mut().for_each(|(_, values)| values.counted(segment.id));
                }
                Err(error) => return Err(error),
            }
            if is_up(deadline) {
                let knows_all = |values: &Values| parts.segments.iter().all(|segment| values.knows(segment.id));
                return Ok(all.iter().all(|(_, values)| knows_all(values)));
            }
        }
        Ok(true)
    }

    async fn count_fresh(&self, parts: &Parts, all: &mut [(Thing, Values)]) -> Result<(), ReadError> {
        let ids: Vec<PartId> = parts.fresh.iter().map(|(id, _)| *id).collect();
        for (thing, values) in all {
            if values.begins_fresh(&ids) {
                for (_, piece) in &parts.fresh {
                    counted(piece, thing, values, true).await?.map_err(|error| damaged(0, &error))?;
                }
            }
        }
        Ok(())
    }

    /// After a segment was found gone: whoever asks again finds what took its place.
    async fn gone(&self) -> Result<bool, ReadError> {
        self.reader.refresh().await?;
        Ok(false)
    }
}

/// Counts what the spans have.
async fn counted(
    spans: &Arc<SpanSegment>,
    thing: &Thing,
    values: &mut Values,
    is_fresh: bool,
) -> Result<Result<(), SegmentError>, ReadError> {
    let (spans, thing, mut of) = (Arc::clone(spans), thing.clone(), std::mem::take(values));
    let count = move || {
        let counted = thing.count(&spans, &mut of, is_fresh);
        Ok((of, counted))
    };
    let (of, counted) = in_background(count).await?;
    *values = of;
    Ok(counted)
}

fn is_up(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline)
}

/// Takes out what is known of these, or begins it.
fn taken(kept: &mut VecDeque<(Thing, Values)>, wanted: &[Subject], most: usize) -> Vec<(Thing, Values)> {
    let take = |subject: &Subject| {
        let thing = Thing::of(subject);
        let at = kept.iter().position(|(known, _)| *known == thing);
        at.and_then(|at| kept.remove(at)).unwrap_or_else(|| (thing, Values::new(most)))
    };
    wanted.iter().map(take).collect()
}

fn put_back(kept: &mut VecDeque<(Thing, Values)>, used: Vec<(Thing, Values)>, most: usize) {
    kept.extend(used);
    let superfluous = kept.len().saturating_sub(most);
    kept.drain(..superfluous);
}

fn bearer(scope: Scope) -> Bearer {
    match scope {
        Scope::Any => Bearer::Any,
        Scope::Span => Bearer::Span,
        Scope::Resource => Bearer::Resource,
        Scope::Event => Bearer::Event,
        Scope::Link => Bearer::Link,
        Scope::InstrumentationScope => Bearer::Scope,
        Scope::Root => Bearer::Root,
    }
}
