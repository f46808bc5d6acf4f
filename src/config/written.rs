//! The keys as they are written, every one optional. What they mean is told in `config/kiosk.toml`.

use serde::Deserialize;

use super::values::{LogFormat, LogLevel, ScannerKind};
use crate::domain::place::{CentreLevel, CountyKind};
use crate::seal::Suite;

/// Declares sections whose keys are all optional and in which no unknown key is taken.
macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $key:ident: $kind:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct $name {
            $($(#[$attr])* pub $key: $kind,)*
        }
    )*};
}

sections! {
    /// A whole file.
    Written {
        kiosk: Kiosk,
        place: Place,
        devices: Devices,
        county: County,
        seal: Seal,
        store: Folder,
        receipt: Receipt,
        catalogue: Catalogue,
        screen: Screen,
        visit: Visit,
        outbox: Outbox,
        engine: Engine,
        update: Update,
        setup: Setup,
        log: Log,
    }
    Kiosk { code: Option<String> }
    Place {
        city: Option<String>,
        city_en: Option<String>,
        county: Option<String>,
        county_en: Option<String>,
        county_code: Option<String>,
        kind: Option<CountyKind>,
        town: Option<String>,
        town_en: Option<String>,
        town_code: Option<String>,
        level: Option<CentreLevel>,
        village: Option<String>,
        village_en: Option<String>,
        village_code: Option<String>,
        window: Window,
    }
    Window {
        name: Option<String>,
        name_en: Option<String>,
        address: Option<String>,
        address_en: Option<String>,
        hours: Option<String>,
        hours_en: Option<String>,
        phone: Option<String>,
    }
    Devices {
        #[serde(rename = "id-reader")]
        id_reader: IdReader,
        printer: Printer,
        scanner: Scanner,
    }
    IdReader {
        present: Option<bool>,
        port: Option<String>,
        /// `"auto"` or a number.
        baud: Option<toml::Value>,
    }
    Printer {
        present: Option<bool>,
        port: Option<String>,
        baud: Option<i64>,
        profile: Option<String>,
    }
    Scanner {
        present: Option<bool>,
        port: Option<String>,
        baud: Option<i64>,
        kind: Option<ScannerKind>,
    }
    County {
        url: Option<String>,
        app_id: Option<String>,
        secret_file: Option<String>,
        ca_file: Option<String>,
        connect_timeout_s: Option<i64>,
        request_timeout_s: Option<i64>,
    }
    Seal {
        suite: Option<Suite>,
        county_key_file: Option<String>,
        lookup_key_file: Option<String>,
    }
    Receipt {
        key_file: Option<String>,
        check_page: Option<String>,
    }
    Folder { folder: Option<String> }
    Catalogue {
        folder: Option<String>,
        installed: Option<String>,
        keys: Option<String>,
    }
    Screen {
        fonts: Option<String>,
        size: Option<String>,
    }
    Visit {
        idle_warning_s: Option<i64>,
        idle_wipe_s: Option<i64>,
        take_s: Option<i64>,
    }
    Outbox {
        backoff_first_s: Option<i64>,
        backoff_cap_s: Option<i64>,
        max_days_offline: Option<i64>,
        max_waiting: Option<i64>,
        min_free_mb: Option<i64>,
        recount_hour: Option<i64>,
        recount_spread_min: Option<i64>,
    }
    Engine { socket: Option<String> }
    Update {
        folder: Option<String>,
        url: Option<String>,
        tenant: Option<String>,
        token_file: Option<String>,
        ca_file: Option<String>,
        window: Option<String>,
        spread_min: Option<i64>,
        quiet_min: Option<i64>,
        stick_folder: Option<String>,
        restart_flag: Option<String>,
    }
    Setup {
        folder: Option<String>,
        enrolment_keys: Option<String>,
        places: Option<String>,
        inbox: Option<String>,
    }
    Log {
        format: Option<LogFormat>,
        level: Option<LogLevel>,
        file: Option<String>,
    }
}
