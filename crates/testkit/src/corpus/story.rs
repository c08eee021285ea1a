//! What all that belongs to one trace has in common: its id, its time, and who caused it.

use model::{SpanId, TraceId};

use super::{
    chance::{favour, long_tailed, zipf},
    services::Environment,
    shape::{self, Node},
};
use crate::{Random, START_UNIX_NANO};

const REGIONS: [&str; 6] = ["eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-south-1", "sa-east-1"];

/// A trace before its spans are told.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) trace_id: TraceId,
    /// W3C tracestate of all spans; mostly empty.
    pub(super) trace_state: String,
    pub(super) start: u64,
    pub(super) environment: Environment,
    pub(super) user: String,
    pub(super) tenant: String,
    pub(super) order: String,
    pub(super) session: String,
    pub(super) address: String,
    pub(super) region: &'static str,
    /// What decides the rest.
    pub(super) random: Random,
}

/// The traces of a seed, one after the other. Spans and logs of the same seed tell the same ones.
pub(super) fn stories(seed: u64) -> impl Iterator<Item = Story> {
    let mut random = Random::new(seed);
    let mut start = START_UNIX_NANO;
    std::iter::repeat_with(move || {
        start += long_tailed(&mut random, 10_000_000, 3);
        Story::new(random.bits(), start)
    })
}

impl Story {
    pub(super) fn new(seed: u64, start: u64) -> Self {
        let mut random = Random::new(seed);
        let trace_id = TraceId((u128::from(random.bits()) << 64 | u128::from(random.bits() | 1)).to_be_bytes());
        let trace_state = match random.below(100) {
            0..6 => format!("es=s:1,rojo={:016x}", random.bits()),
            6..10 => "ot=th:c".to_owned(),
            _ => String::new(),
        };
        let environment = match random.below(100) {
            0..92 => Environment::Production,
            92..97 => Environment::Staging,
            _ => Environment::Development,
        };
        Self {
            trace_id,
            trace_state,
            start,
            environment,
            user: format!("usr_{:07x}", zipf(&mut random, 200_000) * 977),
            tenant: format!("tenant-{}", zipf(&mut random, 60)),
            order: format!("ord_{}{:06}", start >> 34, random.below(1_000_000)),
            session: uuid(&mut random),
            address: address(&mut random),
            region: favour(&mut random, &REGIONS),
            random,
        }
    }

    /// The id of a span by its position in the trace.
    pub(super) fn span_id(&self, position: usize) -> SpanId {
        let [.., a, b, c, d, e, f, g, h] = self.trace_id.0;
        let seed = u64::from_be_bytes([a, b, c, d, e, f, g, h]).wrapping_add((position as u64) << 20);
        SpanId((Random::new(seed).bits() | 1).to_be_bytes())
    }

    /// The spans without what they say: mostly 5 to 40, now and then hundreds or thousands.
    pub(super) fn tree(&mut self, most: usize) -> Vec<Node> {
        let spans = match self.random.below(3_000) {
            0..3 => self.random.between(1_000, 4_000),
            3..30 => self.random.between(100, 600),
            _ => long_tailed(&mut self.random, 14, 2).clamp(5, 40),
        };
        let median = if spans > 40 { spans * 2_000_000 } else { 60_000_000 };
        let duration = long_tailed(&mut self.random, median, 3);
        let spans = (spans as usize).min(most);
        shape::tree(&mut self.random, spans, self.start, duration, self.environment.services())
    }
}

/// A random UUID.
pub(super) fn uuid(random: &mut Random) -> String {
    let (high, low) = (random.bits(), random.bits());
    let mut text = String::with_capacity(36);
    for (group, (bits, digits)) in
        [(high >> 32, 8), (high >> 16, 4), (high & 0xfff | 0x4000, 4), (low >> 50 | 0x8000, 4), (low, 12)]
            .into_iter()
            .enumerate()
    {
        if group > 0 {
            text.push('-');
        }
        push_hex(&mut text, bits, digits);
    }
    text
}

/// The last digits of a number in hex.
fn push_hex(text: &mut String, bits: u64, digits: u32) {
    text.extend((0..digits).rev().map(|digit| char::from(b"0123456789abcdef"[(bits >> (4 * digit) & 15) as usize])));
}

/// A public address.
fn address(random: &mut Random) -> String {
    let bits = zipf(random, 1 << 20) as u32;
    let [_, a, b, c] = bits.wrapping_mul(0x9e37_79b1).to_be_bytes();
    format!("{}.{a}.{b}.{c}", 80 + bits % 120)
}
