//! Case and outbox store (SQLite).
