//! The check before a form: may this person apply at all? Rules are data of the item.

use jiff::civil::Date;
use kiosk_hal::model::{CardDate, IdCard};

use super::item::Item;

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ineligible {
    /// The age in years from which it can be applied for.
    pub min_age: u8,
}

/// Compares the item's rules with the card. A fact the card does not tell is no reason to refuse: the window sees to it.
///
/// # Errors
/// [`Ineligible`] if the holder is too young on `today`.
pub fn eligible(item: &Item, card: &IdCard, today: Date) -> Result<(), Ineligible> {
    let (Some(min_age), Some(birth)) = (item.min_age, card.birth) else {
        return Ok(());
    };
    if age_on(birth, today) < i32::from(min_age) {
        return Err(Ineligible { min_age });
    }
    Ok(())
}

/// Age in full years on a day; who is born on 29 February is a year older on 1 March of other years.
pub fn age_on(birth: CardDate, today: Date) -> i32 {
    let years = i32::from(today.year()) - i32::from(birth.year);
    let had_birthday = (today.month().unsigned_abs(), today.day().unsigned_abs()) >= (birth.month, birth.day);
    years - i32::from(!had_birthday)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_person_is_a_year_older_on_the_birthday_and_not_a_day_before() {
        let birth = CardDate::parse("19461124").expect("a day");
        assert_eq!(age_on(birth, date(2026, 11, 23)), 79);
        assert_eq!(age_on(birth, date(2026, 11, 24)), 80);
    }

    #[test]
    fn a_leap_day_child_is_older_on_the_first_of_march() {
        let birth = CardDate::parse("19480229").expect("a day");
        assert_eq!(age_on(birth, date(2027, 2, 28)), 78);
        assert_eq!(age_on(birth, date(2027, 3, 1)), 79);
        assert_eq!(age_on(birth, date(2028, 2, 29)), 80);
    }
}
