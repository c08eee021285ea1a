//! Segments: many spans, log records or metric points packed as columns, each once and compressed, from which
//! the same items come back.
//!
//! Entry points: a [`Batch`] gathers items from requests; [`encode_spans`], [`encode_logs`] and
//! [`encode_points`] make a segment of it, and [`SpanSegment`], [`LogSegment`] and [`PointSegment`] read one.
//! What a segment gives back is what decoding the requests gives, field for field: the order of attributes and
//! duplicate keys included. Unknown fields are not kept, nor are metrics without points.
//!
//! Spans stand by trace, log records by time, points by series and time: what is read together lies together,
//! and what is alike is near.
//!
//! What a condition asks for is found by the rows of spans ([`Scan`], [`Rows`]), in those columns that it needs, and a
//! [`ValueFilter`] and a [`TrigramFilter`] tell beforehand what is not there.
//!
//! Deliberately absent: files and databases (`store` keeps a segment's header and blobs), and any reading
//! of requests in JSON, which `formats` turns into protobuf first.

mod attributes;
mod batch;
mod bloom;
mod bytes;
mod columns;
mod container;
mod doubles;
mod error;
mod frames;
mod histograms;
mod ints;
mod keys;
mod logs_read;
mod logs_write;
mod numbers;
mod origins;
mod points_read;
mod points_write;
mod rows;
mod scan;
mod scan_texts;
mod series;
mod series_read;
mod span_heads;
mod span_reader;
mod spans_read;
mod spans_write;
mod substring;
mod texts;
mod trigrams;
mod unpack;
mod value_filter;
mod value_test;
mod what_spans_have;

use std::io::Read;

use serde::{Deserialize, Serialize};

pub use attributes::{Shapes, ValueColumn, ValueType};
pub use batch::{Batch, ByTrace, Request, Weight};
pub use bloom::Bloom;
pub use error::SegmentError;
pub use keys::{Bearer, CarriedKey};
pub use logs_read::{LogSegment, SegmentLog};
pub use logs_write::encode_logs;
pub use origins::{SegmentResource, SegmentScope};
pub use points_read::{Point, PointSegment, SegmentPoint};
pub use points_write::encode_points;
pub use rows::Rows;
pub use scan::{Holder, Scan};
pub use series::Series;
pub use series_read::PointReader;
pub use span_heads::SpanHead;
pub use spans_read::{SegmentSpan, SpanSegment};
pub use spans_write::{Passing, encode_spans};
pub use substring::Substring;
pub use trigrams::TrigramFilter;
pub use value_filter::ValueFilter;
pub use value_test::{AnyValue, ValueTest};

/// A segment ready to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// What is needed to read it.
    pub header: Vec<u8>,
    /// Items in it.
    pub rows: u32,
    /// Its columns.
    pub blobs: Vec<Vec<u8>>,
    /// The bytes of its [`ValueFilter`]: of spans only, and none where there is no filter.
    pub values: Vec<u8>,
    /// The bytes of its [`TrigramFilter`], likewise.
    pub trigrams: Vec<u8>,
}

impl Encoded {
    fn new(header: &impl Serialize, rows: u32, blobs: Vec<Vec<u8>>) -> Result<Self, SegmentError> {
        let header =
            postcard::to_stdvec(header).map_err(|_| SegmentError::Damaged("a header that cannot be written"))?;
        let header = container::compressor(3)?.compress(&header);
        let header = header.map_err(|_| SegmentError::Damaged("no memory to compress with"))?;
        Ok(Self { header, rows, blobs, values: Vec::new(), trigrams: Vec::new() })
    }

    /// All of its bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let filters = self.values.len() + self.trigrams.len();
        self.header.len() + self.blobs.iter().map(Vec::len).sum::<usize>() + filters
    }
}

/// Most bytes of a header unpacked.
const MOST_HEADER_BYTES: u64 = 64 << 20;

fn unpack_header<T: for<'a> Deserialize<'a>>(header: &[u8]) -> Result<T, SegmentError> {
    read_header(&header_bytes(header)?)
}

fn header_bytes(header: &[u8]) -> Result<Vec<u8>, SegmentError> {
    let mut bytes = Vec::new();
    zstd::stream::read::Decoder::new(header)
        .and_then(|decoder| decoder.take(MOST_HEADER_BYTES).read_to_end(&mut bytes))
        .map_err(|_| SegmentError::Damaged("its header does not unpack"))?;
    Ok(bytes)
}

fn read_header<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Result<T, SegmentError> {
    postcard::from_bytes(bytes).map_err(|_| SegmentError::Damaged("its header is not one"))
}
