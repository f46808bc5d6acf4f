//! Places to choose from by tapping: city, county, town, and the centre of the town or of one of its villages.
//!
//! The list comes with the program's files or with the county's answer; it is data. What is chosen from it becomes a
//! [`Place`](crate::domain::place::Place) only if names, codes and level fit together, so that a wrong list cannot give a
//! wrong name. Left out: typing. A place that no list has comes with the county's answer to the enrolment.

use serde::{Deserialize, Serialize};

use crate::domain::place::{CentreLevel, CountyKind, PlaceError, PlaceParts, Village};
use crate::domain::text::Text;
use crate::ipc::SetupLevel;

/// The whole list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceList {
    /// Cities.
    pub cities: Vec<ListedCity>,
}

/// A city.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedCity {
    /// Its name.
    pub name: Text,
    /// Its counties.
    pub counties: Vec<ListedCounty>,
}

/// A county, district, county-level city or zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedCounty {
    /// Its name.
    pub name: Text,
    /// Its code, six digits.
    pub code: String,
    /// What it is.
    pub kind: CountyKind,
    /// Its towns.
    pub towns: Vec<ListedTown>,
}

/// A town, township or street.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedTown {
    /// Its name.
    pub name: Text,
    /// Its code, nine digits.
    pub code: String,
    /// What it is; never a level below a town.
    pub level: CentreLevel,
    /// Its villages and communities with a centre of their own.
    #[serde(default)]
    pub villages: Vec<ListedVillage>,
}

/// A village or community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedVillage {
    /// Its name.
    pub name: Text,
    /// Its code, twelve digits.
    pub code: String,
    /// What it is; always a level below a town.
    pub level: CentreLevel,
}

/// How far somebody has come in the list: an index for each level chosen, from the city down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chosen(Vec<usize>);

impl Chosen {
    /// The level to be chosen next; `None` when all four are.
    pub fn level(&self) -> Option<SetupLevel> {
        match self.0.len() {
            0 => Some(SetupLevel::City),
            1 => Some(SetupLevel::County),
            2 => Some(SetupLevel::Town),
            3 => Some(SetupLevel::Centre),
            _ => None,
        }
    }
}

impl PlaceList {
    /// Names on the next level, in the order of the list. On the last level the town's own centre is first.
    pub fn names(&self, chosen: &Chosen) -> Vec<&Text> {
        match chosen.0.as_slice() {
            [] => self.cities.iter().map(|city| &city.name).collect(),
            [city] => self.city(*city).map_or(Vec::new(), |city| city.counties.iter().map(|c| &c.name).collect()),
            [city, county] => {
                self.county(*city, *county).map_or(Vec::new(), |county| county.towns.iter().map(|t| &t.name).collect())
            }
            [city, county, town] => self.town(*city, *county, *town).map_or(Vec::new(), |town| {
                std::iter::once(&town.name).chain(town.villages.iter().map(|village| &village.name)).collect()
            }),
            _ => Vec::new(),
        }
    }

    /// Names of what was chosen, from the city down.
    pub fn path(&self, chosen: &Chosen) -> Vec<&Text> {
        (0..chosen.0.len())
            .filter_map(|depth| {
                let above = Chosen(chosen.0.get(..depth)?.to_vec());
                self.names(&above).get(*chosen.0.get(depth)?).copied()
            })
            .collect()
    }

    /// Chooses one name of the next level, and goes on by itself where there is only one.
    pub fn choose(&self, chosen: &Chosen, index: usize) -> Option<Chosen> {
        if index >= self.names(chosen).len() {
            return None;
        }
        let mut next = chosen.clone();
        next.0.push(index);
        Some(self.skip(next))
    }

    /// Goes on where there is only one name: a choice of one is no choice.
    pub fn skip(&self, mut chosen: Chosen) -> Chosen {
        while chosen.level().is_some() && self.names(&chosen).len() == 1 {
            chosen.0.push(0);
        }
        chosen
    }

    /// Back to the last level with more than one name; `None` if there is none above.
    pub fn back(&self, chosen: &Chosen) -> Option<Chosen> {
        let mut above = chosen.clone();
        while above.0.pop().is_some() {
            if self.names(&above).len() > 1 {
                return Some(above);
            }
        }
        None
    }

    /// The place, once all four levels are chosen.
    ///
    /// # Errors
    /// The list contradicts itself: names, codes and level do not fit together.
    pub fn place(&self, chosen: &Chosen) -> Option<Result<crate::domain::place::Place, PlaceError>> {
        let [city, county, town, centre] = chosen.0.as_slice() else { return None };
        let (city_entry, county_entry) = (self.city(*city)?, self.county(*city, *county)?);
        let town_entry = self.town(*city, *county, *town)?;
        let village = match centre.checked_sub(1) {
            None => None,
            Some(index) => Some(town_entry.villages.get(index)?),
        };
        let parts = PlaceParts {
            city: city_entry.name.clone(),
            county: county_entry.name.clone(),
            county_code: county_entry.code.clone(),
            kind: county_entry.kind,
            town: town_entry.name.clone(),
            town_code: town_entry.code.clone(),
            level: village.map_or(town_entry.level, |village| village.level),
            village: village.map(|village| Village { name: village.name.clone(), code: village.code.clone() }),
        };
        Some(crate::domain::place::Place::new(parts))
    }

    fn city(&self, city: usize) -> Option<&ListedCity> {
        self.cities.get(city)
    }

    fn county(&self, city: usize, county: usize) -> Option<&ListedCounty> {
        self.city(city)?.counties.get(county)
    }

    fn town(&self, city: usize, county: usize, town: usize) -> Option<&ListedTown> {
        self.county(city, county)?.towns.get(town)
    }
}
