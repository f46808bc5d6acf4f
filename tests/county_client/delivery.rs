//! Packages of the catalogue over the line: offers, pieces, a line that breaks, and a county that sends something else.

use county_stand_in::Fault;
use kiosk::county::{Download, PackageFile};

use crate::bench::Bench;

/// More than three pieces, and no two alike.
fn package() -> Vec<u8> {
    (0_u32..45_000).flat_map(u32::to_be_bytes).collect()
}

#[tokio::test]
async fn a_package_comes_in_pieces_and_the_smaller_of_whole_and_changes_is_taken() {
    let bench = Bench::start();
    assert_eq!(bench.client.package_offer("320699", 0).await, Ok(None));
    bench.platform.publish("320699", 11, vec![1]);
    bench.platform.publish("320699", 12, package());
    bench.platform.publish_changes("320699", 11, 12, vec![7; 500]);
    let fresh = bench.client.package_offer("320699", 0).await.unwrap().unwrap();
    assert_eq!((fresh.version, fresh.smaller().size), (12, package().len()));
    let behind = bench.client.package_offer("320699", 11).await.unwrap().unwrap();
    assert_eq!(behind.smaller().size, 500);
    for (offer, bytes) in [(fresh, package()), (behind, vec![7; 500])] {
        let mut download = Download::of(offer.smaller().clone(), Vec::new());
        assert!(bench.client.fetch_package(&mut download).await.unwrap() == bytes);
    }
}

#[tokio::test]
async fn a_line_that_breaks_costs_one_piece_and_the_rest_goes_on_from_there() {
    let bench = Bench::start();
    bench.platform.publish("320699", 12, package());
    let offer = bench.client.package_offer("320699", 0).await.unwrap().unwrap();
    let mut download = Download::of(offer.whole.clone(), package()[..50_000].to_vec());
    for fault in [Fault::Truncated, Fault::DropBefore, Fault::Unsigned, Fault::Html, Fault::Broken] {
        bench.platform.faults().push(fault.clone());
        let failed = bench.client.fetch_package(&mut download).await;
        assert!(failed.is_err(), "{fault:?}");
        assert_eq!(download.so_far().len(), 50_000, "{fault:?}");
    }
    // As after a restart: what was kept, and nothing else.
    let mut again = Download::of(offer.whole, download.so_far().to_vec());
    assert!(bench.client.fetch_package(&mut again).await.unwrap() == package());
}

#[tokio::test]
async fn what_is_not_the_offered_file_is_not_given_out() {
    let bench = Bench::start();
    bench.platform.publish("320699", 12, package());
    let offer = bench.client.package_offer("320699", 0).await.unwrap().unwrap();
    let mut spoilt = Download::of(offer.whole.clone(), vec![0; 1000]);
    assert_eq!(bench.client.fetch_package(&mut spoilt).await, Err("county.file-broken".to_owned()));
    assert!(spoilt.so_far().is_empty(), "the next try begins anew");
    assert!(bench.client.fetch_package(&mut spoilt).await.unwrap() == package());
    let shorter = PackageFile { size: offer.whole.size - 1, ..offer.whole.clone() };
    let mut shorter = Download::of(shorter, Vec::new());
    assert_eq!(bench.client.fetch_package(&mut shorter).await, Err("county.answer-broken".to_owned()));
    let longer = PackageFile { size: offer.whole.size + 1, ..offer.whole };
    let mut longer = Download::of(longer, Vec::new());
    assert_eq!(bench.client.fetch_package(&mut longer).await, Err("county.answer-broken".to_owned()), "not for ever");
    let unknown = PackageFile { sha256: "0".repeat(64), size: 5 };
    let mut unknown = Download::of(unknown, Vec::new());
    assert_eq!(bench.client.fetch_package(&mut unknown).await, Err("county.http-404".to_owned()));
}
