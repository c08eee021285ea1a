//! What a trace has to have before it is read.

use expect_test::expect;
use query::Tree;

use crate::traces::compiled;

#[test]
fn what_a_trace_needs() {
    let needs = |text: &&str| {
        let compiled = compiled(text);
        let name = |number: usize| {
            let subject = format!("{:?}", compiled.conditions()[number].subject);
            subject.split('"').nth(1).map_or(subject.clone(), str::to_owned)
        };
        let needs: Vec<String> = compiled.needs().iter().map(|tree| drawn(tree, &name)).collect();
        let of_trace = drawn(&compiled.needs_of_trace(), &name);
        let alone = if compiled.is_of_span() { ", and a span alone decides" } else { "" };
        format!("{text}: [{}] {of_trace}{alone}\n", needs.join("; "))
    };
    let texts = [
        "",
        "a = 1 and not b = 2",
        "a = 1 >> b = 2 > c = 3",
        "x = 1 (a = 1 >> b = 2)",
        "not a = 1 >> b = 2",
        "not (x = 1 and a = 1 >> b = 2)",
        "count(a = 1) > 0 or b = 1",
        "count(a = 1) = 0",
        "not count(a = 1) = 0",
        "not count(a = 1) > 0",
        "count(a = 1 >> b = 1) >= 2 and c = 1",
        "max(a) > 3 and min(duration) < 4s",
        "root.a = 1 and b = 1",
        "root.a = 1 >> b = 1",
        "not root.a = 1",
        "self_time > 3s",
        "not self_time > 3s or a = 1",
        "has(a)",
    ];
    expect![[r#"
        : [] everything, and a span alone decides
        a = 1 and not b = 2: [(a and not b)] everything, and a span alone decides
        a = 1 >> b = 2 > c = 3: [c; a; b] everything
        x = 1 (a = 1 >> b = 2): [(x and b); a; b] everything
        not a = 1 >> b = 2: [] everything
        not (x = 1 and a = 1 >> b = 2): [] everything
        count(a = 1) > 0 or b = 1: [(a or b)] everything
        count(a = 1) = 0: [] everything
        not count(a = 1) = 0: [a] everything
        not count(a = 1) > 0: [] everything
        count(a = 1 >> b = 1) >= 2 and c = 1: [c; b; a] everything
        max(a) > 3 and min(duration) < 4s: [a] everything
        root.a = 1 and b = 1: [b] a
        root.a = 1 >> b = 1: [b] a
        not root.a = 1: [] not a
        self_time > 3s: [Intrinsic(Duration)] everything
        not self_time > 3s or a = 1: [] everything
        has(a): [(a or Intrinsic(EventName))] everything, and a span alone decides
    "#]]
    .assert_eq(&texts.iter().map(needs).collect::<String>());
}

fn drawn(tree: &Tree, name: &dyn Fn(usize) -> String) -> String {
    let joined = |trees: &[Tree], between: &str| {
        let trees: Vec<String> = trees.iter().map(|tree| drawn(tree, name)).collect();
        format!("({})", trees.join(between))
    };
    match tree {
        Tree::Everything => "everything".to_owned(),
        Tree::Nothing => "nothing".to_owned(),
        Tree::And(all) => joined(all, " and "),
        Tree::Or(any) => joined(any, " or "),
        Tree::Not(tree) => format!("not {}", drawn(tree, name)),
        Tree::Condition(number) => name(*number),
        Tree::Related(_) | Tree::Aggregate(_) => panic!("no need looks at other spans"),
    }
}
