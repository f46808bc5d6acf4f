//! Why an update was not taken: stable codes, and one plain line each for screen and log.
//!
//! RAUC tells its reasons as English sentences. The table here reads the words that have stood in them for years; what it
//! does not know becomes `update.failed`, and the sentence goes to the log. Nothing is guessed from an exit code.

use serde::{Deserialize, Serialize};

/// Why an update was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// For another model of machine.
    WrongModel,
    /// Older than what runs here.
    Older,
    /// The same version as what runs here.
    Same,
    /// It says no version, or none that can be compared.
    NoVersion,
    /// Not signed by the key this machine trusts.
    Signature,
    /// The file ends too early.
    Truncated,
    /// The content does not match its check sums.
    Damaged,
    /// It could not read what is kept on this machine.
    Schema,
    /// No room for it.
    NoSpace,
    /// The bundle cannot be fetched.
    Unreachable,
    /// The installer is not there, or went away in the middle.
    NoInstaller,
    /// The installer is doing something else.
    Busy,
    /// The technician said no.
    Declined,
    /// Anything else; the log has the installer's words.
    Failed,
}

/// Words of the installer, in the order they are looked for: a sentence may hold several.
const WORDS: &[(&str, Refusal)] = &[
    ("compatible mismatch", Refusal::WrongModel),
    ("version mismatch", Refusal::Older),
    ("already processing", Refusal::Busy),
    ("no space left", Refusal::NoSpace),
    ("not enough space", Refusal::NoSpace),
    ("signature size", Refusal::Truncated),
    ("invalid bundle size", Refusal::Truncated),
    ("bundle size", Refusal::Truncated),
    ("missing bytes", Refusal::Truncated),
    ("bytes missing", Refusal::Truncated),
    ("unexpected end", Refusal::Truncated),
    ("short read", Refusal::Truncated),
    ("beyond end", Refusal::Truncated),
    ("verify error", Refusal::Signature),
    ("signature verification failed", Refusal::Signature),
    ("failed to parse signature", Refusal::Signature),
    ("signature", Refusal::Signature),
    ("certificate", Refusal::Signature),
    ("hash mismatch", Refusal::Damaged),
    ("checksum", Refusal::Damaged),
    ("digest", Refusal::Damaged),
    ("verity", Refusal::Damaged),
    ("input/output error", Refusal::Damaged),
    ("squashfs", Refusal::Damaged),
    ("could not resolve", Refusal::Unreachable),
    ("failed to download", Refusal::Unreachable),
    ("nbd", Refusal::Unreachable),
    ("http", Refusal::Unreachable),
    ("no such file", Refusal::Unreachable),
];

impl Refusal {
    /// All of them, for documents and tests.
    pub const ALL: [Self; 14] = [
        Self::WrongModel,
        Self::Older,
        Self::Same,
        Self::NoVersion,
        Self::Signature,
        Self::Truncated,
        Self::Damaged,
        Self::Schema,
        Self::NoSpace,
        Self::Unreachable,
        Self::NoInstaller,
        Self::Busy,
        Self::Declined,
        Self::Failed,
    ];

    /// Reads the installer's words.
    pub fn of_words(words: &str) -> Self {
        let words = words.to_lowercase();
        WORDS.iter().find(|(word, _)| words.contains(word)).map_or(Self::Failed, |(_, refusal)| *refusal)
    }

    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WrongModel => "update.wrong-model",
            Self::Older => "update.older",
            Self::Same => "update.same",
            Self::NoVersion => "update.no-version",
            Self::Signature => "update.signature",
            Self::Truncated => "update.truncated",
            Self::Damaged => "update.damaged",
            Self::Schema => "update.schema",
            Self::NoSpace => "update.no-space",
            Self::Unreachable => "update.unreachable",
            Self::NoInstaller => "update.no-installer",
            Self::Busy => "update.busy",
            Self::Declined => "update.declined",
            Self::Failed => "update.failed",
        }
    }

    /// One plain line in Chinese, for the technician.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::WrongModel => "这个更新是给别的机型的",
            Self::Older => "这个更新比现在的版本旧",
            Self::Same => "已经是这个版本",
            Self::NoVersion => "这个更新没有写明版本",
            Self::Signature => "这个更新的签名不对，不能安装",
            Self::Truncated => "更新文件不完整，请重新拷贝",
            Self::Damaged => "更新文件有损坏，请重新拷贝",
            Self::Schema => "这个版本读不了本机已保存的申请",
            Self::NoSpace => "存储空间不够",
            Self::Unreachable => "取不到更新文件",
            Self::NoInstaller => "安装程序没有运行",
            Self::Busy => "正在进行另一个安装",
            Self::Declined => "按您的选择，没有安装",
            Self::Failed => "安装没有成功，原因见日志",
        }
    }

    /// One plain line in English.
    pub const fn en(self) -> &'static str {
        match self {
            Self::WrongModel => "made for another model of machine",
            Self::Older => "older than what runs here",
            Self::Same => "this version runs here already",
            Self::NoVersion => "it does not say its version",
            Self::Signature => "not signed by a key trusted here",
            Self::Truncated => "the file is not whole: copy it again",
            Self::Damaged => "the file is damaged: copy it again",
            Self::Schema => "it could not read what is kept here",
            Self::NoSpace => "there is not enough space",
            Self::Unreachable => "it cannot be fetched",
            Self::NoInstaller => "the installer does not run",
            Self::Busy => "another installation is under way",
            Self::Declined => "not installed, as chosen here",
            Self::Failed => "it failed; the log says why",
        }
    }

    /// Whether trying the same update again later may end better.
    pub const fn may_pass(self) -> bool {
        match self {
            Self::NoSpace | Self::Unreachable | Self::NoInstaller | Self::Busy | Self::Truncated => true,
            Self::WrongModel
            | Self::Older
            | Self::Same
            | Self::NoVersion
            | Self::Signature
            | Self::Damaged
            | Self::Schema
            | Self::Declined
            | Self::Failed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_installers_words_are_understood() {
        for (words, refusal) in [
            ("Compatible mismatch: Expected 'bianmin-kiosk' but bundle manifest has 'other'", Refusal::WrongModel),
            ("Version mismatch: Expected at least '1.2.0' but bundle manifest has '1.1.0'", Refusal::Older),
            ("signature verification failed: Verify error: unsuitable certificate purpose", Refusal::Signature),
            ("signature verification failed: error:0200008A:rsa routines::invalid padding", Refusal::Signature),
            ("Signature size (123456) exceeds bundle size", Refusal::Truncated),
            ("Failed mounting bundle: Failed to load dm table: Input/output error", Refusal::Damaged),
            ("Installation error: Failed updating slot rootfs.1: Input/output error", Refusal::Damaged),
            ("Failed updating slot rootfs.1: No space left on device", Refusal::NoSpace),
            ("failed to download bundle: could not resolve host", Refusal::Unreachable),
            ("Already processing a different method", Refusal::Busy),
            ("the moon is in the wrong quarter", Refusal::Failed),
        ] {
            assert_eq!(Refusal::of_words(words), refusal, "{words}");
        }
    }

    #[test]
    fn every_refusal_has_a_code_of_its_own_and_a_line_in_both_languages() {
        let codes: BTreeSet<&str> = Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
        assert_eq!(codes.len(), Refusal::ALL.len());
        for refusal in Refusal::ALL {
            assert!(refusal.code().starts_with("update."));
            assert!(!refusal.zh().is_ascii() && refusal.en().is_ascii(), "{refusal:?}");
        }
    }
}
