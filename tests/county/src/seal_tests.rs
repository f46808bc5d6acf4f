//! The county's half against the published vectors.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use super::*;

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.split_whitespace().collect::<String>()).unwrap()
}

#[test]
fn the_example_of_gb_t_32918_5_opens() {
    let keys = Keys::of_the_standards().unwrap();
    let wrapped = bytes(
        "04 04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73
         E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0
         59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766
         21886CA989CA9C7D58087307CA93092D651EFA",
    );
    assert_eq!(keys.unwrap_sm2(&wrapped).as_deref(), Some(&b"encryption standard"[..]));
    for at in [10, 70, 100] {
        let mut bent = wrapped.clone();
        bent[at] ^= 1;
        assert_eq!(keys.unwrap_sm2(&bent), None, "byte {at}");
    }
}

#[test]
fn the_vector_of_rfc_9180_a_2_opens() {
    let ours = bytes("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a");
    let theirs = bytes("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
    let secret: [u8; 32] =
        bytes("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb").try_into().unwrap();
    let secret = StaticSecret::from(secret);
    assert_eq!(x25519_dalek::PublicKey::from(&secret).as_bytes()[..], ours);
    let point: [u8; 32] = theirs.clone().try_into().unwrap();
    let dh = secret.diffie_hellman(&point.into());
    let info = bytes("4f6465206f6e2061204772656369616e2055726e");
    let content = bytes("1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28");
    let context = [theirs, ours].concat();
    let plain = open_hpke(dh.as_bytes(), &context, &info, &content, b"Count-0");
    assert_eq!(plain.as_deref(), Some(&b"Beauty is truth, truth beauty"[..]));
    assert_eq!(open_hpke(dh.as_bytes(), &context, &info, &content, b"Count-1"), None);
}

#[test]
fn the_example_keys_of_rfc_7748_belong_together() {
    let keys = Keys::of_the_standards().unwrap();
    let info = hex::encode(keys.info(Suite::International));
    assert!(info.ends_with("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"), "{info}");
    let point = hex::encode(keys.info(Suite::Sm));
    assert!(point.ends_with("cea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"), "{point}");
}
