//! Texts that found spans have, each known by a number.

use std::sync::Arc;

use hashbrown::HashMap;
use query::{SpanView, Subject};

use super::noting::is_of_root;

/// Distinct texts of one subject that are told apart, and of all together; the others are one.
const MOST: usize = 100_000;
const MOST_ALTOGETHER: usize = 1_000_000;
/// Longest text that is told apart, bytes.
const LONGEST: usize = 1024;

/// The number of the subject, and that of its text.
pub(super) type Noted = (u32, u32);

/// The texts of each subject by their numbers.
#[derive(Debug, Default)]
pub(super) struct Texts(Vec<OfSubject>);

#[derive(Debug, Default)]
pub(super) struct OfSubject {
    numbers: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
    /// How many are told apart.
    most: usize,
    is_over: bool,
}

impl Texts {
    pub(super) fn new(subjects: usize) -> Self {
        let most = (MOST_ALTOGETHER / subjects.max(1)).min(MOST);
        Self((0..subjects).map(|_| OfSubject { most, ..OfSubject::default() }).collect())
    }

    /// Adds what a span has, as the root or as any other.
    pub(super) fn add(&mut self, subjects: &[Subject], span: &impl SpanView, is_root: bool, noted: &mut Vec<Noted>) {
        for ((subject, number), of) in subjects.iter().zip(0..).zip(&mut self.0) {
            if is_of_root(subject) == is_root {
                subject.texts(span, &mut |text| noted.extend(of.number(text).map(|text| (number, text))));
            }
        }
    }

    /// Forgets the texts of a subject, and notes none from now on.
    pub(super) fn forget(&mut self, subject: u32) {
        if let Some(of) = self.0.get_mut(subject as usize) {
            *of = OfSubject { is_over: true, ..OfSubject::default() };
        }
    }

    /// Those of each subject.
    pub(super) fn of_subjects(&mut self) -> impl Iterator<Item = &mut OfSubject> {
        self.0.iter_mut()
    }

    /// A text; `None` for those that are not told apart.
    pub(super) fn get(&self, (subject, text): Noted) -> Option<Arc<str>> {
        self.0.get(subject as usize)?.texts.get(text as usize).map(Arc::clone)
    }
}

impl OfSubject {
    /// Whether none are noted any more.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }
}

/// Gives texts their numbers.
pub(crate) trait Numbers {
    /// The number of a text, the same as before where it has one. `None`: it is passed over.
    fn number(&mut self, text: &str) -> Option<u32>;
}

impl Numbers for OfSubject {
    fn number(&mut self, text: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        if text.len() > LONGEST || self.is_over {
            return None;
        }
        if self.texts.len() >= self.most {
            return Some(u32::MAX);
        }
        let number = self.texts.len() as u32;
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        Some(number)
    }
}
