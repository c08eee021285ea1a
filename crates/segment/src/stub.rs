use crate::*;
pub fn encode_logs(_: &Batch<'_>, _: impl Fn(Option<model::TraceId>) -> bool) -> Result<Option<Encoded>, SegmentError> { Ok(None) }
pub fn encode_points(_: &Batch<'_>) -> Result<Option<Encoded>, SegmentError> { Ok(None) }
pub struct LogSegment;
pub struct SegmentLog { pub record: model::LogRecord, pub resource: u32, pub scope: u32, pub request: Request }
impl LogSegment {
    pub fn new(_: &[u8], _: Vec<Vec<u8>>) -> Result<Self, SegmentError> { Ok(Self) }
    pub fn resources(&self) -> Result<Vec<SegmentResource>, SegmentError> { Ok(vec![]) }
    pub fn scopes(&self) -> Result<Vec<SegmentScope>, SegmentError> { Ok(vec![]) }
    pub fn records_of(&self, _: model::TraceId) -> Result<Vec<SegmentLog>, SegmentError> { Ok(vec![]) }
}
impl<'a> Batch<'a> { pub fn add_metrics(&mut self, r: Request, b: &'a [u8], l: impl Fn(u32) -> bool) -> Result<(), SegmentError> { self.add(r, b, l) } }
