//! Where a terminal stands, and what its centre is called.
//!
//! The name of a centre is not free text. A town or a street has a 为民服务中心, a village or a community has a
//! 便民服务中心 (苏发〔2017〕14号); the name is built here from the level and the names of the places, so that a wrong
//! pair cannot exist on a screen or a slip. County level means counties, districts, county-level cities and the
//! development zones alike. Left out: who may manage which level, which is the business of the fleet's roles.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::Text;

/// Number of a terminal in its county: one capital letter and three digits, such as `K032`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KioskCode(String);

impl KioskCode {
    /// Takes one capital letter and three digits; nothing else.
    pub fn new(code: &str) -> Result<Self, PlaceError> {
        let shape = matches!(code.as_bytes(), [b'A'..=b'Z', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9']);
        if shape { Ok(Self(code.to_owned())) } else { Err(PlaceError::KioskCode) }
    }

    /// As it is printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KioskCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for KioskCode {
    type Error = PlaceError;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::new(&code)
    }
}

impl From<KioskCode> for String {
    fn from(code: KioskCode) -> Self {
        code.0
    }
}

/// What the county level is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CountyKind {
    /// 县.
    County,
    /// 市辖区.
    District,
    /// 县级市.
    City,
    /// 开发区, 产业园区, 示范区: a zone that counts as a county.
    Zone,
}

impl CountyKind {
    /// Endings that a name of this kind has.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::County => &["县"],
            Self::District => &["区"],
            Self::City => &["市"],
            Self::Zone => &["开发区", "园区", "示范区", "新区"],
        }
    }
}

/// The level the centre belongs to; it decides the name of the centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CentreLevel {
    /// 镇.
    Town,
    /// 乡.
    Township,
    /// 街道.
    Street,
    /// 村.
    Village,
    /// 社区.
    Community,
}

impl CentreLevel {
    /// Endings that a name of this level has.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Town => &["镇"],
            Self::Township => &["乡"],
            Self::Street => &["街道"],
            Self::Village => &["村"],
            Self::Community => &["社区", "居"],
        }
    }

    /// Village and community lie below a town.
    pub const fn is_below_town(self) -> bool {
        match self {
            Self::Town | Self::Township | Self::Street => false,
            Self::Village | Self::Community => true,
        }
    }

    /// The Chinese name of the centre's kind.
    pub const fn suffix_zh(self) -> &'static str {
        if self.is_below_town() { "便民服务中心" } else { "为民服务中心" }
    }

    /// The English name of the centre's kind.
    const fn suffix_en(self) -> &'static str {
        if self.is_below_town() { "Local Service Centre" } else { "Public Service Centre" }
    }
}

/// A village or community below a town.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Village {
    /// Its name.
    pub name: Text,
    /// Statistical code, twelve digits; opaque.
    pub code: String,
}

/// The names and codes a place is built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceParts {
    /// City.
    pub city: Text,
    /// County, district, county-level city or zone.
    pub county: Text,
    /// Its code, six digits.
    pub county_code: String,
    /// What it is.
    pub kind: CountyKind,
    /// Town, township or street.
    pub town: Text,
    /// Its code, nine digits.
    pub town_code: String,
    /// Level of the centre.
    pub level: CentreLevel,
    /// The village or community, for a centre of that level.
    pub village: Option<Village>,
}

/// Where a terminal stands: the four levels city, county, town, village. Only consistent places exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(PlaceParts);

impl Place {
    /// Checks that names, codes and level fit together.
    pub fn new(parts: PlaceParts) -> Result<Self, PlaceError> {
        let PlaceParts { city, county, county_code, kind, town, town_code, level, village } = &parts;
        named(&city.zh, &["市"], PlacePart::City)?;
        named(&county.zh, kind.endings(), PlacePart::County)?;
        coded(county_code, 6, PlacePart::County)?;
        let town_endings = if level.is_below_town() { &["镇", "乡", "街道"] } else { level.endings() };
        named(&town.zh, town_endings, PlacePart::Town)?;
        coded(town_code, 9, PlacePart::Town)?;
        match kind {
            CountyKind::County | CountyKind::District | CountyKind::City => {
                within(town_code, county_code, PlacePart::Town)?;
            }
            // The towns of a zone keep the codes of the county they lie in.
            CountyKind::Zone => {}
        }
        match (village, level.is_below_town()) {
            (Some(village), true) => {
                named(&village.name.zh, level.endings(), PlacePart::Village)?;
                coded(&village.code, 12, PlacePart::Village)?;
                within(&village.code, town_code, PlacePart::Village)?;
            }
            (None, true) => return Err(PlaceError::VillageMissing),
            (Some(_), false) => return Err(PlaceError::VillageTooMuch),
            (None, false) => {}
        }
        Ok(Self(parts))
    }

    /// Code of the place of the centre: the village's twelve digits, or the town's nine.
    pub fn code(&self) -> &str {
        self.0.village.as_ref().map_or(&self.0.town_code, |village| &village.code)
    }

    /// The parts it is built from.
    pub fn parts(&self) -> &PlaceParts {
        &self.0
    }

    /// Level of the centre.
    pub fn level(&self) -> CentreLevel {
        self.0.level
    }

    /// Full name of the centre, from the county down, for the frame of a screen and the head of a slip.
    pub fn centre_name(&self) -> Text {
        let local = self.centre_short_name();
        Text {
            zh: format!("{}{}", self.0.county.zh, self.chain_zh()) + self.0.level.suffix_zh(),
            en: joined_en(&[&local.en, &self.0.county.en]),
        }
    }

    /// Name of the centre without the county, where the width is small.
    pub fn centre_short_name(&self) -> Text {
        let own = self.0.village.as_ref().map_or(&self.0.town, |v| &v.name);
        let centre = if own.en.is_empty() { String::new() } else { format!("{} {}", own.en, self.0.level.suffix_en()) };
        let en = if self.0.village.is_some() { joined_en(&[&centre, &self.0.town.en]) } else { centre };
        Text { zh: self.chain_zh() + self.0.level.suffix_zh(), en }
    }

    fn chain_zh(&self) -> String {
        let village = self.0.village.as_ref().map_or("", |v| v.name.zh.as_str());
        format!("{}{village}", self.0.town.zh)
    }
}

/// Parts with a comma between; empty as a whole if one is missing, so that the Chinese name is shown instead.
fn joined_en(parts: &[&str]) -> String {
    if parts.iter().any(|part| part.is_empty()) { String::new() } else { parts.join(", ") }
}

/// One of the four levels, in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlacePart {
    /// City.
    City,
    /// County level.
    County,
    /// Town level.
    Town,
    /// Village level.
    Village,
}

impl fmt::Display for PlacePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::City => "city",
            Self::County => "county",
            Self::Town => "town",
            Self::Village => "village",
        })
    }
}

/// Why a place or a kiosk code does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Wrong shape of a kiosk code.
    #[error("a kiosk code is one capital letter and three digits, such as K032")]
    KioskCode,
    /// No name.
    #[error("the name of the {0} is missing")]
    NameMissing(PlacePart),
    /// The name holds what the rule adds.
    #[error("the name of the {0} must not hold 服务中心; the name of the centre is built from the level")]
    NameHoldsCentre(PlacePart),
    /// The name and the level contradict each other.
    #[error("the name of the {part} does not fit its level: it must end with {}", .endings.join(" or "))]
    NameAgainstLevel {
        /// Which name.
        part: PlacePart,
        /// What it may end with.
        endings: &'static [&'static str],
    },
    /// Wrong shape of a code.
    #[error("the code of the {part} must have {digits} digits")]
    Code {
        /// Which code.
        part: PlacePart,
        /// How many digits.
        digits: usize,
    },
    /// A code that lies elsewhere.
    #[error("the code of the {0} does not begin with the code of the level above")]
    CodeElsewhere(PlacePart),
    /// A village centre without a village.
    #[error("a centre of a village or community needs the village's name and code")]
    VillageMissing,
    /// A town centre with a village.
    #[error("a centre of a town or street must not name a village")]
    VillageTooMuch,
}

impl PlaceError {
    /// The level that is wrong, if the error is about one.
    pub const fn part(&self) -> Option<PlacePart> {
        match self {
            Self::KioskCode => None,
            Self::NameMissing(part) | Self::NameHoldsCentre(part) | Self::CodeElsewhere(part) => Some(*part),
            Self::NameAgainstLevel { part, .. } | Self::Code { part, .. } => Some(*part),
            Self::VillageMissing | Self::VillageTooMuch => Some(PlacePart::Village),
        }
    }

    /// The error is about a code rather than a name.
    pub const fn is_about_code(&self) -> bool {
        match self {
            Self::KioskCode | Self::Code { .. } | Self::CodeElsewhere(_) => true,
            Self::NameMissing(_)
            | Self::NameHoldsCentre(_)
            | Self::NameAgainstLevel { .. }
            | Self::VillageMissing
            | Self::VillageTooMuch => false,
        }
    }
}

fn named(name: &str, endings: &'static [&'static str], part: PlacePart) -> Result<(), PlaceError> {
    if name.is_empty() {
        Err(PlaceError::NameMissing(part))
    } else if name.contains("服务中心") {
        Err(PlaceError::NameHoldsCentre(part))
    } else if !endings.iter().any(|ending| name.ends_with(ending) && name != *ending) {
        Err(PlaceError::NameAgainstLevel { part, endings })
    } else {
        Ok(())
    }
}

fn coded(code: &str, digits: usize, part: PlacePart) -> Result<(), PlaceError> {
    if code.len() == digits && code.bytes().all(|b| b.is_ascii_digit()) {
        Ok(())
    } else {
        Err(PlaceError::Code { part, digits })
    }
}

fn within(code: &str, above: &str, part: PlacePart) -> Result<(), PlaceError> {
    if code.starts_with(above) { Ok(()) } else { Err(PlaceError::CodeElsewhere(part)) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

    use super::*;

    #[test]
    fn a_town_has_a_wei_min_and_a_village_a_bian_min_centre() {
        let town = Place::new(town_parts()).unwrap();
        assert_eq!(town.centre_name().zh, "示例县示例镇为民服务中心");
        assert_eq!(town.centre_name().en, "Shili Town Public Service Centre, Shili County");
        assert_eq!(town.centre_short_name().zh, "示例镇为民服务中心");

        let village = Place::new(village_parts()).unwrap();
        assert_eq!(village.centre_name().zh, "示例县示例镇河东村便民服务中心");
        assert_eq!(village.centre_short_name().en, "Hedong Village Local Service Centre, Shili Town");
    }

    #[test]
    fn every_level_decides_its_suffix() {
        for (level, name, suffix) in [
            (CentreLevel::Town, "甲镇", "为民服务中心"),
            (CentreLevel::Township, "甲乡", "为民服务中心"),
            (CentreLevel::Street, "甲街道", "为民服务中心"),
        ] {
            let parts = PlaceParts { level, town: Text::new(name, ""), ..town_parts() };
            let full = Place::new(parts).unwrap().centre_name();
            assert_eq!(full.zh, format!("示例县{name}{suffix}"));
            assert_eq!(full.en, "", "a missing English name falls back to Chinese");
        }
        for (level, name) in
            [(CentreLevel::Village, "甲村"), (CentreLevel::Community, "甲社区"), (CentreLevel::Community, "甲居")]
        {
            let mut parts = village_parts();
            parts.level = level;
            parts.village = Some(Village { name: Text::new(name, ""), code: "320699100201".into() });
            let full = Place::new(parts).unwrap().centre_name();
            assert_eq!(full.zh, format!("示例县示例镇{name}便民服务中心"));
        }
    }

    #[test]
    fn a_zone_counts_as_county_level_and_its_towns_keep_their_codes() {
        for zone in ["南通经济技术开发区", "苏通科技产业园区", "通州湾示范区"] {
            let parts = PlaceParts {
                kind: CountyKind::Zone,
                county: Text::new(zone, ""),
                county_code: "320671".into(),
                town_code: "320612104".into(),
                ..town_parts()
            };
            let place = Place::new(parts).unwrap();
            assert_eq!(place.centre_name().zh, format!("{zone}示例镇为民服务中心"));
        }
    }

    #[test]
    fn a_wrong_pair_of_name_and_level_does_not_exist() {
        let street_called_town = PlaceParts { level: CentreLevel::Street, ..town_parts() };
        assert!(matches!(
            Place::new(street_called_town),
            Err(PlaceError::NameAgainstLevel { part: PlacePart::Town, .. })
        ));
        let ready_made = PlaceParts { town: Text::new("示例镇便民服务中心", ""), ..town_parts() };
        assert_eq!(Place::new(ready_made), Err(PlaceError::NameHoldsCentre(PlacePart::Town)));
        let town_as_village = PlaceParts { level: CentreLevel::Village, ..town_parts() };
        assert_eq!(Place::new(town_as_village), Err(PlaceError::VillageMissing));
        let village_as_town = PlaceParts { level: CentreLevel::Town, ..village_parts() };
        assert_eq!(Place::new(village_as_town), Err(PlaceError::VillageTooMuch));
        let district_called_county = PlaceParts { kind: CountyKind::District, ..town_parts() };
        assert!(Place::new(district_called_county).is_err());
        let elsewhere = PlaceParts { town_code: "320698100".into(), ..town_parts() };
        assert_eq!(Place::new(elsewhere), Err(PlaceError::CodeElsewhere(PlacePart::Town)));
    }

    #[test]
    fn a_kiosk_code_is_a_letter_and_three_digits() {
        assert_eq!(KioskCode::new("K032").unwrap().as_str(), "K032");
        for wrong in ["", "k032", "K32", "K0322", "032K", "Ｋ032"] {
            assert_eq!(KioskCode::new(wrong), Err(PlaceError::KioskCode), "{wrong}");
        }
    }

    fn town_parts() -> PlaceParts {
        PlaceParts {
            city: Text::new("示例市", "Shili City"),
            county: Text::new("示例县", "Shili County"),
            county_code: "320699".into(),
            kind: CountyKind::County,
            town: Text::new("示例镇", "Shili Town"),
            town_code: "320699100".into(),
            level: CentreLevel::Town,
            village: None,
        }
    }

    fn village_parts() -> PlaceParts {
        PlaceParts {
            level: CentreLevel::Village,
            village: Some(Village { name: Text::new("河东村", "Hedong Village"), code: "320699100201".into() }),
            ..town_parts()
        }
    }
}
