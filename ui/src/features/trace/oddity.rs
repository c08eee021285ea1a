//! What is odd about a span, in a sentence and, where the row has room for it, in a word.

use api::Oddity;

use crate::widgets::duration;

/// What it means, as a whole sentence.
pub(crate) fn sentence(oddity: &Oddity) -> String {
    match oddity {
        Oddity::ParentMissing => {
            "Its parent has not arrived: it is shown below a placeholder until it does.".to_owned()
        }
        Oddity::ParentMalformed(bytes) => {
            format!("The parent id that came has {bytes} bytes instead of 8: it is shown as a root.")
        }
        Oddity::ParentIsSelf => "It names itself as its parent: it is shown as a root.".to_owned(),
        Oddity::Cycle => "Its ancestors form a cycle, which is cut here: it is shown as a root.".to_owned(),
        Oddity::EndBeforeStart(nanos) => {
            format!(
                "It ends {} before it starts: the clock was set back, or the sender is wrong.",
                duration(*nanos).text()
            )
        }
        Oddity::ImpossibleTime => {
            "Its times are zero or no moment of this century: they do not count for the trace's start and length."
                .to_owned()
        }
        Oddity::Variants(1) => "Another span with other content came under the same ids: both are kept.".to_owned(),
        Oddity::Variants(count) => {
            format!("{count} other spans with other content came under the same ids: all are kept.")
        }
        Oddity::OutsideParent => {
            "It starts before its parent or ends after it: asynchronous work, or clocks that differ.".to_owned()
        }
    }
}

/// A word for the row of the tree; `None` where the row shows it otherwise.
pub(crate) fn word(oddity: &Oddity) -> Option<String> {
    match oddity {
        Oddity::ParentMissing | Oddity::OutsideParent | Oddity::EndBeforeStart(_) | Oddity::ImpossibleTime => None,
        Oddity::ParentMalformed(_) => Some("bad parent id".to_owned()),
        Oddity::ParentIsSelf => Some("own parent".to_owned()),
        Oddity::Cycle => Some("cycle".to_owned()),
        Oddity::Variants(count) => Some(format!("{} variants", count.saturating_add(1))),
    }
}

/// What stands beside the bar, because it concerns the times.
pub(crate) fn beside_bar(oddities: &[Oddity]) -> Option<String> {
    oddities.iter().find_map(|oddity| match oddity {
        Oddity::EndBeforeStart(nanos) => Some(format!("ends {} before it starts", duration(*nanos).text())),
        Oddity::ImpossibleTime => Some("impossible time".to_owned()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_oddity_is_a_sentence_and_is_marked_somewhere() {
        let all = [
            Oddity::ParentMalformed(3),
            Oddity::ParentIsSelf,
            Oddity::Cycle,
            Oddity::EndBeforeStart(3_000_000),
            Oddity::ImpossibleTime,
            Oddity::Variants(2),
        ];
        for oddity in &all {
            assert!(sentence(oddity).ends_with('.'));
            assert!(word(oddity).is_some() != beside_bar(std::slice::from_ref(oddity)).is_some(), "{oddity:?}");
        }
        expect_test::expect!["ends 3.00 ms before it starts"]
            .assert_eq(&beside_bar(&all).expect("it has one").replace('\u{202f}', " "));
    }
}
