//! Nothing but tests; see `tests/device_interface.rs`.
