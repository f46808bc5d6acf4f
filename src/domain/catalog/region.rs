//! Which place content belongs to, and which places lie above a centre.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::item::Level;
use crate::domain::place::Place;

/// A level that publishes content: city (市), county (县, also a development zone), town (镇、街道), village (村、社区).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// 市.
    City,
    /// 县, 区, 县级市, 开发区.
    County,
    /// 镇, 乡, 街道.
    Town,
    /// 村, 社区.
    Village,
}

impl Tier {
    /// Its word in files and messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::County => "county",
            Self::Town => "town",
            Self::Village => "village",
        }
    }

    /// Digits of its code: division codes of the statistical office.
    const fn digits(self) -> usize {
        match self {
            Self::City => 4,
            Self::County => 6,
            Self::Town => 9,
            Self::Village => 12,
        }
    }
}

impl From<Tier> for Level {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::City => Self::City,
            Tier::County => Self::County,
            Tier::Town => Self::Town,
            Tier::Village => Self::Village,
        }
    }
}

/// A place that publishes content: its level and its code, which fit together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region {
    level: Tier,
    code: String,
}

impl Region {
    /// Takes the code of a place: four digits for a city, six for a county, nine for a town, twelve for a village.
    pub fn new(code: &str) -> Option<Self> {
        let level = [Tier::City, Tier::County, Tier::Town, Tier::Village]
            .into_iter()
            .find(|level| code.len() == level.digits() && code.bytes().all(|b| b.is_ascii_digit()))?;
        Some(Self { level, code: code.to_owned() })
    }

    /// Its level.
    pub fn level(&self) -> Tier {
        self.level
    }

    /// Its code.
    pub fn code(&self) -> &str {
        &self.code
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.level.word(), self.code)
    }
}

impl TryFrom<String> for Region {
    type Error = String;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::new(&code).ok_or_else(|| format!("{code:?} is no code of a city, county, town or village"))
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.code
    }
}

/// The centre that a machine stands in, as far as content goes: itself and the places above it, the highest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Centre(Vec<Region>);

impl Centre {
    /// The centre of a place. Its city has the first four digits of its county, zones as well.
    pub fn of(place: &Place) -> Self {
        let parts = place.parts();
        let city = parts.county_code.get(..4).unwrap_or_default();
        let village = parts.village.as_ref().map(|village| village.code.as_str());
        let codes = [Some(city), Some(parts.county_code.as_str()), Some(parts.town_code.as_str()), village];
        Self(codes.into_iter().flatten().filter_map(Region::new).collect())
    }

    /// A centre by the code of its place, where no configuration says what lies above it: the office's desk.
    pub fn by_code(region: &Region) -> Self {
        let above = |tier: Tier| region.code.get(..tier.digits()).and_then(Region::new);
        let tiers = [Tier::City, Tier::County, Tier::Town, Tier::Village];
        Self(tiers.into_iter().filter(|tier| *tier <= region.level).filter_map(above).collect())
    }

    /// Whether content of this place is shown at this centre.
    pub fn belongs_to(&self, region: &Region) -> bool {
        self.0.contains(region)
    }

    /// Whether the place with this code may sign content of that place: itself and what lies above it here.
    pub fn may_sign(&self, signer: &str, region: &Region) -> bool {
        // For a place elsewhere its own code says what lies above it: the refusal is then about the place, not the key.
        let here = self.0.iter().any(|place| place.code == signer && place.level <= region.level);
        if self.belongs_to(region) { here } else { region.code.starts_with(signer) }
    }

    /// Twelve digits of the town, as items name it.
    pub fn town(&self) -> Option<String> {
        self.0.iter().find(|place| place.level == Tier::Town).map(|place| format!("{:0<12}", place.code))
    }

    /// Twelve digits of the village.
    pub fn village(&self) -> Option<&str> {
        self.0.iter().find(|place| place.level == Tier::Village).map(|place| place.code.as_str())
    }
}
