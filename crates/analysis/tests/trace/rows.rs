use analysis::{Rows, Trace};
use expect_test::expect;
use proptest::prelude::*;

use crate::support::{Named, messy_spans};

const ART: &str = "
    root    [------------------]   id=1
      a       [------]             id=2
        a1     [-]                 id=3
          a11  []                  id=4
        a2        [-]              id=5
      b                [---]       id=6
        b1              [-]        id=7
    other         [-]              id=8
";

fn shown(named: &Named, rows: &Rows) -> String {
    let name = |&node: &u32| {
        let name = named.trace.node(node).map(|node| named.name(node)).unwrap_or_default();
        let hidden = rows.hidden_count(node);
        if hidden > 0 { format!("{name}+{hidden}") } else { name }
    };
    rows.window(0, u32::MAX).iter().map(name).collect::<Vec<_>>().join(" ")
}

#[test]
fn rows_fold_and_unfold() {
    let named = Named::drawn(ART);
    let index = |name: &str| named.node(name).index();
    let mut rows = Rows::new(&named.trace);
    let mut story = String::new();
    let mut tell = |what: &str, rows: &Rows| story += &format!("{what:14} {}\n", shown(&named, rows));
    tell("new", &rows);
    rows.toggle(index("a"));
    tell("toggle a", &rows);
    rows.collapse(index("root"));
    tell("collapse root", &rows);
    rows.expand(index("root"));
    tell("expand root", &rows);
    rows.to_depth(2);
    tell("to depth 2", &rows);
    rows.expand(index("a"));
    tell("expand a", &rows);
    rows.expand_below(index("a"));
    tell("expand below a", &rows);
    rows.to_depth(1);
    tell("to depth 1", &rows);
    assert_eq!(rows.row_of(index("a11")), None);
    assert_eq!(rows.reveal(index("a11")), Some(3));
    tell("reveal a11", &rows);
    rows.collapse(index("a11"));
    rows.toggle(99);
    rows.expand_below(99);
    assert_eq!((rows.reveal(99), rows.node_at(99), rows.window(99, 1)), (None, None, [].as_slice()));
    tell("a leaf, nobody", &rows);
    rows.expand_all();
    tell("expand all", &rows);
    expect![[r#"
        new            root a a1 a11 a2 b b1 other
        toggle a       root a+3 b b1 other
        collapse root  root+6 other
        expand root    root a+3 b b1 other
        to depth 2     root a+3 b+1 other
        expand a       root a a1+1 a2 b+1 other
        expand below a root a a1 a11 a2 b+1 other
        to depth 1     root+6 other
        reveal a11     root a a1 a11 a2 b+1 other
        a leaf, nobody root a a1 a11 a2 b+1 other
        expand all     root a a1 a11 a2 b b1 other
    "#]]
    .assert_eq(&story);
}

#[test]
fn folds_survive_when_spans_arrive() {
    // First without `root` and `b1`; `a` is folded, and so is the place of the missing `root`.
    let early: String = ART
        .lines()
        .filter(|line| !line.contains("id=1") && !line.contains("id=7"))
        .map(|line| {
            let parent = if line.contains("id=2") || line.contains("id=6") { " parent=1\n" } else { "\n" };
            format!("{line}{parent}")
        })
        .collect();
    let (early, late) = (Named::drawn(&early), Named::drawn(ART));
    let mut rows = Rows::new(&early.trace);
    rows.collapse(early.node("a").index());
    assert_eq!(shown(&early, &rows), "(1) a+3 b other");
    assert_eq!(shown(&late, &rows.carry_over(&early.trace, &late.trace)), "root a+3 b b1 other");
    rows.collapse(early.node("(1)").index());
    assert_eq!(shown(&late, &rows.carry_over(&early.trace, &late.trace)), "root+6 other");
}

proptest! {
    #[test]
    fn a_row_is_visible_unless_an_ancestor_is_folded(
        spans in messy_spans(),
        changes in prop::collection::vec((0_u8..6, 0_u32..40), 0..12),
    ) {
        let trace = Trace::assemble(&spans);
        let mut rows = Rows::new(&trace);
        for (change, node) in changes {
            match change {
                0 => rows.toggle(node),
                1 => rows.collapse(node),
                2 => rows.expand(node),
                3 => rows.expand_below(node),
                4 => rows.to_depth(node % 5),
                _ => prop_assert_eq!(rows.reveal(node).is_some(), node < trace.node_count()),
            }
            let is_shown = |node: analysis::Node<'_>| {
                std::iter::successors(node.parent(), |up| up.parent()).all(|up| rows.is_expanded(up.index()))
            };
            let visible: Vec<u32> = trace.nodes().filter(|&node| is_shown(node)).map(|node| node.index()).collect();
            prop_assert_eq!(rows.window(0, u32::MAX), visible.as_slice());
            for (row, &node) in visible.iter().enumerate() {
                prop_assert_eq!((rows.row_of(node), rows.node_at(row as u32)), (Some(row as u32), Some(node)));
            }
            let carried = rows.carry_over(&trace, &trace);
            prop_assert_eq!(carried.window(0, u32::MAX), rows.window(0, u32::MAX));
        }
    }
}
