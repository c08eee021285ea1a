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
//! Deliberately absent: files and databases (`store` keeps a segment's header and blobs), and any reading
//! of requests in JSON, which `formats` turns into protobuf first.

mod attributes;
mod batch;
mod bytes;
mod columns;
mod container;
mod doubles;
mod error;
mod histograms;
mod ints;
mod logs_read;
mod logs_write;
mod numbers;
mod origins;
mod points_read;
mod points_write;
mod series;
mod series_read;
mod span_heads;
mod span_reader;
mod spans_read;
mod spans_write;
mod texts;
mod unpack;

use std::io::Read;

use serde::{Deserialize, Serialize};

pub use attributes::{Shapes, ValueColumn, ValueType};
pub use batch::{Batch, ByTrace, Request, Weight};
pub use error::SegmentError;
pub use logs_read::{LogSegment, SegmentLog};
pub use logs_write::encode_logs;
pub use origins::{SegmentResource, SegmentScope};
pub use points_read::{Point, PointSegment, SegmentPoint};
pub use points_write::encode_points;
pub use series::Series;
pub use series_read::PointReader;
pub use span_heads::SpanHead;
pub use spans_read::{SegmentSpan, SpanSegment};
pub use spans_write::{Passing, encode_spans};

/// A segment ready to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// What is needed to read it.
    pub header: Vec<u8>,
    /// Items in it.
    pub rows: u32,
    /// Its columns.
    pub blobs: Vec<Vec<u8>>,
}

impl Encoded {
    fn new(header: &impl Serialize, rows: u32, blobs: Vec<Vec<u8>>) -> Result<Self, SegmentError> {
        let header =
            postcard::to_stdvec(header).map_err(|_| SegmentError::Damaged("a header that cannot be written"))?;
        let header = container::compressor(3)?.compress(&header);
        let header = header.map_err(|_| SegmentError::Damaged("no memory to compress with"))?;
        Ok(Self { header, rows, blobs })
    }

    /// All of its bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.header.len() + self.blobs.iter().map(Vec::len).sum::<usize>()
    }
}

/// Most bytes of a header unpacked.
const MOST_HEADER_BYTES: u64 = 64 << 20;

fn unpack_header<T: for<'a> Deserialize<'a>>(header: &[u8]) -> Result<T, SegmentError> {
    let mut bytes = Vec::new();
    zstd::stream::read::Decoder::new(header)
        .and_then(|decoder| decoder.take(MOST_HEADER_BYTES).read_to_end(&mut bytes))
        .map_err(|_| SegmentError::Damaged("its header does not unpack"))?;
    postcard::from_bytes(&bytes).map_err(|_| SegmentError::Damaged("its header is not one"))
}
