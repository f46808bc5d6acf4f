//! Logs and the event catalogue.
