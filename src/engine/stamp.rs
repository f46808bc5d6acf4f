//! The kiosk's signature on what the core claims: on the paper and on the screen, the same text on both.
//!
//! The core says what a slip claims and knows no key. Signing takes no chance, so the claim that is shown again and
//! again while a page stands is signed once and remembered.

use std::cell::RefCell;

use crate::attest::SlipKey;
use crate::domain::receipt::payload;
use crate::ipc::{Body, Screen};

/// Signs claims.
pub struct Stamp {
    key: Option<SlipKey>,
    /// The claim signed last, with the payload made of it.
    last: RefCell<(String, String)>,
}

impl Stamp {
    /// A stamp with this key. Without one, payloads say that they are not signed.
    pub fn new(key: Option<SlipKey>) -> Self {
        Self { key, last: RefCell::default() }
    }

    /// The key, to tell the county its public half.
    pub const fn key(&self) -> Option<&SlipKey> {
        self.key.as_ref()
    }

    /// The payload of a QR code.
    pub fn qr(&self, claim: &str) -> String {
        let mut last = self.last.borrow_mut();
        if last.0 != claim {
            let signature = self.key.as_ref().and_then(|key| key.sign(claim));
            *last = (claim.to_owned(), payload(claim, signature.as_deref()));
        }
        last.1.clone()
    }

    /// Signs the claim on a page, if it carries one.
    pub fn screen(&self, screen: &mut Screen) {
        match &mut screen.body {
            Body::Kept(kept) => kept.qr = self.qr(&kept.qr),
            Body::Accepted(accepted) => accepted.qr = self.qr(&accepted.qr),
            Body::Service(page) => {
                if let Some(image) = &mut page.image {
                    image.qr = self.qr(&image.qr);
                }
            }
            Body::Idle(_)
            | Body::Home(_)
            | Body::Departments(_)
            | Body::List(_)
            | Body::Item(_)
            | Body::Identify(_)
            | Body::Form(_)
            | Body::Review(_)
            | Body::Storing
            | Body::NotKept(_)
            | Body::SetAside(_)
            | Body::Scan(_)
            | Body::Status(_)
            | Body::Window(_)
            | Body::Setup(_)
            | Body::OutOfService(_)
            | Body::Take(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test names its line")]

    use kiosk_hal::printer::raster::draw_qr;

    use super::*;
    use crate::attest::{Keys, Outcome, Suite, check, check_image};

    const CLAIM: &str = "BM2 K K0320001871 11320699MB0000000A2000113112800 1767225600 - 482913";

    #[test]
    fn what_is_stamped_can_be_checked_and_is_the_same_again() {
        let key = SlipKey::from_seed(Suite::International, [3; 32]).unwrap();
        let keys = Keys::Single(key.public());
        let stamp = Stamp::new(Some(key));
        let first = stamp.qr(CLAIM);
        assert!(matches!(check(&first, &keys), Outcome::Genuine(_)), "{first}");
        assert!(matches!(check(&stamp.qr(&CLAIM.replace("482913", "482914")), &keys), Outcome::Genuine(_)));
        assert_eq!(stamp.qr(CLAIM), first);
    }

    #[test]
    fn the_code_of_an_image_is_signed_by_the_same_key_and_checked_as_one() {
        let key = SlipKey::from_seed(Suite::Sm, [3; 32]).unwrap();
        let keys = Keys::Single(key.public());
        let claim = format!("BMI1 K032 {} 1795398060", "9F3A20C177D4E05B".repeat(4));
        let code = Stamp::new(Some(key)).qr(&claim);
        assert!(matches!(check_image(&code, &keys), Outcome::Genuine(_)));
        assert_eq!(check(&code, &keys), Outcome::Foreign, "it is no slip");
        let (modules, read) = read_back(&code);
        assert_eq!(read, code);
        assert!(modules <= 57, "{modules} modules");
    }

    /// Reads a code off paper as a scanner does.
    fn read_back(payload: &str) -> (usize, String) {
        let paper = draw_qr(payload, 384).unwrap();
        let grey = |x, y| if paper.get(x, y) { 0 } else { 255 };
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(paper.width(), paper.height(), grey);
        let grids = picture.detect_grids();
        let (about, text) = grids.first().unwrap().decode().unwrap();
        (about.version.to_size(), text)
    }

    #[test]
    fn signed_codes_keep_modules_of_half_a_millimetre_on_paper_of_58_mm_and_are_read_back() {
        let stamp = Stamp::new(Some(SlipKey::from_seed(Suite::Sm, [3; 32]).unwrap()));
        let accepted = CLAIM.replace("BM2 K", "BM2 A").replace(" - ", " 320699202611240001 ");
        for (claim, most) in [(CLAIM, 45), (accepted.as_str(), 49)] {
            let payload = stamp.qr(claim);
            let (modules, read) = read_back(&payload);
            assert_eq!(read, payload);
            // Four dots, 0.5 mm, a module: with the quiet zone it fits the 384 dots of the paper.
            assert!(modules <= most && (modules + 8) * 4 <= 384, "{modules} modules for {}", payload.len());
        }
    }

    #[test]
    fn a_kiosk_without_a_key_says_so_on_its_slips() {
        assert_eq!(Stamp::new(None).qr(CLAIM), format!("{CLAIM} -"));
    }
}
