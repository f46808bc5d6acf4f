//! Packages that are broken, foreign, old, for another place or that overrule; and a loss of power at every step.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use std::fs;

use serde_json::json;

use super::*;
use crate::content::archive::Files;
use crate::content::testing::*;
use crate::domain::id::ItemId;
use crate::ipc::Language;
use crate::provision::SigningKey;

struct Desk {
    folder: tempfile::TempDir,
    county: SigningKey,
    town: SigningKey,
    village: SigningKey,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [county, town, village] = [COUNTY, TOWN, VILLAGE].map(|code| key(folder.path(), code));
        Self { folder, county, town, village }
    }

    fn shelf(&self) -> Shelf {
        Shelf::new(&self.folder.path().join("catalogue"), trust(self.folder.path()), centre())
    }

    fn offer(&self, bytes: &[u8]) -> Result<Outcome, Refused> {
        self.shelf().install(Path::new("offered.bmc"), bytes)
    }

    fn offer_county(&self, version: u64) -> Result<Outcome, Refused> {
        self.offer(&signed(county(version, |_, _| {}), &self.county).bytes().unwrap())
    }

    fn versions(&self) -> Vec<u64> {
        let installed = self.shelf().load().unwrap().unwrap();
        installed.packages.iter().map(|package| package.manifest().version).collect()
    }
}

#[test]
fn a_county_a_town_and_a_village_lie_over_each_other() {
    let desk = Desk::new();
    desk.offer_county(1).unwrap();
    let window = json!({"name": "示例村代办点", "address": "村口", "officeHours": "每天", "regionCode": VILLAGE});
    let addition = json!({"item": "sample-01", "places": [window], "note": {"zh": "周三有人代办", "en": ""}});
    let own = village_item("village-01");
    let village = signed(lower(VILLAGE, 7, &[own], vec![addition]), &desk.village);
    assert_eq!(desk.offer(&village.bytes().unwrap()).unwrap(), Outcome::Taken);
    assert_eq!(desk.offer(&village.bytes().unwrap()).unwrap(), Outcome::Known);
    let installed = desk.shelf().load().unwrap().unwrap();
    assert!(installed.fell_back.is_none());
    let catalog = installed.loaded.catalog;
    assert_eq!(catalog.counts().all, 13, "twelve of the county and one of the village");
    let pension = catalog.item(&ItemId("sample-01".into())).unwrap();
    assert_eq!(pension.places[0].name.zh, "示例村代办点", "the nearest window stands first");
    assert_eq!(pension.places.len(), 3, "and those of the county stay");
    assert_eq!(pension.local_notes[0].zh, "周三有人代办");
    let editions: Vec<_> = catalog.editions().iter().map(|e| (e.region.code().to_owned(), e.version)).collect();
    assert_eq!(editions, [(COUNTY.to_owned(), 1), (VILLAGE.to_owned(), 7)]);
    assert_eq!(catalog.version(), "320699.1-320699101201.7");
    assert_eq!(catalog.source(Language::Zh), "示例目录");
}

#[test]
fn a_village_cannot_change_a_county_item() {
    let desk = Desk::new();
    desk.offer_county(1).unwrap();
    let same_id = village_item("sample-04");
    let mut same_code = village_item("village-02");
    same_code["taskHandleItem"] =
        county(1, |_, _| {}).layer().unwrap().values["items/sample-04.json"]["taskHandleItem"].clone();
    let mut above = village_item("village-03");
    above["useLevel"] = json!("4");
    let mut elsewhere = village_item("village-04");
    elsewhere["villageCode"] = json!("320699101202");
    let fee = json!({"item": "sample-04", "fee": {"isFee": "1", "items": []}});
    let nothing = json!({"item": "nobody", "note": {"zh": "x"}});
    for (items, additions, says) in [
        (vec![same_id], vec![], "item sample-04 belongs to county 320699"),
        (vec![same_code], vec![], "item village-02 belongs to county 320699"),
        (vec![above], vec![], "level 4, which is above"),
        (vec![elsewhere], vec![], "for the place 320699101202"),
        (vec![], vec![fee], "fee cannot be added"),
        (vec![], vec![nothing], "no item nobody"),
    ] {
        let package = signed(lower(VILLAGE, 2, &items, additions), &desk.village);
        let refused = desk.offer(&package.bytes().unwrap()).unwrap_err();
        assert_eq!(refused.why.code(), "package.levels");
        assert!(refused.to_string().contains(says), "{refused}");
        assert!(refused.to_string().starts_with("cannot take offered.bmc: "), "{refused}");
    }
    assert_eq!(desk.versions(), [1]);
}

#[test]
fn each_refusal_names_the_file_and_the_mend_and_the_last_good_stays() {
    let desk = Desk::new();
    desk.offer_county(5).unwrap();
    let good = signed(county(6, |_, _| {}), &desk.county);
    let bytes = good.bytes().unwrap();
    let at = bytes.windows(9).position(|part| part == "低保家庭".as_bytes().split_at(9).0).unwrap();
    let mut altered = bytes.clone();
    altered[at] ^= 1;
    let mut forged = bytes.clone();
    let approver = bytes.windows(12).position(|part| part == "示例科长".as_bytes()).unwrap();
    forged[approver..approver + 12].copy_from_slice("示例局长".as_bytes());
    let unsigned = county(6, |_, _| {}).bytes().unwrap();
    let by_village = signed(county(6, |_, _| {}), &desk.village).bytes().unwrap();
    let stranger = tempfile::tempdir().unwrap();
    let foreign = signed(county(6, |_, _| {}), &key(stranger.path(), COUNTY)).bytes().unwrap();
    let other = {
        let mut title = title("320699102", 6);
        title.owner = "别的镇".into();
        signed(Package::build(title, Files::from([("notices.json".into(), b"[]".to_vec())])).unwrap(), &desk.county)
    };
    let same = signed(county(5, |items, _| items["items"][0]["taskName"] = json!("改了的名称")), &desk.county);
    let broken = signed(county(6, |items, _| items["items"][0]["themes"] = json!(["nowhere"])), &desk.county);
    let newer = {
        let text = String::from_utf8(good.signed_bytes().to_vec()).unwrap().replace("\"format\": 1", "\"format\": 2");
        crate::content::archive::write([("manifest.json", text.as_bytes())]).unwrap()
    };
    let more = {
        let mut files = crate::content::archive::read(&bytes).unwrap();
        files.insert("zz.json".into(), b"{}".to_vec());
        crate::content::archive::write(files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..]))).unwrap()
    };
    let less = {
        let mut files = crate::content::archive::read(&bytes).unwrap();
        files.remove("base.json");
        files.insert("manifest.sig".into(), b"x\n".to_vec());
        crate::content::archive::write(files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..]))).unwrap()
    };
    let old = signed(county(4, |_, _| {}), &desk.county).bytes().unwrap();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("package.damaged", bytes[..bytes.len() / 2].to_vec(), "copy or fetch the package again"),
        ("package.damaged", b"PK\x03\x04".repeat(200), "copy or fetch"),
        ("package.altered", altered, "as it was signed"),
        ("package.foreign", forged, "signed by the county"),
        ("package.unsigned", unsigned, "kioskctl catalog sign"),
        ("package.foreign", by_village, "signed by the county"),
        ("package.foreign", foreign, "signed by the county"),
        ("package.other-place", other.bytes().unwrap(), "own town or village"),
        ("package.same-version", same.bytes().unwrap(), "next version"),
        ("package.content", broken.bytes().unwrap(), "correct the item"),
        ("package.format", newer, "update the program"),
        ("package.unlisted", more, "fetch the package again"),
        ("package.older", old, "kioskctl catalog back"),
        // The installed one has the same base; without its signature it is nobody's.
        ("package.foreign", less, "signed by the county"),
    ];
    for (code, bytes, mend) in cases {
        let refused = desk.offer(&bytes).unwrap_err();
        assert_eq!(refused.why.code(), code, "{refused}");
        let text = refused.to_string();
        assert!(text.starts_with("cannot take offered.bmc: ") && text.contains(mend), "{text}");
        assert_eq!(desk.versions(), [5], "{code}");
    }
    assert_eq!(desk.offer(&bytes).unwrap(), Outcome::Taken);
}

#[test]
fn a_town_signs_for_its_villages_and_not_for_its_county() {
    let desk = Desk::new();
    desk.offer_county(1).unwrap();
    let village = lower(VILLAGE, 1, &[village_item("v-1")], vec![]);
    desk.offer(&signed(village, &desk.town).bytes().unwrap()).unwrap();
    let refused = desk.offer(&signed(county(2, |_, _| {}), &desk.town).bytes().unwrap()).unwrap_err();
    assert_eq!(refused.why.code(), "package.foreign");
}

#[test]
fn a_delta_carries_changed_items_alone_and_gives_the_same_package() {
    let desk = Desk::new();
    desk.offer_county(1).unwrap();
    let old = signed(county(1, |_, _| {}), &desk.county);
    let new = signed(county(2, |items, _| items["items"][4]["taskPlainName"] = json!("急难时的救助")), &desk.county);
    let delta = new.delta(&old).unwrap();
    assert!(delta.len() * 4 < new.bytes().unwrap().len(), "{} of {}", delta.len(), new.bytes().unwrap().len());
    assert_eq!(Parcel::open(&delta).unwrap().upon(&old).unwrap(), new);
    let fresh = Desk::new();
    let unknown = fresh.offer(&delta).unwrap_err();
    assert_eq!(unknown.why.code(), "package.missing", "nothing is installed that it builds upon");
    let other = signed(county(1, |items, _| items["items"][2]["taskName"] = json!("别的")), &desk.county);
    let refused = Parcel::open(&delta).unwrap().upon(&other).unwrap_err();
    assert_eq!(refused.code(), "package.no-base");
    assert_eq!(desk.offer(&delta).unwrap(), Outcome::Taken);
    assert_eq!(desk.versions(), [2]);
    assert_eq!(desk.shelf().load().unwrap().unwrap().packages[0], new);
}

#[test]
fn a_loss_of_power_at_any_step_of_an_installation_leaves_a_whole_set() {
    let desk = Desk::new();
    desk.offer_county(1).unwrap();
    desk.offer(&signed(lower(VILLAGE, 1, &[village_item("v-1")], vec![]), &desk.village).bytes().unwrap()).unwrap();
    desk.offer_county(2).unwrap();
    let shelf = desk.shelf();
    let here = shelf.load().unwrap().unwrap();
    let new = signed(county(3, |_, _| {}), &desk.county).bytes().unwrap();
    let set = shelf.checked(here.packages, &new).unwrap().unwrap();
    let steps = shelf.steps(&set, here.side.other()).unwrap();
    assert!(steps.len() >= 5, "two removed, two written, one pointer");
    for (done, step) in steps.into_iter().enumerate() {
        let loaded = shelf.load().unwrap().unwrap();
        assert_eq!(loaded.packages[0].manifest().version, 2, "after {done} steps");
        assert!(loaded.fell_back.is_none());
        match step {
            Step::Write(path, bytes) => disk::write(&path, &bytes, disk::OPEN).unwrap(),
            Step::Remove(path) => disk::remove(&path).unwrap(),
        }
    }
    assert_eq!(desk.versions(), [3, 1]);
}

#[test]
fn a_set_that_has_become_unreadable_is_replaced_by_the_last_good_one() {
    let desk = Desk::new();
    desk.offer_county(1).unwrap();
    desk.offer_county(2).unwrap();
    let side = desk.shelf().load().unwrap().unwrap().side;
    let file = desk.folder.path().join("catalogue").join(side.name()).join("county-320699.bmc");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 2000]).unwrap();
    let installed = desk.shelf().load().unwrap().unwrap();
    assert_eq!(installed.packages[0].manifest().version, 1);
    let why = installed.fell_back.unwrap();
    assert_eq!((why.why.code(), why.file == file), ("package.damaged", true), "{why}");
    // Both gone is an error with the file in it, and never an empty catalogue.
    let other = desk.folder.path().join("catalogue").join(side.other().name());
    fs::remove_dir_all(other).unwrap();
    assert_eq!(desk.shelf().load().unwrap_err().file, file);
}

#[test]
fn going_back_on_purpose_takes_the_set_before() {
    let desk = Desk::new();
    assert_eq!(desk.shelf().go_back().unwrap_err().why.code(), "package.unreadable");
    desk.offer_county(1).unwrap();
    desk.offer_county(2).unwrap();
    desk.shelf().go_back().unwrap();
    assert_eq!(desk.versions(), [1]);
    desk.offer_county(2).unwrap();
    assert_eq!(desk.versions(), [2]);
}
