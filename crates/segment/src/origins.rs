//! The resources and scopes of a segment, and the requests that brought it.

use std::borrow::Cow;

use formats::raw::RawOrigin;
use hashbrown::HashMap;
use model::{Resource, Scope};
use serde::{Deserialize, Serialize};

use crate::{
    Request, SegmentError,
    bytes::Input,
    ints::{Ints, put_deltas, put_ints},
};

const NO_ORIGIN: SegmentError = SegmentError::Damaged("an item without an origin");

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
    /// Takes out the requests, which a segment of spans keeps for themselves.
    pub(crate) fn take_requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.requests)
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, SegmentError> {
        postcard::to_stdvec(self).map_err(|_| SegmentError::Damaged("origins that cannot be written"))
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, SegmentError> {
        postcard::from_bytes(bytes).map_err(|_| SegmentError::Damaged("its origins are none"))
    }

    /// Resource and scope of each pair, by index.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.pairs.iter().copied()
    }

    /// A resource by its index.
    pub(crate) fn resource(&self, at: u32) -> Result<SegmentResource, SegmentError> {
        self.resources.get(at as usize).ok_or(NO_ORIGIN)?.resource()
    }

    /// A scope by its index.
    pub(crate) fn scope(&self, at: u32) -> Result<SegmentScope, SegmentError> {
        self.scopes.get(at as usize).ok_or(NO_ORIGIN)?.scope()
    }

    /// Resource and scope of a pair, by index.
    pub(crate) fn pair(&self, at: u64) -> Result<(u32, u32), SegmentError> {
        usize::try_from(at).ok().and_then(|at| self.pairs.get(at)).copied().ok_or(NO_ORIGIN)
    }

    pub(crate) fn request(&self, at: u64) -> Result<Request, SegmentError> {
        usize::try_from(at)
            .ok()
            .and_then(|at| self.requests.get(at))
            .copied()
            .ok_or(SegmentError::Damaged("an item without a request"))
    }

    pub(crate) fn resources(&self) -> Result<Vec<SegmentResource>, SegmentError> {
        self.resources.iter().map(Surrounding::resource).collect()
    }

    pub(crate) fn scopes(&self) -> Result<Vec<SegmentScope>, SegmentError> {
        self.scopes.iter().map(Surrounding::scope).collect()
    }
}

impl Surrounding {
    fn resource(&self) -> Result<SegmentResource, SegmentError> {
        let resource = self.message.as_deref().map(formats::decode_resource).transpose()?;
        Ok(SegmentResource { resource, schema_url: formats::decode_text(&self.schema_url) })
    }

    fn scope(&self) -> Result<SegmentScope, SegmentError> {
        let scope = self.message.as_deref().map(formats::decode_scope).transpose()?;
        Ok(SegmentScope { scope, schema_url: formats::decode_text(&self.schema_url) })
    }
}

/// Requests as a column.
pub(crate) fn requests_to_bytes(requests: &[Request]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let of = |what: fn(&Request) -> u64| requests.iter().map(what).collect::<Vec<u64>>();
    put_deltas(&mut bytes, &of(|request| request.row));
    put_deltas(&mut bytes, &of(|request| request.received_at_unix_nano));
    put_ints(&mut bytes, &of(|request| request.repaired_texts));
    bytes
}

/// The requests of such a column.
pub(crate) fn requests_from_bytes(bytes: &[u8]) -> Result<Vec<Request>, SegmentError> {
    let mut input = Input(bytes);
    let (rows, received, repaired) = (Ints::read(&mut input)?, Ints::read(&mut input)?, Ints::read(&mut input)?);
    // A constant says how often without a byte for each.
    if matches!(rows, Ints::Constant { .. }) {
        return Err(SegmentError::Damaged("requests without rows"));
    }
    let request =
        |(at, row)| Request { row, received_at_unix_nano: received.get(at), repaired_texts: repaired.get(at) };
    Ok(rows.iter().enumerate().map(request).collect())
}
