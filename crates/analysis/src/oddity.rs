/// What is odd about a node. None of it keeps the node from being drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Oddity {
    /// Its parent has not arrived; a placeholder stands for it.
    ParentMissing,
    /// The parent id that came has this many bytes instead of 8; the node stands as a root.
    ParentMalformed(u32),
    /// It names itself as its parent; the node stands as a root.
    ParentIsSelf,
    /// Its ancestors form a cycle, which is cut here: the node stands as a root.
    Cycle,
    /// Its end lies before its start, by this many nanoseconds.
    EndBeforeStart(u64),
    /// It starts before 1990 or after 2199, or ends after that.
    ImpossibleTime,
    /// So many other spans with other content came under the same id.
    Variants(u32),
    /// It starts before its parent or ends after it, both with possible times. Not said of a
    /// CONSUMER below its PRODUCER, which is meant to run later.
    OutsideParent,
}
