//! Which of two versions is the newer one, by the rules of Semantic Versioning, which are RAUC's own.
//!
//! Numbers count as numbers (`0.10` is newer than `0.9`), a version with a tail after `-` is older than the same one
//! without it, and what follows `+` does not count. Missing numbers are zero.

use std::cmp::Ordering;

/// Compares two versions. `None`: one of them is no version.
pub fn compare(one: &str, other: &str) -> Option<Ordering> {
    let (one, other) = (parts(one)?, parts(other)?);
    Some(one.0.cmp(&other.0).then_with(|| tails(one.1, other.1)))
}

fn parts(version: &str) -> Option<([u64; 3], Option<&str>)> {
    let version = version.trim().split('+').next().unwrap_or_default();
    let (numbers, tail) = match version.split_once('-') {
        Some((numbers, tail)) => (numbers, Some(tail)),
        None => (version, None),
    };
    let mut found = [0; 3];
    let mut words = numbers.split('.');
    for (place, word) in found.iter_mut().zip(&mut words) {
        *place = word.parse().ok()?;
    }
    words.next().is_none().then_some((found, tail))
}

/// A release is newer than everything that leads up to it.
fn tails(one: Option<&str>, other: Option<&str>) -> Ordering {
    match (one, other) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(one), Some(other)) => words(one, other),
    }
}

fn words(one: &str, other: &str) -> Ordering {
    let mut others = other.split('.');
    for word in one.split('.') {
        let Some(other) = others.next() else { return Ordering::Greater };
        let order = match (word.parse::<u64>(), other.parse::<u64>()) {
            (Ok(word), Ok(other)) => word.cmp(&other),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => word.cmp(other),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    if others.next().is_some() { Ordering::Less } else { Ordering::Equal }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_numbers_and_releases_come_last() {
        let ordered =
            ["0.1.0", "0.9", "0.10.0-alpha", "0.10.0-alpha.2", "0.10.0-alpha.10", "0.10.0-beta", "0.10.0", "1"];
        for (at, one) in ordered.iter().enumerate() {
            for (other_at, other) in ordered.iter().enumerate() {
                assert_eq!(compare(one, other), Some(at.cmp(&other_at)), "{one} and {other}");
            }
        }
        assert_eq!(compare("1.2.0", "1.2.0+build.7"), Some(Ordering::Equal));
    }

    #[test]
    fn what_is_no_version_is_not_compared() {
        for nonsense in ["", "latest", "1.2.3.4", "1..2", "v1.0"] {
            assert_eq!(compare(nonsense, "1.0.0"), None, "{nonsense}");
        }
    }
}
