//! For tests: the shipped catalogue as a package, keys of invented places, and packages that add to it.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use std::path::Path;

use jiff::civil::date;
use serde_json::{Value, json};

use super::archive::Files;
use super::package::{Package, Title};
use super::split::{canonical, item_path, put_list, split_items, split_local};
use super::trust::Trust;
use crate::domain::catalog::{Centre, Region};
use crate::domain::text::Text;
use crate::provision::SigningKey;
use crate::provision::keys::Document;

/// Code of the invented county, town and village of the shipped catalogue.
pub const COUNTY: &str = "320699";
pub const TOWN: &str = "320699101";
pub const VILLAGE: &str = "320699101201";

pub fn region(code: &str) -> Region {
    Region::new(code).unwrap()
}

/// The village's centre, with town, county and city above it.
pub fn centre() -> Centre {
    Centre::by_code(&region(VILLAGE))
}

pub fn title(code: &str, version: u64) -> Title {
    Title {
        version,
        region: region(code),
        made: date(2026, 11, 23),
        source: Text::new("示例目录", "Sample"),
        owner: "示例办公室".into(),
        approver: "示例科长".into(),
        fresh_days: 90,
        history: Vec::new(),
    }
}

/// The shipped catalogue as the county's package, with a change of its items.
pub fn county(version: u64, change: impl FnOnce(&mut Value, &mut Value)) -> Package {
    let mut items: Value = serde_json::from_str(include_str!("../../config/catalogue/items.json")).unwrap();
    let mut local: Value = serde_json::from_str(include_str!("../../config/catalogue/local.json")).unwrap();
    change(&mut items, &mut local);
    let mut files = Files::new();
    split_items(items, &mut files).unwrap();
    split_local(local, &mut files).unwrap();
    Package::build(title(COUNTY, version), files).unwrap()
}

/// A package of a town or village: items made of the shipped one with this number, and additions.
pub fn lower(code: &str, version: u64, items: &[Value], additions: Vec<Value>) -> Package {
    let mut files = Files::new();
    for item in items {
        files.insert(item_path(item["itemId"].as_str().unwrap()), canonical(item));
    }
    put_list(&mut files, "additions.json", additions);
    put_list(&mut files, "everyday.json", vec![json!({"say": ["本地话"], "mean": ["低保"]})]);
    Package::build(title(code, version), files).unwrap()
}

/// A village's own item.
pub fn village_item(id: &str) -> Value {
    let items: Value = serde_json::from_str(include_str!("../../config/catalogue/items.json")).unwrap();
    let mut item = items["items"][3].clone();
    item["itemId"] = json!(id);
    item["taskHandleItem"] = json!(format!("{id}-code"));
    item["useLevel"] = json!("6");
    item["villageCode"] = json!(VILLAGE);
    item
}

/// Keys of a place in the folder of keys; gives what signs.
pub fn key(folder: &Path, code: &str) -> SigningKey {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let place = folder.join("keys").join(code);
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("office.pub"), pair.public_key_pem()).unwrap();
    std::fs::write(folder.join(format!("{code}.key")), pair.serialize_pem()).unwrap();
    SigningKey::read(&folder.join(format!("{code}.key"))).unwrap()
}

pub fn trust(folder: &Path) -> Trust {
    Trust::read(&folder.join("keys")).unwrap()
}

pub fn signed(mut package: Package, key: &SigningKey) -> Package {
    package.add_signature(key.sign(Document::Catalogue, package.signed_bytes()));
    package
}
