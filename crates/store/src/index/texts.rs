//! Texts and sets of services, each kept once.

use std::sync::Arc;

use hashbrown::HashMap;

/// Texts by number. None is ever taken out: names repeat.
#[derive(Debug, Default)]
pub(super) struct Texts {
    numbers: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Texts {
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    pub(super) fn get(&self, number: u32) -> Arc<str> {
        self.texts.get(number as usize).cloned().unwrap_or_default()
    }
}

/// Sets of services by number: most traces share theirs with many others. Set 0 is empty.
#[derive(Debug)]
pub(super) struct ServiceSets {
    numbers: HashMap<Box<[u32]>, u32>,
    sets: Vec<ServiceSet>,
    grown: HashMap<(u32, u32), u32>,
}

#[derive(Debug, Default)]
struct ServiceSet {
    /// Numbers of texts, rising.
    members: Box<[u32]>,
    /// The same, sorted by name.
    names: Arc<[Arc<str>]>,
}

impl Default for ServiceSets {
    fn default() -> Self {
        Self {
            numbers: HashMap::from_iter([(Box::default(), 0)]),
            sets: vec![ServiceSet::default()],
            grown: HashMap::new(),
        }
    }
}

impl ServiceSets {
    /// The set with one more service.
    pub(super) fn with(&mut self, set: u32, service: u32, texts: &Texts) -> u32 {
        let members = self.sets.get(set as usize).map(|set| &set.members[..]).unwrap_or_default();
        if members.contains(&service) {
            return set;
        }
        if let Some(&grown) = self.grown.get(&(set, service)) {
            return grown;
        }
        let mut members = [members, &[service]].concat();
        members.sort_unstable();
        let number = self.intern(members.into(), texts);
        self.grown.insert((set, service), number);
        number
    }

    fn intern(&mut self, members: Box<[u32]>, texts: &Texts) -> u32 {
        if let Some(&number) = self.numbers.get(&members) {
            return number;
        }
        let number = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        let mut names: Vec<Arc<str>> = members.iter().map(|&member| texts.get(member)).collect();
        names.sort_unstable();
        self.sets.push(ServiceSet { members: members.clone(), names: names.into() });
        self.numbers.insert(members, number);
        number
    }

    /// Names of the services in a set, sorted.
    pub(super) fn names(&self, set: u32) -> Arc<[Arc<str>]> {
        self.sets.get(set as usize).map(|set| Arc::clone(&set.names)).unwrap_or_default()
    }

    /// The services in a set, by the numbers of their names.
    pub(super) fn members(&self, set: u32) -> impl Iterator<Item = u32> + '_ {
        self.sets.get(set as usize).into_iter().flat_map(|set| set.members.iter().copied())
    }
}
