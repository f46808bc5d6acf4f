//! Rows of lists, changed in place: a row that stays the same is not drawn again.

use std::rc::Rc;

use slint::{Model, ModelRc, SharedString, VecModel};

/// A list on the screen, kept for the life of the window.
pub struct Rows<T: Clone + 'static>(Rc<VecModel<T>>);

impl<T: Clone + PartialEq + 'static> Rows<T> {
    /// An empty list.
    pub fn new() -> Self {
        Self(Rc::new(VecModel::default()))
    }

    /// What the adapter is given, once.
    pub fn model(&self) -> ModelRc<T> {
        self.0.clone().into()
    }

    /// Makes the list hold exactly `rows`; touches only what differs.
    pub fn put(&self, rows: impl IntoIterator<Item = T>) {
        let mut count = 0;
        for row in rows {
            match self.0.row_data(count) {
                None => self.0.push(row),
                Some(old) if old != row => self.0.set_row_data(count, row),
                Some(_) => {}
            }
            count += 1;
        }
        while self.0.row_count() > count {
            self.0.remove(self.0.row_count() - 1);
        }
    }
}

impl Rows<SharedString> {
    /// [`put`](Self::put) for plain texts.
    pub fn put_texts(&self, texts: &[String]) {
        self.put(texts.iter().map(SharedString::from));
    }
}

/// A count for a property; counts on a screen are small.
pub fn int(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_grows_and_shrinks_holds_exactly_the_new_rows() {
        let rows: Rows<i32> = Rows::new();
        for wanted in [vec![1, 2, 3], vec![1], vec![], vec![4, 5]] {
            rows.put(wanted.clone());
            assert_eq!(rows.model().iter().collect::<Vec<_>>(), wanted);
        }
    }
}
