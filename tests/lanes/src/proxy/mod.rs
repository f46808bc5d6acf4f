//! The same promise over real sockets: the product's client over HTTPS, a proxy that spoils connections, the stand-in.
//!
//! One try is one kiosk with three applications and a handful of `Trouble`s between it and the county. Applications
//! are sealed to the county's key and handed in again until each has its receipt, alone or together in one call; now and then the client is replaced by a fresh one, as after a
//! restart, or dropped in the middle of a call, as by a kill. In the end the county must hold each application once,
//! with the bytes that were to be sent, and its number must be the one in the receipt.
//!
//! Real time passes here and no order is promised; a seed repeats the troubles, not the moment they strike. What needs
//! an exact order is tried in [`crate::seeds`].

mod relay;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use county_stand_in::{Handle, Settings, serve};
use jiff::Timestamp;
use kiosk::county::{CountyClient, CountySettings, wire};
use kiosk::domain::id::{ItemId, Sequence, SubmissionId};
use kiosk::domain::submission::{Application, CaseReceipt, FieldValue, Handed, ItemRef, Verdict};
use kiosk::domain::text::Text;
use kiosk::ipc::Source;
use kiosk::seal::{Bound, CountyKey, LookupKey, Purpose, Sealer, Suite};
use relay::{Relay, Trouble};
use tempfile::TempDir;

use crate::chance::Chance;
use crate::{Pace, Tally};

/// The terminal of all tries.
const TERMINAL: &str = "K032";
/// Applications of one try.
const APPLICATIONS: u64 = 3;
/// A try that needs more calls than this never comes to an end.
const CALLS: u64 = 300;
/// Tries that share a county; its list of cases is read after each.
const PER_COUNTY: u64 = 50;
/// The client's limit for one exchange, shorter than the product's so that late answers are really late.
const PATIENCE: Duration = Duration::from_millis(900);

/// What a lane does wrong on purpose, to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// Nothing.
    Nothing,
    /// A call without a clear answer is repeated under a fresh id.
    FreshId,
    /// The bytes differ from try to try.
    OtherBytes,
    /// The verdicts of a batch are given to its applications in the wrong order.
    VerdictsMixedUp,
}

/// Tries this many kiosks over real sockets, on `threads` threads.
pub fn run(pace: Pace, seed: u64, planted: Planted) -> Tally {
    pace.run(seed, |round, tally| {
        let from = round * PER_COUNTY;
        if let Err(error) = tries(from..from + PER_COUNTY.min(pace.count), seed, planted, tally) {
            tally.note(Err(format!("the lane itself failed: {error}")));
        }
    })
}

fn tries(numbers: std::ops::Range<u64>, seed: u64, planted: Planted, tally: &mut Tally) -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let platform = serve(Settings::new(SocketAddr::from(([127, 0, 0, 1], 0)), folder.path()))?;
    let relay = Relay::start(platform.addr, folder.path())?;
    let sealer = sealer(&platform)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for number in numbers {
        let chance = Chance::new(seed ^ Chance::new(number).bits());
        let kiosk = Kiosk { number, chance, platform: &platform, relay: &relay, sealer: &sealer, planted };
        let result = runtime.block_on(kiosk.hands_in_everything());
        tally.note(result.map_err(|finding| format!("try {number}: {finding}")));
    }
    Ok(())
}

/// One try.
struct Kiosk<'a> {
    number: u64,
    chance: Chance,
    platform: &'a Handle,
    relay: &'a Relay,
    sealer: &'a Sealer,
    planted: Planted,
}

/// Seals to the key of this county, with the same chance always: the bytes of an application are the same at every try.
fn sealer(platform: &Handle) -> anyhow::Result<Sealer> {
    let pem = std::fs::read_to_string(&platform.seal_sm_pem)?;
    let county = CountyKey::from_pem(Suite::Sm, &pem, &platform.seal_sm_pem)?;
    Ok(Sealer::new(county, LookupKey::new([3; 32]), Arc::new(|| Ok([9; 32])))?)
}

impl Kiosk<'_> {
    async fn hands_in_everything(mut self) -> Result<(), String> {
        let troubles = 3 + self.chance.below(9);
        self.relay.plan((0..troubles).map(|_| Trouble::any(&mut self.chance)));
        let mut client = self.client()?;
        let mut receipts: Vec<Option<CaseReceipt>> = vec![None; 3];
        let mut calls = 0;
        while receipts.iter().any(Option::is_none) {
            // All in one call, or each in its own; those that have a receipt go again, too, as after a lost mark.
            let together = self.chance.one_in(2);
            let calls_of: Vec<Vec<u64>> =
                if together { vec![(0..APPLICATIONS).collect()] } else { (0..APPLICATIONS).map(|n| vec![n]).collect() };
            for those in calls_of {
                calls += 1;
                if calls > CALLS {
                    return Err("never comes to an end".to_owned());
                }
                if self.chance.one_in(8) {
                    client = self.client()?;
                }
                for (n, verdict) in self.hand_in(&client, &those, calls).await? {
                    note(&mut receipts[n as usize], n, verdict)?;
                }
            }
        }
        self.relay.plan([]);
        self.compare(&receipts)
    }

    /// One call, which may be dropped in the middle; then it has no verdicts.
    async fn hand_in(
        &mut self,
        client: &CountyClient,
        those: &[u64],
        call: u64,
    ) -> Result<Vec<(u64, Verdict)>, String> {
        let mut handed = Vec::new();
        for n in those {
            let id = match self.planted {
                Planted::FreshId => self.id(n + 10 * call),
                Planted::Nothing | Planted::OtherBytes | Planted::VerdictsMixedUp => self.id(*n),
            };
            let variant = if self.planted == Planted::OtherBytes { call } else { 0 };
            handed.push((Handed { id, sequence: Sequence(n + 1) }, self.body(id, *n, variant)?));
        }
        let dropped = if self.chance.one_in(10) { self.chance.below(60) } else { 60_000 };
        let submit = async {
            match handed.as_slice() {
                [(one, body)] => vec![(one.id, client.submit(one.id, one.sequence, body).await)],
                _ => {
                    let stored: Vec<_> = handed.iter().map(|(handed, body)| (*handed, body.as_slice())).collect();
                    client.submit_batch(&stored).await
                }
            }
        };
        let mut verdicts = tokio::time::timeout(Duration::from_millis(dropped), submit).await.unwrap_or_default();
        if self.planted == Planted::VerdictsMixedUp {
            let ids: Vec<_> = verdicts.iter().rev().map(|(id, _)| *id).collect();
            verdicts.iter_mut().zip(ids).for_each(|(verdict, id)| verdict.0 = id);
        }
        let number = |id| those.iter().zip(&handed).find(|(_, (handed, _))| handed.id == id).map(|(n, _)| *n);
        Ok(verdicts.into_iter().filter_map(|(id, verdict)| Some((number(id)?, verdict))).collect())
    }

    /// The county against the receipts.
    fn compare(&self, receipts: &[Option<CaseReceipt>]) -> Result<(), String> {
        let cases = self.platform.cases().map_err(|error| error.to_string())?;
        let prefix = self.id(0).to_string()[..13].to_owned();
        let ours: Vec<_> = cases.iter().filter(|case| case.client_submission_id.starts_with(&prefix)).collect();
        if ours.len() as u64 != APPLICATIONS {
            return Err(format!("{} cases stand for {APPLICATIONS} applications", ours.len()));
        }
        for (n, receipt) in (0..).zip(receipts) {
            let id = self.id(n).to_string();
            let case = ours.iter().find(|case| case.client_submission_id == id);
            let case = case.ok_or_else(|| format!("application {n} is not there"))?;
            if receipt.as_ref().is_none_or(|receipt| receipt.case_number != case.case_number) {
                return Err(format!("application {n} has the number of another"));
            }
            let envelope = wire::envelope(self.id(n), Sequence(n + 1), TERMINAL, &self.body(self.id(n), n, 0)?);
            if envelope.map(|envelope| wire::body_digest(&envelope)).as_ref() != Some(&case.body_digest) {
                return Err(format!("application {n} is there with other bytes"));
            }
        }
        Ok(())
    }

    fn client(&self) -> Result<CountyClient, String> {
        let settings = CountySettings {
            url: format!("https://{}", self.relay.addr),
            ca_file: self.platform.ca_pem.clone(),
            app_id: "kiosk-demo-app".to_owned(),
            secret_file: self.platform.secret_file.clone(),
            terminal: TERMINAL.to_owned(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: PATIENCE,
        };
        CountyClient::new(settings, Arc::new(kiosk::engine::wall_clock)).map_err(|error| error.to_string())
    }

    /// The stored bytes of an application: sealed.
    fn body(&self, id: SubmissionId, n: u64, variant: u64) -> Result<Vec<u8>, String> {
        let bound = Bound { terminal: TERMINAL, id, sequence: Sequence(n + 1), purpose: Purpose::Application };
        self.sealer.seal(&bound, &plain(id, n, variant)).map_err(|error| error.code().to_owned())
    }

    /// Id of the n-th application of this try; the first thirteen characters are those of the try.
    fn id(&self, n: u64) -> SubmissionId {
        let mut chance = [7; 10];
        chance[2..].copy_from_slice(&n.to_be_bytes());
        SubmissionId::from_parts(1_795_000_000_000 + self.number, chance)
    }
}

/// What one verdict means for an application.
fn note(slot: &mut Option<CaseReceipt>, n: u64, verdict: Verdict) -> Result<(), String> {
    match verdict {
        Verdict::TryAgain { .. } => Ok(()),
        Verdict::Stored { receipt } if slot.as_ref().is_some_and(|earlier| *earlier != receipt) => {
            Err(format!("application {n} has two receipts"))
        }
        Verdict::Stored { receipt } => {
            *slot = Some(receipt);
            Ok(())
        }
        Verdict::SetAside { code } | Verdict::StopAll { code } => Err(format!("application {n} was given up: {code}")),
    }
}

/// The readable bytes of an invented application.
fn plain(id: SubmissionId, n: u64, variant: u64) -> Vec<u8> {
    let name = Text::new("示例事项", "Sample");
    let field = |name: &str, value: String| FieldValue { name: name.to_owned(), value, source: Source::Resident };
    let application = Application {
        client_submission_id: id,
        item: ItemRef {
            item: ItemId("sample-01".to_owned()),
            code: "320699000131128000".to_owned(),
            version: 1,
            name: name.clone(),
            plain_name: name,
        },
        terminal: TERMINAL.to_owned(),
        confirmed_at: Timestamp::from_second(1_795_000_000).unwrap_or_default(),
        form_version: 1,
        notice: "1/zh".to_owned(),
        fields: vec![field("n", n.to_string()), field("variant", variant.to_string())],
    };
    serde_json::to_vec(&application).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_kiosks_over_broken_connections_have_one_case_per_application() {
        let tally = run(Pace { threads: 2, ..Pace::of(100) }, 20_261_124, Planted::Nothing);
        // Rounds are whole, so a few more than were asked for.
        assert!(tally.tried >= 100 && tally.bad == 0, "{tally} {:#?}", tally.findings);
    }

    #[test]
    fn the_lane_notices_a_fresh_id_on_retry() {
        let tally = run(Pace { threads: 2, ..Pace::of(40) }, 1, Planted::FreshId);
        // Told by the county's list, or already by the receipts: an application goes again under another id and gets another case.
        let words = ["cases stand for", "has two receipts"];
        let is_noticed = |finding: &String| words.iter().any(|words| finding.contains(words));
        assert!(tally.findings.iter().any(is_noticed), "{:#?}", tally.findings);
    }

    #[test]
    fn the_lane_notices_verdicts_of_a_batch_that_are_mixed_up() {
        let tally = run(Pace { threads: 2, ..Pace::of(40) }, 1, Planted::VerdictsMixedUp);
        let words = ["has two receipts", "has the number of another"];
        let is_noticed = |finding: &String| words.iter().any(|words| finding.contains(words));
        assert!(tally.findings.iter().any(is_noticed), "{:#?}", tally.findings);
    }

    #[test]
    fn the_lane_notices_bytes_that_change_from_try_to_try() {
        let tally = run(Pace::of(6), 1, Planted::OtherBytes);
        let words = ["id-conflict", "other bytes"];
        let is_noticed = |finding: &String| words.iter().any(|words| finding.contains(words));
        assert!(tally.findings.iter().any(is_noticed), "{:#?}", tally.findings);
    }
}
