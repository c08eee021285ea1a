use crate::*;
pub fn encode_points(_: &Batch<'_>) -> Result<Option<Encoded>, SegmentError> { Ok(None) }
impl<'a> Batch<'a> { pub fn add_metrics(&mut self, r: Request, b: &'a [u8], l: impl Fn(u32) -> bool) -> Result<(), SegmentError> { self.add(r, b, l) } }
