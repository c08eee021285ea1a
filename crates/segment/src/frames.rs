//! How the columns of a segment of spans lie in its blobs: cut in runs of rows, each run packed for itself, so that one
//! trace is read without the others; what more than one run says is packed once.
//!
//! Large frames are blobs of their own, the smaller ones of a column one blob together where they are worth it, and all
//! others are in the first blob: a column is read without the others too.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::{
    SegmentError,
    bytes::Input,
    container::{Directory, LARGE, LEVEL, Place, compress, compressor},
    ints::{Ints, put_ints},
    spans_write::{Column, FIXED},
    texts::{CutTexts, TextColumn, TextList, Texts},
};

/// Frames from this size on are blobs of their own, bytes. Of smaller ones each would leave half a page of the database
/// empty: with 4 KiB that took 3 bytes a span.
const LARGE_FRAME: usize = 16 << 10;
/// Blobs of a segment at the most; what comes then goes into the first.
const MOST_BLOBS: usize = 0x8000;

const NO_FRAME: SegmentError = SegmentError::Damaged("a part of a column is missing");

/// Where the frames of a column lie.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct ColumnPlaces {
    /// Of texts: those that more than one run has.
    shared: Option<Place>,
    /// Of texts, by run: those that no other run has. None of any run: empty.
    texts: Vec<Option<Place>>,
    /// By run, the numbers: one for all runs where all rows are alike, or where the column is not cut.
    runs: Vec<Place>,
}

impl ColumnPlaces {
    /// Which of the places of numbers is that of a run.
    fn of_run(&self, run: usize) -> usize {
        if self.runs.len() == 1 { 0 } else { run }
    }

    fn all(&self) -> impl Iterator<Item = &Place> {
        self.shared.iter().chain(self.texts.iter().flatten()).chain(&self.runs)
    }
}

/// The places of all frames, by column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct FrameDirectory(Vec<ColumnPlaces>);

impl FrameDirectory {
    /// That of a segment of version 1, in which a column is one frame.
    pub(crate) fn of_whole(directory: Directory) -> Self {
        let one = |place| ColumnPlaces { runs: vec![place], ..ColumnPlaces::default() };
        let mut columns: Vec<ColumnPlaces> = directory.into_places().map(one).collect();
        // Those that stood in the header.
        let at = Column::FIXED_1.min(columns.len());
        columns.splice(at..at, std::iter::repeat_n(ColumnPlaces::default(), FIXED - Column::FIXED_1));
        Self(columns)
    }
}

/// A column on its way into a segment, packed.
#[derive(Default)]
struct Packed {
    shared: Option<Frame>,
    texts: Vec<Option<Frame>>,
    runs: Vec<Frame>,
}

struct Frame {
    bytes: Vec<u8>,
    unpacked: u32,
}

/// Columns on their way into a segment.
pub(crate) struct FramePacker {
    compressor: zstd::bulk::Compressor<'static>,
    /// Memory to pack in.
    memory: Vec<u8>,
    directory: Vec<ColumnPlaces>,
    blobs: Vec<Vec<u8>>,
}

impl FramePacker {
    pub(crate) fn new() -> Result<Self, SegmentError> {
        let compressor = compressor(LEVEL)?;
        Ok(Self { compressor, memory: Vec::new(), directory: Vec::new(), blobs: vec![Vec::new()] })
    }

    /// Adds the next column, which is not cut.
    pub(crate) fn add_whole(&mut self, bytes: &[u8]) {
        let frame = self.frame(bytes);
        self.place(Packed { runs: vec![frame], ..Packed::default() });
    }

    /// Adds a column without a byte.
    pub(crate) fn add_nothing(&mut self) {
        self.place(Packed::default());
    }

    /// Adds a column of so many bytes a row, by the ends of the runs.
    pub(crate) fn add_bytes(&mut self, bytes: &[u8], width: usize, ends: &[usize]) {
        let runs = runs(ends).map(|(start, end)| self.frame(bytes.get(start * width..end * width).unwrap_or_default()));
        let runs = runs.collect();
        self.place(Packed { runs, ..Packed::default() });
    }

    /// Adds numbers, by the ends of the runs.
    pub(crate) fn add_ints(&mut self, values: &[u64], ends: &[usize]) {
        let runs = self.ints(values, ends);
        self.place(Packed { runs, ..Packed::default() });
    }

    /// Adds texts, by the ends of the runs.
    pub(crate) fn add_texts(&mut self, texts: TextColumn, ends: &[usize]) {
        let CutTexts { shared, texts, codes } = texts.cut(ends);
        let packed = Packed {
            shared: shared.map(|bytes| self.frame(&bytes)),
            texts: texts.iter().map(|bytes| bytes.as_ref().map(|bytes| self.frame(bytes))).collect(),
            runs: codes.map(|codes| self.ints(&codes, ends)).unwrap_or_default(),
        };
        self.place(packed);
    }

    fn ints<T: Copy + Ord + Into<u64>>(&mut self, values: &[T], ends: &[usize]) -> Vec<Frame> {
        let mut bytes = Vec::new();
        if values.windows(2).all(|pair| pair.first() == pair.last()) {
            put_ints(&mut bytes, values);
            return vec![self.frame(&bytes)];
        }
        let run = |(start, end)| {
            bytes.clear();
            put_ints(&mut bytes, values.get(start..end).unwrap_or_default());
            self.frame(&bytes)
        };
        runs(ends).map(run).collect()
    }

    fn frame(&mut self, bytes: &[u8]) -> Frame {
        let (packed, unpacked) = compress(&mut self.compressor, bytes, &mut self.memory);
        Frame { bytes: packed.to_vec(), unpacked }
    }

    fn place(&mut self, packed: Packed) {
        let Packed { shared, texts, runs } = packed;
        let all = || shared.iter().chain(texts.iter().flatten()).chain(&runs);
        let small: usize = all().map(|frame| frame.bytes.len()).filter(|bytes| *bytes < LARGE_FRAME).sum();
        // The blob of its smaller frames, once there is one.
        let mut own = if small < LARGE { Some(0) } else { None };
        let mut put = |frame: Frame| self.put(frame, &mut own);
        let places = ColumnPlaces {
            shared: shared.map(&mut put),
            texts: texts.into_iter().map(|frame| frame.map(&mut put)).collect(),
            runs: runs.into_iter().map(put).collect(),
        };
        self.directory.push(places);
    }

    fn put(&mut self, frame: Frame, own: &mut Option<u16>) -> Place {
        let Frame { bytes, unpacked } = frame;
        let length = bytes.len() as u32;
        let new = if self.blobs.len() < MOST_BLOBS { self.blobs.len() as u16 } else { 0 };
        let blob = if bytes.len() >= LARGE_FRAME { new } else { *own.get_or_insert(new) };
        if usize::from(blob) == self.blobs.len() {
            self.blobs.push(Vec::new());
        }
        let Some(into) = self.blobs.get_mut(usize::from(blob)) else { return Place::default() };
        let offset = into.len() as u32;
        into.extend_from_slice(&bytes);
        Place { blob, offset, length, unpacked }
    }

    /// The directory, and the blobs by number.
    pub(crate) fn finish(self) -> (FrameDirectory, Vec<Vec<u8>>) {
        (FrameDirectory(self.directory), self.blobs)
    }
}

/// Where runs begin and end, by their ends.
fn runs(ends: &[usize]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts.zip(ends.iter().copied())
}

/// What of a column is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    /// All of it.
    All,
    /// One run, and what it shares with others.
    Run(usize),
}

/// The columns of a segment of spans, unpacked when they are first needed, and then kept.
#[derive(Debug)]
pub(crate) struct Frames {
    directory: FrameDirectory,
    /// By number; empty cells are blobs that nobody has given yet.
    blobs: Vec<OnceLock<Vec<u8>>>,
    unpacked: Vec<UnpackedColumn>,
    /// Texts of version 1 have their numbers behind them.
    is_version_1: bool,
}

#[derive(Debug)]
struct UnpackedColumn {
    shared: OnceLock<Vec<u8>>,
    texts: Vec<OnceLock<Vec<u8>>>,
    runs: Vec<OnceLock<Vec<u8>>>,
}

impl Frames {
    /// So many columns, of which nothing is there yet.
    pub(crate) fn new(directory: FrameDirectory, columns: usize, is_version_1: bool) -> Result<Self, SegmentError> {
        if directory.0.len() != columns {
            return Err(SegmentError::Damaged("a column is missing"));
        }
        let blobs = directory.0.iter().flat_map(ColumnPlaces::all).map(|place| usize::from(place.blob) + 1).max();
        let cells = |count: usize| (0..count).map(|_| OnceLock::new()).collect();
        let column = |places: &ColumnPlaces| UnpackedColumn {
            shared: OnceLock::new(),
            texts: cells(places.texts.len()),
            runs: cells(places.runs.len()),
        };
        let unpacked = directory.0.iter().map(column).collect();
        let blobs = (0..blobs.unwrap_or_default()).map(|_| OnceLock::new()).collect();
        Ok(Self { directory, blobs, unpacked, is_version_1 })
    }

    /// Gives a blob; what is there already stays.
    pub(crate) fn supply(&self, number: usize, blob: Vec<u8>) {
        if let Some(cell) = self.blobs.get(number) {
            // The same again.
            let _ = cell.set(blob);
        }
    }

    /// Adds the numbers of the blobs in which what is wanted of a column lies and which nobody has given yet.
    pub(crate) fn add_missing(&self, column: usize, wanted: Wanted, missing: &mut Vec<u16>) {
        let Some(places) = self.directory.0.get(column) else { return };
        let is_missing =
            |place: &&Place| self.blobs.get(usize::from(place.blob)).is_some_and(|blob| blob.get().is_none());
        let mut add = |place: &Place| missing.extend(Some(place).filter(is_missing).map(|place| place.blob));
        match wanted {
            Wanted::All => places.all().for_each(add),
            Wanted::Run(run) => {
                places.shared.iter().for_each(&mut add);
                places.texts.get(run).iter().copied().flatten().for_each(&mut add);
                places.runs.get(places.of_run(run)).into_iter().for_each(add);
            }
        }
    }

    /// Bytes of each column, packed.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = usize> + '_ {
        self.directory.0.iter().map(|places| places.all().map(|place| place.length as usize).sum())
    }

    fn unpack<'a>(&'a self, place: &Place, cell: &'a OnceLock<Vec<u8>>) -> Result<&'a [u8], SegmentError> {
        if let Some(bytes) = cell.get() {
            return Ok(bytes);
        }
        let blob = self.blobs.get(usize::from(place.blob)).and_then(OnceLock::get).ok_or(NO_FRAME)?;
        let bytes = place.unpack(blob)?;
        Ok(cell.get_or_init(|| bytes))
    }

    fn column(&self, number: usize) -> Result<(&ColumnPlaces, &UnpackedColumn), SegmentError> {
        self.directory.0.get(number).zip(self.unpacked.get(number)).ok_or(NO_FRAME)
    }

    /// The bytes of a column in a run; of one that is not cut all of them.
    pub(crate) fn bytes(&self, number: usize, run: usize) -> Result<&[u8], SegmentError> {
        let (places, cells) = self.column(number)?;
        let at = places.of_run(run);
        let (place, cell) = places.runs.get(at).zip(cells.runs.get(at)).ok_or(NO_FRAME)?;
        self.unpack(place, cell)
    }

    /// The numbers of a column in a run.
    pub(crate) fn ints(&self, number: usize, run: usize) -> Result<Ints<'_>, SegmentError> {
        Ints::read(&mut Input(self.bytes(number, run)?))
    }

    /// The texts of a column in a run.
    pub(crate) fn texts(&self, number: usize, run: usize) -> Result<Texts<'_>, SegmentError> {
        if self.is_version_1 {
            return Texts::read(&mut Input(self.bytes(number, run)?));
        }
        let (shared, own) = (self.shared_texts(number)?, self.own_texts(number, run)?);
        Ok(Texts::of(shared, own, self.codes(number, run)?))
    }

    /// The numbers of the texts of a column in a run; `None`: the texts are the rows.
    pub(crate) fn codes(&self, number: usize, run: usize) -> Result<Option<Ints<'_>>, SegmentError> {
        if self.is_version_1 {
            return Ok(self.texts(number, run)?.into_codes());
        }
        let (places, _) = self.column(number)?;
        (!places.runs.is_empty()).then(|| self.ints(number, run)).transpose()
    }

    /// The texts of a column that more than one run has, each once.
    pub(crate) fn shared_texts(&self, number: usize) -> Result<TextList<'_>, SegmentError> {
        let (places, cells) = self.column(number)?;
        let Some(place) = &places.shared else { return Ok(TextList::default()) };
        TextList::read(&mut Input(self.unpack(place, &cells.shared)?))
    }

    /// The texts of a column that only this run has.
    pub(crate) fn own_texts(&self, number: usize, run: usize) -> Result<TextList<'_>, SegmentError> {
        if self.is_version_1 {
            return Ok(self.texts(number, run)?.into_own());
        }
        let (places, cells) = self.column(number)?;
        let Some((Some(place), cell)) = places.texts.get(run).zip(cells.texts.get(run)) else {
            return Ok(TextList::default());
        };
        TextList::read(&mut Input(self.unpack(place, cell)?))
    }
}
