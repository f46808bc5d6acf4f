//! Configuration: what an installation may decide, and what it may not get wrong.
//!
//! The promise: a [`Config`] holds good values only. A typo, a missing level, a number out of range, a secret written
//! into the file: the start stops with a message that names the file, the key and what to do. No key is ignored.
//!
//! How, in three types. *As written* (`written`): each TOML file by itself, every key optional, unknown keys refused.
//! *Merged* (`layers`): built-in values, then the file, then `FILE.d/*.toml` in the order of their names, then what the
//! machine's set-up wrote (`config.d` in `setup.folder`), then layers the caller adds; a later value wins, and for each key it is known where its value comes from. *Validated* ([`Config`],
//! `validate`, `check`): newtypes and durations, relative paths resolved against the folder of the main file.
//!
//! The shipped reference `config/kiosk.toml` is the documentation; tests parse it and compare it with the built-in values.
//! Left out on purpose: environment variables, secrets (only names of files that hold them), and reloading while
//! running: a kiosk restarts in two seconds.

mod check;
mod error;
mod layers;
mod validate;
mod values;
mod written;

#[cfg(test)]
mod tests;

pub use error::{ConfigError, ConfigErrorKind};
pub use layers::{Layer, Source};
pub use validate::{PlaceSettings, check_county_url};
pub use values::{
    Backoff, Baud, Config, County, Devices, IdReader, Loaded, Log, LogFormat, LogLevel, Packages, Printer,
    PrinterProfileRef, Receipt, Scanner, ScannerKind, Screen, ScreenSize, Seal, Setup, Update, UpdateServer,
    VendorConfig, Visit, Window,
};
