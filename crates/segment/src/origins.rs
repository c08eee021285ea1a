//! The resources and scopes of a segment, and the requests that brought it.

use std::borrow::Cow;

use formats::raw::RawOrigin;
use hashbrown::HashMap;
use model::{Resource, Scope};
use serde::{Deserialize, Serialize};

use crate::{Request, SegmentError};

/// A resource or scope, with its schema, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
struct Surrounding {
    message: Option<Vec<u8>>,
    schema_url: Vec<u8>,
}

impl Surrounding {
    fn of(message: &Option<Cow<'_, [u8]>>, schema_url: &[u8]) -> Self {
        Self { message: message.as_ref().map(|message| message.to_vec()), schema_url: schema_url.to_vec() }
    }
}

/// Resources, scopes and their pairs, and requests; rows name them by index.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Origins {
    resources: Vec<Surrounding>,
    scopes: Vec<Surrounding>,
    pairs: Vec<(u32, u32)>,
    requests: Vec<Request>,
}

/// A resource with the schema it came under.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SegmentResource {
    /// The resource; `None` where the message had none.
    pub resource: Option<Resource>,
    /// Schema of the resource.
    pub schema_url: String,
}

/// A scope with the schema it came under.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SegmentScope {
    /// The scope; `None` where the message had none.
    pub scope: Option<Scope>,
    /// Schema of the items under it.
    pub schema_url: String,
}

/// Only the origins and requests that are used go into a segment.
#[derive(Default)]
pub(crate) struct UsedOrigins {
    origins: Origins,
    resources: HashMap<Surrounding, u32>,
    scopes: HashMap<Surrounding, u32>,
    pair_of: HashMap<u32, u64>,
    request_of: HashMap<u32, u64>,
}

impl UsedOrigins {
    /// The index of an origin of a batch in the segment.
    pub(crate) fn pair(&mut self, number: u32, all: &[RawOrigin<'_>]) -> u64 {
        if let Some(pair) = self.pair_of.get(&number) {
            return *pair;
        }
        let default = RawOrigin::default();
        let origin = all.get(number as usize).unwrap_or(&default);
        let resource = Surrounding::of(&origin.resource, origin.resource_schema_url);
        let scope = Surrounding::of(&origin.scope, origin.scope_schema_url);
        let pair = (
            intern(resource, &mut self.resources, &mut self.origins.resources),
            intern(scope, &mut self.scopes, &mut self.origins.scopes),
        );
        let at = self.origins.pairs.len() as u64;
        self.origins.pairs.push(pair);
        self.pair_of.insert(number, at);
        at
    }

    /// The index of a request of a batch in the segment.
    pub(crate) fn request(&mut self, number: u32, all: &[Request]) -> u64 {
        *self.request_of.entry(number).or_insert_with(|| {
            self.origins.requests.push(all.get(number as usize).copied().unwrap_or_default());
            self.origins.requests.len() as u64 - 1
        })
    }

    pub(crate) fn finish(self) -> Origins {
        self.origins
    }
}

fn intern(one: Surrounding, numbers: &mut HashMap<Surrounding, u32>, all: &mut Vec<Surrounding>) -> u32 {
    let new = all.len() as u32;
    *numbers.entry(one).or_insert_with_key(|one| {
        all.push(one.clone());
        new
    })
}

impl Origins {
    /// Resource and scope of a pair, by index.
    pub(crate) fn pair(&self, at: u64) -> Result<(u32, u32), SegmentError> {
        usize::try_from(at)
            .ok()
            .and_then(|at| self.pairs.get(at))
            .copied()
            .ok_or(SegmentError::Damaged("an item without an origin"))
    }

    pub(crate) fn request(&self, at: u64) -> Result<Request, SegmentError> {
        usize::try_from(at)
            .ok()
            .and_then(|at| self.requests.get(at))
            .copied()
            .ok_or(SegmentError::Damaged("an item without a request"))
    }

    pub(crate) fn resources(&self) -> Result<Vec<SegmentResource>, SegmentError> {
        let decode = |one: &Surrounding| {
            let resource = one.message.as_deref().map(formats::decode_resource).transpose()?;
            Ok(SegmentResource { resource, schema_url: formats::decode_text(&one.schema_url) })
        };
        self.resources.iter().map(decode).collect()
    }

    pub(crate) fn scopes(&self) -> Result<Vec<SegmentScope>, SegmentError> {
        let decode = |one: &Surrounding| {
            let scope = one.message.as_deref().map(formats::decode_scope).transpose()?;
            Ok(SegmentScope { scope, schema_url: formats::decode_text(&one.schema_url) })
        };
        self.scopes.iter().map(decode).collect()
    }
}
