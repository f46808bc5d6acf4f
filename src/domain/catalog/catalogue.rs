//! The loaded catalogue and the questions one asks of it.

use jiff::civil::Date;

use super::error::Warning;
use super::item::{AddressWords, Item, Level};
use super::region::Region;
use crate::domain::id::ItemId;
use crate::domain::text::Text;
use crate::ipc::{CanDo, Language, Tile};

/// Rows on one page of a list.
pub const LIST_PAGE: usize = 5;

/// Number of pages for so many items, at least one.
pub fn list_pages(items: usize) -> usize {
    items.div_ceil(LIST_PAGE).max(1)
}

/// A catalogue and the doubts found while it was loaded.
#[derive(Debug)]
pub struct Loaded {
    /// The catalogue.
    pub catalog: Catalog,
    /// The doubts, in the order of the items.
    pub warnings: Vec<Warning>,
}

/// The catalogue of one place at one version.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalog {
    pub(super) version: String,
    pub(super) source: Text,
    pub(super) taken_at: Date,
    pub(super) items: Vec<Item>,
    pub(super) themes: Vec<Theme>,
    pub(super) departments: Vec<Department>,
    pub(super) empty_department: Text,
    pub(super) notices: Vec<Notice>,
    pub(super) address: AddressWords,
    pub(super) town_code: String,
    pub(super) life_events: Vec<Theme>,
    pub(super) everyday: Vec<Everyday>,
    pub(super) editions: Vec<Edition>,
    pub(super) expired: Vec<Expired>,
}

/// Everyday words: how people say it, and the words of the catalogue that are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Everyday {
    /// How people say it.
    pub say: Vec<String>,
    /// Words of names.
    pub mean: Vec<String>,
}

/// One package that the catalogue was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Whose it is.
    pub region: Region,
    /// Its version.
    pub version: u64,
    /// Where it comes from.
    pub source: Text,
    /// The day it was made.
    pub made: Date,
    /// Days after which it is called old.
    pub fresh_days: u16,
    /// Digest of its manifest, hexadecimal.
    pub digest: String,
}

/// How old the content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// Days since the oldest part was made; 0 if that day is still to come.
    pub days: u32,
    /// Longer than its maker said it stays fresh.
    pub is_old: bool,
}

/// An item that is not shown because what it says about fees or times is past its day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// Which item.
    pub id: ItemId,
    /// Its everyday name.
    pub plain_name: Text,
    /// Its department.
    pub department: String,
    /// What is past.
    pub what: Past,
    /// The last day on which it was true.
    pub since: Date,
    /// Telephone for questions.
    pub phone: String,
}

/// What is past its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// The fees.
    Fee,
    /// The promised time.
    Promise,
}

/// A theme of the home screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Id.
    pub id: String,
    /// Icon name.
    pub icon: String,
    /// Title.
    pub title: Text,
    /// What is in it.
    pub summary: Text,
}

/// One of the eleven departments whose work is gathered in a centre.
#[derive(Debug, Clone, PartialEq)]
pub struct Department {
    /// Id.
    pub id: String,
    /// Icon name.
    pub icon: String,
    /// Name as in the founding document.
    pub name: Text,
    /// Who does it today.
    pub today: Text,
}

/// A local notice with its days.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Notice {
    pub from: Date,
    pub until: Date,
    pub text: Text,
}

/// Which centre a kiosk stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// A town centre (为民服务中心).
    Town {
        /// Statistical division code of the town.
        town: &'a str,
    },
    /// A village centre (便民服务中心).
    Village {
        /// Statistical division code of the town above it.
        town: &'a str,
        /// Statistical division code of the village.
        village: &'a str,
    },
}

/// How many items there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Items that can be applied for here.
    pub apply: usize,
    /// All items with a guide.
    pub all: usize,
}

impl Catalog {
    /// Keeps the items of a centre and of the levels above it.
    ///
    /// A town sees its own items and those of county, city, province and state offered in it; a village sees these and
    /// its own. Items of other towns and other villages are gone.
    #[must_use]
    pub fn for_centre(mut self, scope: Scope<'_>) -> Self {
        self.items.retain(|item| belongs(item, scope));
        self
    }

    /// Takes out the items whose fees or promised times are past their day: a wrong amount is worse than the way to the
    /// window. They stay to be found in [`Self::expired`].
    #[must_use]
    pub fn as_of(mut self, today: Date) -> Self {
        let past = |item: &Item| {
            let of = |what, until: Option<Date>| until.filter(|until| *until < today).map(|since| (what, since));
            of(Past::Fee, item.fee_until).or_else(|| of(Past::Promise, item.promise_until))
        };
        let expired = self.items.iter().filter_map(|item| {
            past(item).map(|(what, since)| Expired {
                id: item.id.clone(),
                plain_name: item.plain_name.clone(),
                department: item.department.clone(),
                what,
                since,
                phone: item.phone.clone(),
            })
        });
        self.expired = expired.collect();
        self.items.retain(|item| past(item).is_none());
        self
    }

    /// Items that were taken out because what they say is past its day.
    pub fn expired(&self) -> &[Expired] {
        &self.expired
    }

    /// How old the content is on a day. Files that are no package never say when they get old.
    pub fn age(&self, today: Date) -> Age {
        let days = |made: Date| u32::try_from((today - made).get_days()).unwrap_or(0);
        let is_old = self.editions.iter().any(|edition| days(edition.made) > u32::from(edition.fresh_days));
        Age { days: days(self.taken_at), is_old }
    }

    /// The packages it was made of, the highest level first.
    pub fn editions(&self) -> &[Edition] {
        &self.editions
    }

    /// Everyday words.
    pub fn everyday(&self) -> &[Everyday] {
        &self.everyday
    }

    /// All life events, in the order of the file.
    pub fn life_events(&self) -> &[Theme] {
        &self.life_events
    }

    /// Items of a life event.
    pub fn items_of_life_event(&self, id: &str) -> Vec<&Item> {
        self.items.iter().filter(|item| item.life_events.iter().any(|event| event == id)).collect()
    }

    /// All items in the order of the file.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// One item.
    pub fn item(&self, id: &ItemId) -> Option<&Item> {
        self.items.iter().find(|item| item.id == *id)
    }

    /// What can be done here with an item.
    pub fn can(&self, id: &ItemId) -> Option<CanDo> {
        self.item(id).map(|item| item.can)
    }

    /// How many items there are.
    pub fn counts(&self) -> Counts {
        let apply = self.items.iter().filter(|item| item.can == CanDo::Apply).count();
        Counts { apply, all: self.items.len() }
    }

    /// Tiles of the themes that hold at least one item, in the order of the file.
    pub fn themes(&self, language: Language) -> Vec<Tile> {
        self.themes
            .iter()
            .map(|theme| Tile {
                id: theme.id.clone(),
                title: theme.title.get(language).to_owned(),
                summary: theme.summary.get(language).to_owned(),
                count: self.items_of_theme(&theme.id).len(),
                icon: theme.icon.clone(),
            })
            .filter(|tile| tile.count > 0)
            .collect()
    }

    /// A theme by its id.
    pub fn theme(&self, id: &str) -> Option<&Theme> {
        self.themes.iter().find(|theme| theme.id == id)
    }

    /// Items of a theme.
    pub fn items_of_theme(&self, id: &str) -> Vec<&Item> {
        self.items.iter().filter(|item| item.themes.iter().any(|theme| theme == id)).collect()
    }

    /// Tiles of all departments, with and without items: the list of eleven is fixed.
    /// The summary is today's name, or for a department without items the word where to go.
    pub fn departments(&self, language: Language) -> Vec<Tile> {
        self.departments
            .iter()
            .map(|department| {
                let count = self.items_of_department(&department.id).len();
                let summary = if count == 0 { &self.empty_department } else { &department.today };
                Tile {
                    id: department.id.clone(),
                    title: department.name.get(language).to_owned(),
                    summary: summary.get(language).to_owned(),
                    count,
                    icon: department.icon.clone(),
                }
            })
            .collect()
    }

    /// A department by its id.
    pub fn department(&self, id: &str) -> Option<&Department> {
        self.departments.iter().find(|department| department.id == id)
    }

    /// Items of a department.
    pub fn items_of_department(&self, id: &str) -> Vec<&Item> {
        self.items.iter().filter(|item| item.department == id).collect()
    }

    /// Local notices in force on a day, first and last day included.
    pub fn notices(&self, day: Date, language: Language) -> Vec<String> {
        self.notices
            .iter()
            .filter(|notice| notice.from <= day && day <= notice.until)
            .map(|notice| notice.text.get(language).to_owned())
            .collect()
    }

    /// Version of the local file, which names the whole package.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where the content comes from.
    pub fn source(&self, language: Language) -> &str {
        self.source.get(language)
    }

    /// The day of the copy.
    pub fn taken_at(&self) -> Date {
        self.taken_at
    }

    /// Code of the town that the local file was made for.
    pub fn town_code(&self) -> &str {
        &self.town_code
    }

    /// At least one item is a sample.
    pub fn is_sample(&self) -> bool {
        self.items.iter().any(|item| item.sample)
    }

    /// What is needed to ask for an address.
    pub fn address(&self) -> &AddressWords {
        &self.address
    }
}

fn belongs(item: &Item, scope: Scope<'_>) -> bool {
    let (own_town, own_village) = match scope {
        Scope::Town { town } => (town, None),
        Scope::Village { town, village } => (town, Some(village)),
    };
    let town_fits = item.town.as_deref().is_none_or(|code| code == own_town);
    let village_fits = match item.level {
        Level::Village => own_village.is_some() && item.village.as_deref() == own_village,
        Level::Unknown | Level::State | Level::Province | Level::City | Level::County | Level::Town => true,
    };
    town_fits && village_fits
}
