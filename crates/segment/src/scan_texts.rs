//! How scans judge the values of a column: of texts each once, then the rows by the numbers of their texts.

use model::Value;

use crate::{
    SegmentError, SpanSegment, Substring, ValueTest, ValueType,
    attributes::{decoded, raw_list_in_one, unbiased},
    ints::Ints,
    scan::is_one_of,
    texts::TextList,
    value_test::{passes, text_passes},
};

/// Judges the values of columns.
pub(crate) trait Judge {
    /// Which texts of a list pass; `None` if none does.
    fn texts(&mut self, of: ValueType, list: &TextList<'_>) -> Result<Option<Vec<bool>>, SegmentError>;

    /// Whether a number of a column of this type passes.
    fn number(&self, of: ValueType, number: u64) -> bool;

    /// Whether an attribute without a value passes.
    fn nothing(&self) -> bool;
}

/// The values of some keys.
pub(crate) struct OfKeys<'t> {
    pub(crate) keys: &'t [&'t str],
    pub(crate) test: &'t dyn ValueTest,
}

impl Judge for OfKeys<'_> {
    fn texts(&mut self, of: ValueType, list: &TextList<'_>) -> Result<Option<Vec<bool>>, SegmentError> {
        let test = self.test;
        each(list, |text| {
            Ok(match of {
                ValueType::String => text_passes(test, text),
                ValueType::Bytes => test.other(&Value::Bytes(text.to_vec())),
                ValueType::Other => passes(test, &formats::decode_value(text)?),
                ValueType::List => {
                    let mut attributes = Vec::new();
                    raw_list_in_one(text, &mut attributes)?;
                    let of_keys = attributes.into_iter().filter(|attribute| is_one_of(self.keys, attribute.key));
                    any(of_keys.map(|attribute| Ok(passes(test, &decoded(attribute.value)?))))?
                }
                ValueType::Empty | ValueType::Bool | ValueType::Int | ValueType::Double => false,
            })
        })
    }

    fn number(&self, of: ValueType, number: u64) -> bool {
        match of {
            ValueType::Bool => self.test.bool(number != 0),
            ValueType::Int => self.test.int(unbiased(number)),
            _ => self.test.double(f64::from_bits(number)),
        }
    }

    fn nothing(&self) -> bool {
        self.test.other(&Value::Empty)
    }
}

/// Anything that passes; of what shows as text, what holds a part of a text.
pub(crate) struct OfText<'t> {
    pub(crate) text: &'t Substring,
    pub(crate) test: &'t dyn ValueTest,
    pub(crate) memory: Vec<u8>,
}

impl Judge for OfText<'_> {
    fn texts(&mut self, of: ValueType, list: &TextList<'_>) -> Result<Option<Vec<bool>>, SegmentError> {
        let test = self.test;
        match of {
            // What is a letter in another case is the same to both only as far as this goes.
            ValueType::String if list.bytes().is_ascii() => Ok(self.text.find_in(list, &mut self.memory)),
            ValueType::String => each(list, |text| Ok(text_passes(test, text))),
            ValueType::Bytes => each(list, |text| Ok(test.other(&Value::Bytes(text.to_vec())))),
            ValueType::Other => each(list, |text| Ok(passes(test, &formats::decode_value(text)?))),
            ValueType::List => each(list, |text| {
                let mut attributes = Vec::new();
                raw_list_in_one(text, &mut attributes)?;
                any(attributes.into_iter().map(|attribute| Ok(passes(test, &decoded(attribute.value)?))))
            }),
            ValueType::Empty | ValueType::Bool | ValueType::Int | ValueType::Double => Ok(None),
        }
    }

    fn number(&self, of: ValueType, number: u64) -> bool {
        match of {
            ValueType::Bool => self.test.bool(number != 0),
            ValueType::Int => self.test.int(unbiased(number)),
            _ => self.test.double(f64::from_bits(number)),
        }
    }

    fn nothing(&self) -> bool {
        self.test.other(&Value::Empty)
    }
}

/// Texts that are no attribute.
pub(crate) struct TextJudge<T>(pub(crate) T);

impl<T: FnMut(&str) -> bool> Judge for TextJudge<T> {
    fn texts(&mut self, _: ValueType, list: &TextList<'_>) -> Result<Option<Vec<bool>>, SegmentError> {
        each(list, |text| {
            Ok(match std::str::from_utf8(text) {
                Ok(text) => (self.0)(text),
                Err(_) => (self.0)(&formats::decode_text(text)),
            })
        })
    }

    fn number(&self, _: ValueType, _: u64) -> bool {
        false
    }

    fn nothing(&self) -> bool {
        false
    }
}

fn each(
    list: &TextList<'_>,
    mut passes: impl FnMut(&[u8]) -> Result<bool, SegmentError>,
) -> Result<Option<Vec<bool>>, SegmentError> {
    let passing = list.iter().map(&mut passes).collect::<Result<Vec<bool>, SegmentError>>()?;
    Ok(passing.contains(&true).then_some(passing))
}

fn any(mut passing: impl Iterator<Item = Result<bool, SegmentError>>) -> Result<bool, SegmentError> {
    passing.try_fold(false, |any, passes| Ok(passes? || any))
}

/// Which values of a column pass in a run.
pub(crate) enum Judgement {
    /// All, or none.
    All(bool),
    /// Each for itself.
    Each(Vec<bool>),
}

impl Judgement {
    pub(crate) fn of_numbers(of: ValueType, numbers: &Ints<'_>, judge: &dyn Judge) -> Self {
        if let Some(number) = numbers.constant() {
            return Self::All(judge.number(of, number));
        }
        let mut passing = Vec::with_capacity(numbers.len());
        numbers.visit(numbers.len(), |_, number| passing.push(judge.number(of, number)));
        Self::Each(passing)
    }

    /// Whether it is known that none does.
    pub(crate) fn is_none(&self) -> bool {
        match self {
            Self::All(passes) => !passes,
            Self::Each(passing) => !passing.contains(&true),
        }
    }

    #[inline]
    pub(crate) fn passes(&self, value: usize) -> bool {
        match self {
            Self::All(passes) => *passes,
            Self::Each(passing) => passing.get(value).copied().unwrap_or_default(),
        }
    }
}

impl SpanSegment {
    /// Which values of a column of texts pass in a run, by those texts of it that do.
    pub(crate) fn judgement(
        &self,
        column: usize,
        run: usize,
        shared: Option<&[bool]>,
        own: Option<&[bool]>,
    ) -> Result<Judgement, SegmentError> {
        let Some(codes) = self.codes(column, run)? else {
            return Ok(Judgement::Each(own.unwrap_or_default().to_vec()));
        };
        let mut passing = vec![false; self.shared_texts(column)?.len()];
        passing.iter_mut().zip(shared.unwrap_or_default()).for_each(|(passing, shared)| *passing = *shared);
        passing.extend_from_slice(own.unwrap_or_default());
        let passes = |code| usize::try_from(code).ok().and_then(|code| passing.get(code)).copied().unwrap_or_default();
        if let Some(code) = codes.constant() {
            return Ok(Judgement::All(passes(code)));
        }
        let mut each = Vec::with_capacity(codes.len());
        codes.visit(codes.len(), |_, code| each.push(passes(code)));
        Ok(Judgement::Each(each))
    }
}
