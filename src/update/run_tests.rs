//! The loop's own promises: what is on the disk before a step that cannot be taken back, and what the server hears.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use zeroize::Zeroizing;

use super::*;
use crate::update::fleet::Credentials;

/// An installer that notes what was on the disk when the new slot's turn came.
struct Noting {
    folder: Folder,
    seen: Option<Resume>,
    turns: usize,
}

impl Installer for Noting {
    async fn inspect(&mut self, _: &str, _: &Fetch) -> Result<BundleInfo, Refusal> {
        Err(Refusal::Failed)
    }

    async fn install(&mut self, _: &str, _: &Fetch) -> Result<(), Refusal> {
        Err(Refusal::Failed)
    }

    async fn activate(&mut self) -> Result<(), Refusal> {
        self.turns += 1;
        self.seen = self.folder.resume();
        Ok(())
    }

    async fn look(&mut self, _: &str) -> Look {
        Look::Failed(Refusal::Failed)
    }
}

fn parts_of(folder: &Path, fleet: Option<Fleet>) -> Parts<Noting> {
    let folder = Folder::at(folder);
    Parts {
        installer: Noting { folder: folder.clone(), seen: None, turns: 0 },
        fleet,
        folder,
        socket: PathBuf::new(),
        restart_flag: PathBuf::new(),
        kiosk: "K001".to_owned(),
        notifier: Notifier::default(),
        stick_is_in: false,
    }
}

fn resume() -> Resume {
    Resume {
        action: Some("7".to_owned()),
        version: "1.1.0".to_owned(),
        readable_from: 1,
        from_slot: "A".to_owned(),
        boot: "first".to_owned(),
        activated: true,
    }
}

fn done() -> Effect {
    Effect::Report { action: "7".to_owned(), progress: Progress::Done { details: vec!["it runs".to_owned()] } }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// A server that answers with these numbers, one connection each, and tells which paths it was asked for.
fn server(answers: &'static [u16]) -> (Fleet, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (heard, hears) = channel();
    std::thread::spawn(move || {
        for status in answers {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            heard.send(first.split(' ').take(2).collect::<Vec<_>>().join(" ")).unwrap();
            let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    let who = Credentials { tenant: "T".to_owned(), kiosk: "K001".to_owned(), token: Zeroizing::new("t".to_owned()) };
    (Fleet::new(&url, None, who).unwrap(), hears)
}

const TOLD: &str = "POST /T/controller/v1/K001/deploymentBase/7/feedback";
const ASKED: &str = "GET /T/controller/v1/K001";

#[test]
fn the_new_slots_turn_comes_only_after_the_disk_knows_of_it() {
    let place = tempfile::tempdir().unwrap();
    let mut parts = parts_of(place.path(), None);
    let reasons = vec![crate::update::Reason::NoFrame];
    let earlier = crate::update::Verdict { version: "1.1.0".to_owned(), slot: "B".to_owned(), reasons };
    parts.folder.set_bad(&earlier).unwrap();
    let out = run(parts.carry_out(Effect::Activate(resume()), &Booted::default(), Duration::ZERO));
    assert_eq!(out, Some(Event::Activated(Ok(()))));
    assert_eq!(parts.installer.seen, Some(resume()));
    assert_eq!(
        parts.folder.bad(),
        None,
        "what an earlier try of the same version did wrong says nothing about this one"
    );
    // A folder that takes nothing: no turn.
    let gone = place.path().join("file");
    std::fs::write(&gone, "").unwrap();
    let mut parts = parts_of(&gone, None);
    let out = run(parts.carry_out(Effect::Activate(resume()), &Booted::default(), Duration::ZERO));
    assert_eq!((out, parts.installer.turns), (Some(Event::Activated(Err(Refusal::Failed))), 0));
}

#[test]
fn the_last_word_about_an_action_is_told_until_it_is_taken_and_nothing_is_asked_before() {
    let place = tempfile::tempdir().unwrap();
    let (fleet, hears) = server(&[503, 503, 200, 200]);
    run(async {
        let mut parts = parts_of(place.path(), Some(fleet.clone()));
        parts.carry_out(done(), &Booted::default(), Duration::ZERO).await;
        assert!(parts.folder.untold().is_some(), "not taken");
        // The agent is started anew: what it owes lies on the disk.
        let mut parts = parts_of(place.path(), Some(fleet));
        assert_eq!(parts.carry_out(Effect::Poll, &Booted::default(), Duration::ZERO).await, Some(Event::Polled(None)));
        let polled = parts.carry_out(Effect::Poll, &Booted::default(), Duration::ZERO).await;
        assert!(matches!(polled, Some(Event::Polled(Some(_)))), "{polled:?}");
        assert_eq!(parts.folder.untold(), None);
    });
    assert_eq!(hears.iter().take(4).collect::<Vec<_>>(), [TOLD, TOLD, TOLD, ASKED]);
}

#[test]
fn a_server_that_has_forgotten_the_action_is_not_told_for_ever() {
    let place = tempfile::tempdir().unwrap();
    let (fleet, hears) = server(&[410]);
    let mut parts = parts_of(place.path(), Some(fleet));
    run(parts.carry_out(done(), &Booted::default(), Duration::ZERO));
    assert_eq!((parts.folder.untold(), hears.recv().unwrap().as_str()), (None, TOLD));
}
