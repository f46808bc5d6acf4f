//! The cases, in SQLite. A receipt is given only for what is on the disk.
//!
//! `client_submission_id` is unique for ever; the digest of the body tells the same submission again from another one
//! under its id. Sequence numbers are not unique on purpose: a terminal that counts wrongly is to be seen on the page,
//! not to be turned away with a resident's application.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use crate::server::ServeError;
use crate::{chance, clock};

/// Area code of the sample county; it belongs to no real one.
const AREA: &str = "320699";
/// What the stand-in promises. A real platform counts working days by its own calendar.
const PROMISE_DAYS: i64 = 20;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS cases (
        client_submission_id TEXT NOT NULL PRIMARY KEY,
        body_digest TEXT NOT NULL,
        terminal TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        case_number TEXT NOT NULL UNIQUE,
        query_code TEXT NOT NULL,
        item_code TEXT NOT NULL,
        item_name TEXT NOT NULL,
        fields TEXT NOT NULL,
        accepted_at TEXT NOT NULL,
        promise_date TEXT NOT NULL,
        state TEXT NOT NULL,
        raw_text TEXT NOT NULL,
        since TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS cases_of_terminal ON cases (terminal, sequence);
    CREATE TABLE IF NOT EXISTS tickets (
        client_ticket_id TEXT NOT NULL PRIMARY KEY,
        day TEXT NOT NULL,
        prefix TEXT NOT NULL,
        serial INTEGER NOT NULL,
        issued_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS refusals (
        client_submission_id TEXT NOT NULL PRIMARY KEY,
        terminal TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        code TEXT NOT NULL,
        times INTEGER NOT NULL,
        last_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS receipt_keys (
        terminal TEXT NOT NULL,
        suite TEXT NOT NULL,
        public_key TEXT NOT NULL,
        told_at TEXT NOT NULL,
        PRIMARY KEY (terminal, public_key)
    ) STRICT;
";

/// One field as received. Its `Debug` shows no value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Name in the form's schema.
    pub name: String,
    /// Value as received.
    pub value: String,
    /// `card` or `resident`.
    pub source: String,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Field").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A submission that passed all checks.
pub struct Submission {
    /// Identity for life, as written.
    pub client_submission_id: String,
    /// SM3 of the body.
    pub body_digest: String,
    /// Terminal that took it.
    pub terminal: String,
    /// Its number there.
    pub sequence: i64,
    /// Business item code.
    pub item_code: String,
    /// Official name of the item.
    pub item_name: String,
    /// Fields.
    pub fields: Vec<Field>,
}

/// A submission that was refused for good. Nothing of its content is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Terminal that handed it in.
    pub terminal: String,
    /// Its number there.
    pub sequence: i64,
    /// Machine code of the last refusal.
    pub code: String,
    /// How often it was refused.
    pub times: i64,
    /// When last.
    pub last_at: String,
}

/// What is told of a case when a terminal counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// The terminal's number.
    pub sequence: i64,
    /// Identity it came under.
    pub client_submission_id: String,
    /// SM3 of the body as received.
    pub body_digest: String,
    /// Our number.
    pub case_number: String,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// Identity the kiosk gave.
    pub client_submission_id: String,
    /// SM3 of the body it came in.
    #[serde(skip)]
    pub body_digest: String,
    /// Number on the terminal.
    pub sequence: i64,
    /// Terminal.
    pub terminal: String,
    /// Case number.
    pub case_number: String,
    /// Query code.
    pub query_code: String,
    /// Business item code.
    pub item_code: String,
    /// Official name of the item.
    #[serde(skip)]
    pub item_name: String,
    /// Fields as received.
    pub fields: Vec<Field>,
    /// When it was stored.
    #[serde(skip)]
    pub accepted_at: String,
    /// Promised day.
    #[serde(skip)]
    pub promise_date: String,
    /// Word of the contract for its state.
    #[serde(skip)]
    pub state: String,
    /// The platform's own words.
    #[serde(skip)]
    pub raw_text: String,
    /// When the state was entered.
    #[serde(skip)]
    pub since: String,
}

/// What came of handing in.
#[derive(Debug)]
pub enum HandedIn {
    /// A new case.
    New(Case),
    /// The same submission again.
    Again(Case),
    /// Another submission under the same id.
    Conflict,
}

/// What a terminal has sent, by its own count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Terminal {
    /// Which.
    pub terminal: String,
    /// Cases held.
    pub cases: usize,
    /// Highest number seen, 0 if none.
    pub highest: i64,
    /// Numbers between 1 and the highest that never came, the first thousand.
    pub missing: Vec<i64>,
    /// Numbers that came under more than one id.
    pub repeated: Vec<i64>,
}

/// A queue ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// Identity the kiosk gave.
    pub client_ticket_id: String,
    /// What is called.
    pub number: String,
    /// People before this one. Nobody is ever called here, so: all of the day.
    pub waiting: i64,
    /// When.
    pub issued_at: String,
}

/// A terminal's public key for slips.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptKey {
    /// Which terminal.
    pub terminal: String,
    /// Word of the contract for its algorithms.
    pub suite: String,
    /// SPKI in PEM.
    pub public_key: String,
}

/// The database.
pub struct Ledger(Connection);

impl Ledger {
    /// Opens the file, making it if there is none.
    pub fn open(file: &Path) -> Result<Self, ServeError> {
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(connection))
    }

    /// Stores a submission, or finds that it is there already.
    pub fn hand_in(&mut self, submission: &Submission, now: Timestamp) -> Result<HandedIn, ServeError> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(case) = find(&transaction, &submission.client_submission_id)? {
            return Ok(if case.body_digest == submission.body_digest {
                HandedIn::Again(case)
            } else {
                HandedIn::Conflict
            });
        }
        let day = clock::day(now);
        let promise_date = day.saturating_add(jiff::Span::new().days(PROMISE_DAYS));
        transaction.execute(
            "INSERT INTO cases VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'submitted', ?12, ?10)",
            params![
                submission.client_submission_id,
                submission.body_digest,
                submission.terminal,
                submission.sequence,
                next_number(&transaction, day)?,
                chance::six_digits()?,
                submission.item_code,
                submission.item_name,
                serde_json::to_string(&submission.fields)?,
                now.to_string(),
                promise_date.to_string(),
                "已提交，待预审",
            ],
        )?;
        let case = find(&transaction, &submission.client_submission_id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        transaction.commit()?;
        Ok(HandedIn::New(case))
    }

    /// The case of a submission.
    pub fn by_submission(&self, id: &str) -> Result<Option<Case>, ServeError> {
        find(&self.0, id)
    }

    /// The case with this number and this query code; a wrong code is like a wrong number.
    pub fn by_number(&self, number: &str, code: &str) -> Result<Option<Case>, ServeError> {
        let found = self
            .0
            .query_row(
                "SELECT * FROM cases WHERE case_number = ?1 AND query_code = ?2",
                params![number, code],
                read_case,
            )
            .optional()?;
        Ok(found)
    }

    /// All cases, oldest first.
    pub fn all(&self) -> Result<Vec<Case>, ServeError> {
        let mut statement = self.0.prepare("SELECT * FROM cases ORDER BY rowid")?;
        let cases = statement.query_map([], read_case)?;
        Ok(cases.collect::<Result<_, _>>()?)
    }

    /// Moves a case. `true` if there is such a case.
    pub fn set_state(&self, number: &str, state: &str, raw_text: &str, now: Timestamp) -> Result<bool, ServeError> {
        let changed = self.0.execute(
            "UPDATE cases SET state = ?2, raw_text = ?3, since = ?4 WHERE case_number = ?1",
            params![number, state, raw_text, now.to_string()],
        )?;
        Ok(changed == 1)
    }

    /// The count of one terminal against what is held of it.
    pub fn terminal(&self, terminal: &str) -> Result<Terminal, ServeError> {
        let mut statement = self.0.prepare("SELECT sequence FROM cases WHERE terminal = ?1 ORDER BY sequence")?;
        let sequences = statement.query_map([terminal], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        let mut missing = Vec::new();
        let mut repeated = Vec::new();
        let mut last = 0;
        for &sequence in &sequences {
            let room = 1000 - missing.len();
            missing.extend((last + 1..sequence).take(room));
            if sequence == last && repeated.last() != Some(&sequence) {
                repeated.push(sequence);
            }
            last = sequence;
        }
        Ok(Terminal { terminal: terminal.to_owned(), cases: sequences.len(), highest: last, missing, repeated })
    }

    /// Remembers a refusal, or counts one more of the same submission.
    pub fn refuse(
        &self,
        id: &str,
        terminal: &str,
        sequence: i64,
        code: &str,
        now: Timestamp,
    ) -> Result<(), ServeError> {
        self.0.execute(
            "INSERT INTO refusals VALUES (?1, ?2, ?3, ?4, 1, ?5)
             ON CONFLICT (client_submission_id) DO UPDATE SET code = ?4, times = times + 1, last_at = ?5",
            params![id, terminal, sequence, code, now.to_string()],
        )?;
        Ok(())
    }

    /// Forgets the refusals of a submission that has come in after all.
    pub fn settle(&self, id: &str) -> Result<(), ServeError> {
        self.0.execute("DELETE FROM refusals WHERE client_submission_id = ?1", [id])?;
        Ok(())
    }

    /// Submissions that were refused for good and never came in, by terminal and number.
    pub fn refusals(&self) -> Result<Vec<Refusal>, ServeError> {
        let mut statement = self
            .0
            .prepare("SELECT terminal, sequence, code, times, last_at FROM refusals ORDER BY terminal, sequence")?;
        let refusals = statement.query_map([], |row| {
            Ok(Refusal {
                terminal: row.get(0)?,
                sequence: row.get(1)?,
                code: row.get(2)?,
                times: row.get(3)?,
                last_at: row.get(4)?,
            })
        })?;
        Ok(refusals.collect::<Result<_, _>>()?)
    }

    /// Cases of a terminal above a number, by number, at most so many.
    pub fn claims(&self, terminal: &str, after: i64, most: usize) -> Result<Vec<Claim>, ServeError> {
        let mut statement = self.0.prepare(
            "SELECT sequence, client_submission_id, body_digest, case_number FROM cases
             WHERE terminal = ?1 AND sequence > ?2 ORDER BY sequence, rowid LIMIT ?3",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let claims = statement.query_map(params![terminal, after, most], |row| {
            Ok(Claim {
                sequence: row.get(0)?,
                client_submission_id: row.get(1)?,
                body_digest: row.get(2)?,
                case_number: row.get(3)?,
            })
        })?;
        Ok(claims.collect::<Result<_, _>>()?)
    }

    /// Cases of one number of a terminal; more than one only if it counts wrongly.
    pub fn of_terminal(&self, terminal: &str, sequence: i64) -> Result<Vec<Case>, ServeError> {
        let mut statement =
            self.0.prepare("SELECT * FROM cases WHERE terminal = ?1 AND sequence = ?2 ORDER BY rowid")?;
        let cases = statement.query_map(params![terminal, sequence], read_case)?;
        Ok(cases.collect::<Result<_, _>>()?)
    }

    /// Keeps a key. `true` if it was not known.
    pub fn remember_key(&self, terminal: &str, suite: &str, key: &str, now: Timestamp) -> Result<bool, ServeError> {
        let added = self.0.execute(
            "INSERT OR IGNORE INTO receipt_keys VALUES (?1, ?2, ?3, ?4)",
            params![terminal, suite, key, now.to_string()],
        )?;
        Ok(added == 1)
    }

    /// All keys a terminal ever told, oldest first.
    pub fn receipt_keys(&self, terminal: &str) -> Result<Vec<ReceiptKey>, ServeError> {
        Ok(self.all_receipt_keys()?.into_iter().filter(|key| key.terminal == terminal).collect())
    }

    /// All keys of all terminals, oldest first.
    pub fn all_receipt_keys(&self) -> Result<Vec<ReceiptKey>, ServeError> {
        let mut statement = self.0.prepare("SELECT terminal, suite, public_key FROM receipt_keys ORDER BY rowid")?;
        let keys = statement.query_map([], |row| {
            Ok(ReceiptKey { terminal: row.get(0)?, suite: row.get(1)?, public_key: row.get(2)? })
        })?;
        Ok(keys.collect::<Result<_, _>>()?)
    }

    /// Gives a ticket, the same one to the same id.
    pub fn ticket(&mut self, id: &str, prefix: &str, now: Timestamp) -> Result<Ticket, ServeError> {
        let day = clock::day(now).to_string();
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(
            "INSERT OR IGNORE INTO tickets SELECT ?1, ?2, ?3, 1 + count(*), ?4
             FROM tickets WHERE day = ?2 AND prefix = ?3",
            params![id, day, prefix, now.to_string()],
        )?;
        let ticket = transaction.query_row(
            "SELECT prefix, serial, issued_at FROM tickets WHERE client_ticket_id = ?1",
            [id],
            |row| {
                let (prefix, serial): (String, i64) = (row.get(0)?, row.get(1)?);
                Ok(Ticket {
                    client_ticket_id: id.to_owned(),
                    number: format!("{prefix}{serial:03}"),
                    waiting: serial - 1,
                    issued_at: row.get(2)?,
                })
            },
        )?;
        transaction.commit()?;
        Ok(ticket)
    }
}

/// Area, day and a serial of at least four digits, counted anew each day.
fn next_number(connection: &Connection, day: Date) -> Result<String, ServeError> {
    let prefix = format!("{AREA}{}", day.strftime("%Y%m%d"));
    let today: i64 =
        connection.query_row("SELECT count(*) FROM cases WHERE substr(case_number, 1, 14) = ?1", [&prefix], |row| {
            row.get(0)
        })?;
    Ok(format!("{prefix}{:04}", today + 1))
}

fn find(connection: &Connection, id: &str) -> Result<Option<Case>, ServeError> {
    let found =
        connection.query_row("SELECT * FROM cases WHERE client_submission_id = ?1", [id], read_case).optional()?;
    Ok(found)
}

fn read_case(row: &Row<'_>) -> rusqlite::Result<Case> {
    let fields: String = row.get("fields")?;
    let fields = serde_json::from_str(&fields)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(8, rusqlite::types::Type::Text, Box::new(error)))?;
    Ok(Case {
        client_submission_id: row.get("client_submission_id")?,
        body_digest: row.get("body_digest")?,
        sequence: row.get("sequence")?,
        terminal: row.get("terminal")?,
        case_number: row.get("case_number")?,
        query_code: row.get("query_code")?,
        item_code: row.get("item_code")?,
        item_name: row.get("item_name")?,
        fields,
        accepted_at: row.get("accepted_at")?,
        promise_date: row.get("promise_date")?,
        state: row.get("state")?,
        raw_text: row.get("raw_text")?,
        since: row.get("since")?,
    })
}
