//! An order of the county, carried to one machine on a stick: begin anew. A machine has no shell and no keyboard.
//!
//! Text: `BMO1.` payload `.` signature, both base64url without padding, as an enrolment code. The payload is a JSON object: `v`
//! 1, `o` what (`settings` or `everything`), `k` number of the kiosk, `m` fingerprint of the machine's key (hex), `n` number
//! of the order, `e` end of its time (unix seconds), `u` whether it counts although applications are unsent.
//!
//! It counts only with the signature of an authority whose key came with the image, for this machine's key, before the end
//! of its time by the time floor (a moment that has certainly passed: the clock may be years off), and once: its number is
//! on the disk before anything is done. A machine that was wiped has forgotten the numbers and has another key, so that no
//! old order fits it either. While applications are unsent an order counts only if it says that it means them too.
//!
//! Left out: what follows from it. Removing settings is the business of [`super::settings`]; for everything else whoever
//! called starts the machine anew with an empty data partition.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::disk::{self, DiskError, Folders};
use super::keys::{Document, SigningKey, Trusted};
use super::signed::{self, Unopened};
use crate::domain::place::KioskCode;

/// Beginning of every order.
const HEAD: &str = "BMO1.";
/// Longest order, in bytes. A real one has a quarter of it.
const LONGEST: usize = 2048;

/// What is to begin anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anew {
    /// What the set-up wrote. Database, keys and the county's files stay.
    Settings,
    /// The whole data partition.
    Everything,
}

impl Anew {
    /// Its word on the command line and in a report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Everything => "everything",
        }
    }
}

/// An order whose signature was checked, or one that is being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What is to begin anew.
    pub anew: Anew,
    /// Number of the kiosk.
    pub kiosk: KioskCode,
    /// Fingerprint of the machine's key: 64 hexadecimal digits.
    pub machine: String,
    /// Number of the order: 32 hexadecimal digits.
    pub number: String,
    /// From then on it does not count.
    pub expires: Timestamp,
    /// It counts although applications are unsent.
    pub even_unsent: bool,
}

/// Why an order is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderRefusal {
    /// No order at all.
    #[error("this is not an order")]
    NotAnOrder,
    /// Not signed by an authority this machine trusts, or changed after signing.
    #[error("the order is not signed by an authority this machine trusts")]
    Foreign,
    /// Its time is over.
    #[error("the time of the order is over")]
    Expired,
    /// For another machine.
    #[error("the order is for another machine")]
    OtherMachine,
    /// It was obeyed before.
    #[error("the order was obeyed before")]
    Spent,
    /// Applications are unsent, or nobody can say that none is.
    #[error("applications may be unsent, and the order does not mean them")]
    Unsent,
}

impl OrderRefusal {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAnOrder => "provision.not-an-order",
            Self::Foreign => "provision.order-foreign",
            Self::Expired => "provision.order-expired",
            Self::OtherMachine => "provision.order-other-machine",
            Self::Spent => "provision.order-spent",
            Self::Unsent => "provision.order-unsent",
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    v: u8,
    o: Anew,
    k: String,
    m: String,
    n: String,
    e: i64,
    u: bool,
}

/// Whom an order must be for, and what is known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Here {
    /// Number of the kiosk, if it has one.
    pub kiosk: Option<KioskCode>,
    /// Fingerprint of the machine's key, if it has one.
    pub machine: Option<String>,
    /// A moment that has certainly passed.
    pub floor: Timestamp,
    /// Whether nothing is unsent, for certain.
    pub all_sent: bool,
}

impl Order {
    /// The signed text.
    ///
    /// # Errors
    /// The fields cannot be written as JSON.
    pub fn sign(&self, key: &SigningKey) -> Result<String, serde_json::Error> {
        let payload = Payload {
            v: 1,
            o: self.anew,
            k: self.kiosk.to_string(),
            m: self.machine.clone(),
            n: self.number.clone(),
            e: self.expires.as_second(),
            u: self.even_unsent,
        };
        signed::sign(HEAD, Document::Order, &payload, key)
    }

    /// Reads a stranger's text and checks everything but whether it was obeyed before.
    ///
    /// # Errors
    /// The first thing that is wrong, in the order of [`OrderRefusal`]. Nothing of an unsigned order is looked at.
    pub fn read(text: &str, trusted: &Trusted, here: &Here) -> Result<Self, OrderRefusal> {
        let none = OrderRefusal::NotAnOrder;
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(none);
        }
        let payload: Payload = signed::open(HEAD, Document::Order, text, trusted).map_err(|why| match why {
            Unopened::Form => none,
            Unopened::Foreign => OrderRefusal::Foreign,
        })?;
        let is_hex = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit());
        if payload.v != 1 || !is_hex(&payload.m, 64) || !is_hex(&payload.n, 32) {
            return Err(none);
        }
        let order = Self {
            anew: payload.o,
            kiosk: KioskCode::new(&payload.k).map_err(|_| none)?,
            machine: payload.m,
            number: payload.n,
            expires: Timestamp::from_second(payload.e).map_err(|_| none)?,
            even_unsent: payload.u,
        };
        if order.expires <= here.floor {
            return Err(OrderRefusal::Expired);
        }
        let is_ours = here.machine.as_ref() == Some(&order.machine)
            && here.kiosk.as_ref().is_none_or(|kiosk| *kiosk == order.kiosk);
        if !is_ours {
            return Err(OrderRefusal::OtherMachine);
        }
        if !here.all_sent && !order.even_unsent {
            return Err(OrderRefusal::Unsent);
        }
        Ok(order)
    }

    /// Spends the order: its number is on the disk when this returns, and the same order is refused from then on.
    ///
    /// # Errors
    /// It was spent before, or the disk takes nothing: then nothing may be done.
    pub fn spend(&self, folders: &Folders) -> Result<(), SpendError> {
        let spent = disk::read(&folders.spent())?;
        // A list that cannot be read may hold this one.
        let mut spent: Vec<String> = match spent {
            None => Vec::new(),
            Some(text) => serde_json::from_str(&text).map_err(|_| OrderRefusal::Spent)?,
        };
        if spent.contains(&self.number) {
            return Err(OrderRefusal::Spent.into());
        }
        spent.push(self.number.clone());
        let json = serde_json::to_vec(&spent).map_err(|_| OrderRefusal::Spent)?;
        disk::write(&folders.spent(), &json, disk::SECRET)?;
        Ok(())
    }
}

/// Why an order could not be spent.
#[derive(Debug, thiserror::Error)]
pub enum SpendError {
    /// It does not count.
    #[error(transparent)]
    Refused(#[from] OrderRefusal),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

    use super::*;

    const FLOOR: i64 = 1_793_491_200;

    /// A county's key, and a folder that trusts it.
    fn county(folder: &std::path::Path) -> (SigningKey, Trusted) {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        std::fs::create_dir_all(folder.join("trusted")).unwrap();
        std::fs::write(folder.join("county.key"), pair.serialize_pem()).unwrap();
        std::fs::write(folder.join("trusted/county.pub"), pair.public_key_pem()).unwrap();
        (SigningKey::read(&folder.join("county.key")).unwrap(), Trusted::read(&folder.join("trusted")).unwrap())
    }

    fn order() -> Order {
        Order {
            anew: Anew::Everything,
            kiosk: KioskCode::new("K032").unwrap(),
            machine: "ab".repeat(32),
            number: "01".repeat(16),
            expires: Timestamp::from_second(FLOOR + 1).unwrap(),
            even_unsent: false,
        }
    }

    fn here() -> Here {
        Here {
            kiosk: Some(order().kiosk),
            machine: Some(order().machine),
            floor: Timestamp::from_second(FLOOR).unwrap(),
            all_sent: true,
        }
    }

    #[test]
    fn an_order_counts_for_one_machine_in_its_time_and_never_for_what_is_unsent_unless_it_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let (key, trusted) = county(folder.path());
        let text = order().sign(&key).unwrap();
        assert_eq!(Order::read(&text, &trusted, &here()), Ok(order()));
        assert_eq!(Order::read(&text, &trusted, &Here { kiosk: None, ..here() }), Ok(order()), "not set up yet");
        let late = Timestamp::from_second(FLOOR + 1).unwrap();
        for (here, why) in [
            (Here { machine: Some("cd".repeat(32)), ..here() }, OrderRefusal::OtherMachine),
            (Here { machine: None, ..here() }, OrderRefusal::OtherMachine),
            (Here { kiosk: Some(KioskCode::new("K033").unwrap()), ..here() }, OrderRefusal::OtherMachine),
            (Here { floor: late, ..here() }, OrderRefusal::Expired),
            (Here { all_sent: false, ..here() }, OrderRefusal::Unsent),
        ] {
            assert_eq!(Order::read(&text, &trusted, &here), Err(why), "{here:?}");
        }
        let even = Order { even_unsent: true, ..order() };
        let text = even.sign(&key).unwrap();
        assert_eq!(Order::read(&text, &trusted, &Here { all_sent: false, ..here() }), Ok(even));
    }

    #[test]
    fn what_is_changed_foreign_or_something_else_is_no_order() {
        let folder = tempfile::tempdir().unwrap();
        let (key, trusted) = county(folder.path());
        let other = tempfile::tempdir().unwrap();
        let (foreign, _) = county(other.path());
        let text = order().sign(&key).unwrap();
        let (payload, signature) = text.strip_prefix(HEAD).unwrap().split_once('.').unwrap();
        // The same bytes, signed as another kind of document by the right key.
        let as_code = key.sign(Document::Code, payload.as_bytes());
        for (text, why) in [
            (String::new(), OrderRefusal::NotAnOrder),
            ("BME1.a.b".to_owned(), OrderRefusal::NotAnOrder),
            (format!("{HEAD}{payload}"), OrderRefusal::NotAnOrder),
            (format!("{HEAD}{}.{signature}", "A".repeat(4_000)), OrderRefusal::NotAnOrder),
            (format!("{HEAD}{payload}A.{signature}"), OrderRefusal::Foreign),
            (format!("{HEAD}{payload}.{as_code}"), OrderRefusal::Foreign),
            (order().sign(&foreign).unwrap(), OrderRefusal::Foreign),
            (Order { number: "../x".to_owned(), ..order() }.sign(&key).unwrap(), OrderRefusal::NotAnOrder),
            (Order { machine: "K032".to_owned(), ..order() }.sign(&key).unwrap(), OrderRefusal::NotAnOrder),
        ] {
            assert_eq!(Order::read(&text, &trusted, &here()), Err(why), "{text:.60}");
        }
    }

    #[test]
    fn an_order_is_obeyed_once_and_a_damaged_list_obeys_none() {
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders::under(folder.path());
        order().spend(&folders).unwrap();
        assert!(matches!(order().spend(&folders), Err(SpendError::Refused(OrderRefusal::Spent))));
        let next = Order { number: "02".repeat(16), ..order() };
        std::fs::write(folders.spent(), "[\"0").unwrap();
        assert!(matches!(next.spend(&folders), Err(SpendError::Refused(OrderRefusal::Spent))));
    }
}
