use analysis::{SpanInput, Trace};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::support::{Named, messy_spans, told};

fn check(art: &str, expected: Expect) {
    expected.assert_eq(&Named::drawn(art).picture());
}

#[test]
fn siblings_stand_by_start_then_longer_first_then_by_id() {
    check(
        "
        root    [------------]
          late         [---]
          short [-]
          long  [----]
          twin         [---]
        ",
        expect![[r#"
            root     ------#-----##
              long   ######
              short  ===
              late          #####
              twin          =====
        "#]],
    );
}

#[test]
fn a_missing_parent_is_one_row_as_long_as_its_children() {
    check(
        "
        root    [------------]
        a         [--]           parent=ff
        b              [---]     parent=ff error
          c             [-]
        d         [--]           parent=ee
        ",
        expect![[r#"
            root   ##############
            (255)    ----------
              a      ====          ParentMissing
              b           =---=    ParentMissing
                c          ===
            (238)    ----
              d      ====          ParentMissing
        "#]],
    );
}

#[test]
fn self_parents_cycles_and_malformed_parents_are_cut_and_marked() {
    check(
        "
        root    [------------]
        own       [--]           id=aa parent=aa
        a           [---]        id=a1 parent=a3
        b          [---]         id=a2 parent=a1
        c             [--]       id=a3 parent=a2
          leaf        []
        odd      []              parent_bytes=3
        ",
        expect![[r#"
            root      ##############
            odd        ==             ParentMalformed(3)
            own         ====          ParentIsSelf
            b            ===--        Cycle
              c             ---=      OutsideParent
                a         =====       OutsideParent
                leaf        ==
        "#]],
    );
}

#[test]
fn children_of_a_shared_id_stand_below_the_server() {
    check(
        "
        client  [------------]   id=5 kind=client
        server   [----------]    id=5 kind=server
        child     [---]          parent=5
        ",
        expect![[r#"
            client   ##############  Variants(1)
            server    =-----======   Variants(1)
              child    =====
        "#]],
    );
}

#[test]
fn impossible_times_are_drawn_and_do_not_stretch_the_trace() {
    let named = Named::drawn(
        "
        root      [------------]
          zero      [-]            start=0 end=0
          reversed    ]--[
          moment        !
          outside            [---]
          forever        [---]     end=18446744073709551615
        ",
    );
    let oddities = named.trace.nodes().map(|node| {
        let oddities: Vec<_> = node.oddities().collect();
        format!("{} {} {oddities:?}\n", named.name(node), node.duration_nanos())
    });
    expect![[r#"
        root 14000000 []
        zero 0 [ImpossibleTime]
        moment 0 []
        forever 16679518473702551615 [ImpossibleTime]
        reversed 0 [EndBeforeStart(4000000)]
        outside 5000000 [OutsideParent]
    "#]]
    .assert_eq(&oddities.collect::<String>());
    assert_eq!(named.trace.start_unix_nano(), testkit::START_UNIX_NANO);
}

#[test]
fn the_longest_root_is_a_root_before_it_is_long() {
    let longest = |art: &str| {
        let named = Named::drawn(art);
        named.trace.longest_root().map(|node| named.name(node))
    };
    let root = |name: &str| Some(name.to_owned());
    assert_eq!(longest(""), None);
    assert_eq!(longest("short [-]\nlong [---]"), root("long"));
    assert_eq!(longest("early [--]\nlate   [--]"), root("late"), "of equally long ones the later");
    assert_eq!(longest("one [--] id=2\ntwo [--] id=1"), root("two"), "then the one with the smaller id");
    assert_eq!(longest("orphan [-----] parent=ff\nroot [--]"), root("root"));
    assert_eq!(longest("orphan [-----] parent=ff\nother [--] parent=ee"), root("orphan"));
    assert_eq!(longest("self [-----] id=7 parent=7\nroot [--]"), root("root"), "it was not cut");
    assert_eq!(longest("orphan [-----] parent_bytes=4\nself [--] id=7 parent=7"), root("self"));
    assert_eq!(longest("old [--] start=0\nroot [--]"), root("root"), "its times are possible");
}

#[test]
fn errors_are_counted_below_their_ancestors() {
    let named = Named::drawn(
        "
        root    [------------]
          a       [--]           error
            b     [-]            error
          c            [---]
            d          [-]       error
        e      [-]               parent=ff error
        ",
    );
    let below: Vec<u32> = ["root", "a", "b", "c", "d", "(255)"].map(|name| named.node(name).errors_below()).into();
    assert_eq!(below, [3, 1, 0, 1, 0, 1]);
    assert_eq!((named.trace.error_count(), named.trace.missing_count(), named.trace.depth()), (4, 1, 3));
}

fn is_descendant(trace: &Trace, node: u32, ancestor: u32) -> bool {
    let parents = std::iter::successors(trace.node(node), |node| node.parent());
    parents.skip(1).any(|node| node.index() == ancestor)
}

proptest! {
    #[test]
    fn the_order_of_arrival_changes_nothing(spans in messy_spans(), seed in any::<u64>()) {
        let mut random = testkit::Random::new(seed);
        let mut shuffled = spans.clone();
        for last in (1..shuffled.len()).rev() {
            shuffled.swap(last, random.below(last as u64 + 1) as usize);
        }
        let (one, other) = (Trace::assemble(&spans), Trace::assemble(&shuffled));
        prop_assert_eq!(told(&one, &spans), told(&other, &shuffled));
        let head = |trace: &Trace| (trace.start_unix_nano(), trace.duration_nanos(), trace.critical_path());
        prop_assert_eq!(head(&one), head(&other));
    }

    #[test]
    fn every_span_is_one_node_of_a_forest(spans in messy_spans()) {
        let trace = Trace::assemble(&spans);
        let mut drawn: Vec<u32> = trace.nodes().filter_map(|node| node.input()).collect();
        drawn.sort_unstable();
        prop_assert_eq!(drawn, (0..spans.len() as u32).collect::<Vec<_>>());
        prop_assert_eq!(trace.node_count(), trace.span_count() + trace.missing_count());
        for node in trace.nodes() {
            let subtree = node.index()..node.index() + node.subtree_size();
            for other in trace.nodes() {
                let is_below = is_descendant(&trace, other.index(), node.index());
                prop_assert_eq!(subtree.contains(&other.index()), is_below || other.index() == node.index());
            }
            let children: Vec<u32> = node.children().map(|child| child.index()).collect();
            prop_assert_eq!(children.len(), node.child_count() as usize);
            let has_this_parent = |child: &u32| trace.node(*child).and_then(|child| child.parent()).map(|up| up.index());
            prop_assert!(children.iter().all(|child| has_this_parent(child) == Some(node.index())));
            if let (Some(at), Some(parent)) = (node.input(), node.parent()) {
                prop_assert_eq!(spans[at as usize].parent, Some(parent.span_id()));
            }
            if node.is_missing() {
                prop_assert!(node.child_count() > 0 && !spans.iter().any(|span| span.span_id == node.span_id()));
            }
        }
    }

    #[test]
    fn self_time_is_what_no_child_covers(spans in messy_spans()) {
        let trace = Trace::assemble(&spans);
        let input = |node: analysis::Node<'_>| node.input().map(|at| spans[at as usize]);
        for node in trace.nodes() {
            let Some(SpanInput { kind, .. }) = input(node) else {
                prop_assert_eq!(node.self_nanos(), 0);
                continue;
            };
            let (start, end) = (node.start_offset_nanos(), node.end_offset_nanos());
            // All times that matter lie in the first 100 ns; beyond, nothing begins or ends but for ever.
            let covered = |moment: i64| {
                node.children().any(|child| {
                    let is_async = (kind.name(), child.kind().name()) == ("producer", "consumer");
                    !is_async && child.start_offset_nanos() <= moment && moment < child.end_offset_nanos()
                })
            };
            let own: Vec<(i64, i64)> = node.self_intervals().collect();
            prop_assert!(own.iter().all(|&(from, to)| start <= from && from < to && to <= end));
            prop_assert!(own.windows(2).all(|pair| pair[0].1 < pair[1].0));
            for moment in start.max(-100)..end.min(100) {
                let is_own = own.iter().any(|&(from, to)| from <= moment && moment < to);
                prop_assert_eq!(is_own, !covered(moment), "{} at {}", node.index(), moment);
            }
        }
    }
}
