//! The county platform over HTTPS: one client, one contract (`config/county-contract.yaml`).
//!
//! It promises that an application is called stored only when the platform's own signed receipt says so, for this
//! very id and these very bytes. Whatever is unclear (a time-out, a proxy's page, half an answer, a receipt for
//! somebody else) is [`Verdict::TryAgain`](crate::domain::submission::Verdict) with the same id; only the platform
//! itself, proven by its signature, can have an application set aside.
//!
//! How: [`wire`] holds the shapes and builds the envelope, the same bytes every time, from the bytes the store keeps;
//! [`batch`] puts several into one call,
//! [`carry`] into a file; [`delivery`] fetches packages of the catalogue; `ledger` reads what the county holds, for the recount.
//! [`sign`] signs requests and checks answers. [`mod@classify`] turns an answer into a verdict and is pure. `transport`
//! signs, checks and learns the platform's time. [`carrier`] is the seam below it, and `https` the carrier of the
//! product: one request, one deadline, a bounded answer, no redirect, no proxy, one certificate authority; a simulation
//! has its own. [`client`] has one method for each thing the contract offers. [`enrol`] is the
//! exchange before there is a secret.
//!
//! Left out on purpose: back-off and order (`domain`), reading the stored bytes (`store`), any retry loop. The one
//! repetition inside is the clock: an answer that proves that our clock is wrong is worth a second try at once.
//!
//! Stable codes:
//!
//! | code | meaning | verdict |
//! |---|---|---|
//! | `county.unreachable` | no connection, nothing was sent | try again |
//! | `county.tls` | the other side is not the platform of the configured authority | try again |
//! | `county.timeout` | no whole answer in time | try again |
//! | `county.answer-broken` | the connection broke inside the answer | try again |
//! | `county.answer-too-big` | more than [`wire::ANSWER_MAX`] bytes | try again |
//! | `county.answer-unsigned` | a final answer without a valid signature | try again |
//! | `county.no-receipt` | success without a receipt for our id and bytes | try again |
//! | `county.redirect` | the platform sent us elsewhere | try again |
//! | `county.clock` | the platform finds our time wrong | try again |
//! | `county.file-broken` | a package that came is not the one that was offered | fetch it again |
//! | `county.seal-key-unknown` | the platform lacks the key that this was sealed to | try again |
//! | `county.nonce` | the platform has seen this request before | try again |
//! | `county.http-NNN` | that status, nothing more known | try again, set aside or stop, see [`mod@classify`] |
//! | `county.batch-refused` | the platform did not take a batch as such | try again, in smaller ones |
//! | `county.id-conflict` | our id stands for other content | set aside |
//! | `county.no-chance` | the system gives no random bytes | try again |
//! | `county.body-broken` | the stored bytes are not an application | set aside |
//! | `county.signature` | the platform does not accept our signature | stop all |
//! | `county.terminal-unknown` | the platform does not know this terminal | stop all |
//!
//! A refusal (400, 413, 422) that carries the platform's own machine code keeps that code, such as `form-outdated`.

pub mod attachment;
pub mod batch;
pub mod carrier;
pub mod carry;
pub mod classify;
pub mod client;
pub mod delivery;
pub mod enrol;
mod https;
mod ledger;
pub mod settings;
pub mod sign;
mod transport;
pub mod wire;

pub use classify::{Heads, Ours, Proof, classify};
pub use client::CountyClient;
pub use delivery::{Download, PackageFile, PackageOffer};
pub use settings::{CountyError, CountySettings};
pub use transport::{Nonce, Nonces, WallClock};
pub use wire::{Ticket, TicketRequest, digest_of};
