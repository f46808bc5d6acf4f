//! County platform client.
