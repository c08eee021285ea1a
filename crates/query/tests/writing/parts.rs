//! Texts in parts.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use query::{Class, classify, parse};

/// The text, and below it a letter for each character.
fn check(texts: &[&str], expected: Expect) {
    let drawn = |text: &&str| {
        let mut letters = vec![' '; text.chars().count()];
        for (range, class) in classify(text) {
            letters[range].fill(match class {
                Class::Key => 'k',
                Class::Operator => 'o',
                Class::Keyword => 'w',
                Class::Text => 't',
                Class::Number => 'n',
                Class::Regex => 'r',
                Class::Wrong => '!',
            });
        }
        format!("{text}\n{}\n", letters.into_iter().collect::<String>().trim_end())
    };
    expected.assert_eq(&texts.iter().map(drawn).collect::<String>());
}

#[test]
fn parts() {
    check(
        &[
            "service = checkout and duration > 200ms",
            "name ~ \"GET /cart\" or not name !~ /^x/",
            "http.route in (a, 5, \"6\") timeout \"two words\"",
            "has(a.b) and count(error) > 3 and max(duration) >= 1.5s",
            "span.\"odd key\" = true and \"other\" = 1 error",
            "service = a > service = b >> error",
            "start > -15m and größe = größer",
            "duration > 200 and a = 1",
            "(a = 1",
            "name = \"open",
            "name ~ /open",
            "name ~ /a(b/",
            "name ~ /a/b and c",
            "and",
        ],
        expect![[r#"
            service = checkout and duration > 200ms
            kkkkkkk o tttttttt www kkkkkkkk o nnnnn
            name ~ "GET /cart" or not name !~ /^x/
            kkkk o ttttttttttt ww www kkkk oo rrrr
            http.route in (a, 5, "6") timeout "two words"
            kkkkkkkkkk ww oto no ttto ttttttt ttttttttttt
            has(a.b) and count(error) > 3 and max(duration) >= 1.5s
            wwwokkko www wwwwwokkkkko o n www wwwokkkkkkkko oo nnnn
            span."odd key" = true and "other" = 1 error
            kkkkkkkkkkkkkk o nnnn www kkkkkkk o n kkkkk
            service = a > service = b >> error
            kkkkkkk o t o kkkkkkk o t oo kkkkk
            start > -15m and größe = größer
            kkkkk o nnnn www kkkkk o tttttt
            duration > 200 and a = 1
            kkkkkkkk o !!! www k o n
            (a = 1
            !k o n
            name = "open
            kkkk o !tttt
            name ~ /open
            kkkk o !rrrr
            name ~ /a(b/
            kkkk o !!!!!
            name ~ /a/b and c
            kkkk o !!!!rrrrrr
            and
            !!!
        "#]],
    );
}

proptest! {
    #[test]
    fn parts_of_any_text(text in "([a-z]{1,5}|[=<>~!/()\"',.]|and|or|not| |-?[0-9]{1,3}(ms|KB)?|\\PC){0,24}") {
        let parts = classify(&text);
        let mut end = 0;
        for (range, _) in &parts {
            prop_assert!(end <= range.start && range.start < range.end, "{:?}", parts);
            end = range.end;
        }
        prop_assert!(end <= text.chars().count());
        let covered: usize = parts.iter().map(|(range, _)| range.len()).sum();
        prop_assert!(covered >= 1 || text.trim().is_empty());
        // What parses has nothing wrong in it.
        if parse(&text).query.is_some() {
            prop_assert!(parts.iter().all(|(_, class)| *class != Class::Wrong));
        }
    }
}
