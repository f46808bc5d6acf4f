//! The shipped twelve items, found in every way there is.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use super::*;

fn index() -> Index {
    let items = include_str!("../../../../config/catalogue/items.json");
    let local = include_str!("../../../../config/catalogue/local.json");
    Index::new(&Catalog::load(items, local).unwrap().catalog)
}

fn first(index: &Index, query: &str) -> Option<(String, Why)> {
    index.find(query, 5).into_iter().next().map(|hit| (hit.item.0, hit.why))
}

#[test]
fn an_item_is_found_by_its_name_its_letters_its_sound_and_what_people_call_it() {
    let index = index();
    for (query, item) in [
        ("尊老金", "sample-03"),
        ("zunlaojin", "sample-03"),
        ("zunnaojing", "sample-03"),
        ("zlj", "sample-03"),
        ("ＺＬＪ", "sample-03"),
        ("低保", "sample-04"),
        ("地保", "sample-04"),
        ("我家没钱想吃低保怎么办", "sample-04"),
        ("dib", "sample-04"),
        ("yyzz", "sample-12"),
        ("开店", "sample-12"),
        ("准生证", "sample-10"),
        ("合作医疗", "sample-09"),
        ("老兵", "sample-11"),
    ] {
        assert_eq!(
            first(&index, query).map(|(id, _)| id).as_deref(),
            Some(item),
            "{query}: {:?}",
            index.find(query, 3)
        );
    }
}

#[test]
fn a_hit_says_what_found_it() {
    let index = index();
    assert_eq!(first(&index, "尊老金").unwrap().1, Why::Text);
    assert_eq!(first(&index, "zlj").unwrap().1, Why::Letters);
    assert_eq!(first(&index, "地保").unwrap().1, Why::Sound);
    let Why::Everyday { said, .. } = first(&index, "准生证").unwrap().1 else { panic!("an everyday word") };
    assert_eq!(said, "准生证");
}

#[test]
fn nothing_strange_finds_anything_and_nothing_long_takes_long() {
    let index = index();
    for query in ["", "   ", "？！。", "qqqq", "🙂", "xyzzy"] {
        assert_eq!(index.find(query, 5), [], "{query}");
    }
    assert!(index.find(&"低保".repeat(10_000), 5).len() <= 5);
    assert!(index.find(&"z".repeat(10_000), 5).len() <= 5);
}

#[test]
fn every_beginning_of_a_name_typed_on_a_pad_keeps_its_item_in_sight() {
    let index = index();
    let letters = "yanglaobaoxian";
    for end in 2..=letters.len() {
        let hits = index.find(&letters[..end], 5);
        assert!(hits.iter().any(|hit| hit.item.0 == "sample-01"), "{}: {hits:?}", &letters[..end]);
    }
}

#[test]
fn the_same_query_gives_the_same_hits() {
    assert_eq!(index().find("老人补贴", 5), index().find("老人补贴", 5));
}
