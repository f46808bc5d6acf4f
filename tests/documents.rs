//! What the documents say about the code, compared with the code.
//!
//! README and ARCHITECTURE name files, commands, imports, page changes and tests. Each of them is read here out of the
//! document and looked for in the tree; a rename that forgets the document fails. The licences of everything that is
//! linked are compared with the list in `deny.toml`, and no text of the tree may speak of the machine it was written on.
//!
//! Left out: whether a command works (the visits and the command line's own tests do that), and TOML blocks (the tests
//! of the configuration parse them).

#[path = "documents/architecture.rs"]
mod architecture;
#[path = "documents/commands.rs"]
mod commands;
#[path = "documents/licences.rs"]
mod licences;
#[path = "documents/tree.rs"]
mod tree;
#[path = "documents/words.rs"]
mod words;
