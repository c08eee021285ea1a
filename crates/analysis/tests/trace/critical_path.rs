use analysis::{Node, Trace};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::support::{Named, messy_spans};

fn check(art: &str, expected: Expect) {
    expected.assert_eq(&Named::drawn(art).picture());
}

#[test]
fn it_goes_back_from_the_end_to_the_child_that_ends_last() {
    check(
        "
        root     [------------------]
          a        [----]
            a1      [-]
          b         [-------]
            b1        [--]
            b2         [---]
          c                    |
        ",
        expect![[r#"
            root    ##----------##-#####
              a       #---==
                a1     ===
              b        ##------#
                b1       #===
                b2        #####
              c                   #
        "#]],
    );
}

#[test]
fn siblings_back_to_back_or_slightly_overlapping_are_both_on_it() {
    check(
        "
        root     [------------------]
          a      [--------]
          b                [--------]
        ",
        expect![[r#"
            root  --------------------
              a   ##########
              b             ##########
        "#]],
    );
    check(
        "
        root     [------------------]
          a      [---------]
          b                [--------]
        ",
        expect![[r#"
            root  --------------------
              a   ##########=
              b             ##########
        "#]],
    );
}

#[test]
fn children_are_clipped_to_their_parents() {
    check(
        "
        root      [------------]
          early [----]
          late           [---------]
            below            [---]
        ",
        expect![[r#"
            root         ----###-------
              early    ==####                OutsideParent
              late              ####-----==  OutsideParent
                below               ###==
        "#]],
    );
}

#[test]
fn nobody_waits_for_the_consumer_of_a_message() {
    check(
        "
        root      [------------]
          send       [------]         kind=producer
            handle     [-------]      kind=consumer
              store      [--]
            encode   [-]
        ",
        expect![[r#"
            root         ###--------###
              send          ---#####
                encode      ###
                handle        ==----===
                  store         ====
        "#]],
    );
}

#[test]
fn it_is_that_of_the_longest_root_alone() {
    check(
        "
        short     [----]
          a         []
        long         [-----]
          b            [--]
        ",
        expect![[r#"
            short  ==--==
              a      ==
            long      ##----#
              b         ####
        "#]],
    );
}

/// The definition, without care for cost: into the child that is not used, starts before the cursor
/// and ends last.
fn by_definition(trace: &Trace, node: Node<'_>, floor: i64, mut cursor: i64, path: &mut Vec<(u32, i64, i64)>) {
    let mut unused: Vec<Node<'_>> =
        node.children().filter(|child| (node.kind().name(), child.kind().name()) != ("producer", "consumer")).collect();
    let latest = |unused: &[Node<'_>], cursor: i64| {
        let fits = |child: &&Node<'_>| child.start_offset_nanos().max(floor) < child.end_offset_nanos().min(cursor);
        let first = |child: &&Node<'_>| (child.end_offset_nanos(), std::cmp::Reverse(child.index()));
        unused.iter().filter(fits).max_by_key(first).map(|child| child.index())
    };
    while let Some(index) = latest(&unused, cursor) {
        unused.retain(|child| child.index() != index);
        let child = trace.node(index).expect("a node of the trace");
        let (from, to) = (child.start_offset_nanos().max(floor), child.end_offset_nanos().min(cursor));
        path.push((node.index(), to, cursor));
        by_definition(trace, child, from, to, path);
        cursor = from;
    }
    path.push((node.index(), floor, cursor));
}

proptest! {
    #[test]
    fn it_covers_its_root_exactly_once(spans in messy_spans()) {
        let trace = Trace::assemble(&spans);
        let path = trace.critical_path();
        let Some(root) = trace.longest_root() else {
            prop_assert!(path.is_empty());
            return Ok(());
        };
        let (start, end) = (root.start_offset_nanos(), root.end_offset_nanos());
        prop_assert_eq!(path.first().map_or(start, |segment| segment.1), start);
        prop_assert_eq!(path.last().map_or(start, |segment| segment.2), end);
        prop_assert!(path.windows(2).all(|pair| pair[0].2 == pair[1].1));
        prop_assert!(path.iter().all(|segment| segment.1 < segment.2));
        let critical: u64 = trace.nodes().map(Node::critical_nanos).sum();
        prop_assert_eq!(critical, end.abs_diff(start));
        let mut defined = Vec::new();
        by_definition(&trace, root, start, end, &mut defined);
        defined.retain(|segment| segment.1 < segment.2);
        defined.sort_unstable_by_key(|segment| segment.1);
        prop_assert_eq!(path, defined);
    }

    #[test]
    fn a_node_is_on_it_only_while_it_works_itself(spans in messy_spans()) {
        let trace = Trace::assemble(&spans);
        for node in trace.nodes() {
            let own: Vec<_> = node.self_intervals().collect();
            for (from, to) in node.critical_intervals() {
                prop_assert!(own.iter().any(|interval| interval.0 <= from && to <= interval.1));
            }
            let below: Vec<_> = (0..node.subtree_size())
                .filter_map(|below| trace.node(node.index() + below))
                .flat_map(|below| below.critical_intervals())
                .collect();
            let extent = below.iter().copied().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
            prop_assert_eq!(node.critical_extent(), extent);
            let covered: u64 = below.iter().map(|interval| interval.1.abs_diff(interval.0)).sum();
            prop_assert_eq!(covered, extent.map_or(0, |(from, to)| to.abs_diff(from)), "in one piece");
        }
    }
}
