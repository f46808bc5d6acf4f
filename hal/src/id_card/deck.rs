//! A deck of invented cards for the simulated reader.
//!
//! The nine cards of the frozen vectors, ten residents of a county that does not exist (area code 320699) and one
//! card whose number fails its check. Every card is kept as the data a module sends, so laying it on the reader
//! changes nothing on the way. [`text`] makes the text of further cards of any kind from their fields.

use std::fmt;

use super::fields::{PHOTO_LENGTH, ReadKind, take_apart};
use super::layout::{Field, TEXT_LENGTH, layout};
use crate::model::CardKind;

/// Frozen replies with the cards of all four kinds.
const FROZEN: &str = include_str!("../../tests/vectors/idcard_cards.hex");

/// First bytes of every photo: format, width 102, height 126.
const PHOTO_HEADER: [u8; 10] = [0x57, 0x4C, 0x66, 0x00, 0x7E, 0x00, 0x32, 0x00, 0x00, 0xFF];

/// Bytes in front of a frozen frame's data: preamble, length, status.
const FROZEN_HEADER: usize = 10;

/// Names for the frozen cards, in the order of the file, and whether they were read with fingerprints.
const FROZEN_CARDS: [(&str, &str, ReadKind); 9] = [
    ("resident_male", "测试员甲 居民身份证", ReadKind::TextAndPhoto),
    ("resident_longterm_x", "阿依测试样例 长期", ReadKind::TextAndPhoto),
    ("resident_rare_char", "测试䶮𠮷 生僻字", ReadKind::TextAndPhoto),
    ("hmt_residence", "测试港甲 港澳台居民居住证", ReadKind::TextAndPhoto),
    ("foreigner_2017", "测试外甲 外国人永居证2017", ReadKind::TextAndPhoto),
    ("foreigner_2023", "测试外乙 外国人永居证2023", ReadKind::TextAndPhoto),
    ("resident_fp0", "测试员甲 无指纹", ReadKind::WithFingerprints),
    ("resident_fp1", "测试员甲 一枚指纹", ReadKind::WithFingerprints),
    ("resident_fp2", "测试员甲 两枚指纹", ReadKind::WithFingerprints),
];

/// What a simulated card holds. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct CardImage {
    /// The text, 256 bytes.
    pub text: [u8; TEXT_LENGTH],
    /// The photo, 1024 bytes.
    pub photo: Vec<u8>,
    /// 0, 512 or 1024 bytes.
    pub fingerprints: Vec<u8>,
}

impl CardImage {
    /// A card with this text, a photo that has the right shape and shows nothing, and no fingerprints.
    pub fn with_text(text: [u8; TEXT_LENGTH]) -> Self {
        Self { text, photo: photo(), fingerprints: Vec::new() }
    }
}

impl fmt::Debug for CardImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardImage(…)")
    }
}

/// A card of the deck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeckCard {
    /// Short name for scripts.
    pub key: &'static str,
    /// Label for people at the bench.
    pub label: &'static str,
    /// The card.
    pub image: CardImage,
}

/// All cards: the frozen ones first, then the residents.
pub fn deck() -> Vec<DeckCard> {
    let mut cards: Vec<DeckCard> = FROZEN_CARDS
        .iter()
        .filter_map(|(key, label, kind)| Some(DeckCard { key, label, image: frozen(key, *kind)? }))
        .collect();
    cards.extend(RESIDENTS.iter().map(Resident::card));
    cards
}

/// The card with this key.
pub fn find(key: &str) -> Option<DeckCard> {
    deck().into_iter().find(|card| card.key == key)
}

/// Makes a card's text. Fields this kind of card does not have are ignored, values longer than their field are cut,
/// and the character that tells the kind is set by itself.
pub fn text(kind: CardKind, fields: &[(Field, &str)]) -> [u8; TEXT_LENGTH] {
    let kind_mark = match kind {
        CardKind::Resident => " ",
        CardKind::HmtResidence => "J",
        CardKind::ForeignPermanent2017 => "I",
        CardKind::ForeignPermanent2023 => "Y",
    };
    let mut text = [0; TEXT_LENGTH];
    for blank in text.chunks_exact_mut(2) {
        blank.copy_from_slice(&u16::from(b' ').to_le_bytes());
    }
    for (field, value) in fields.iter().copied().chain([(Field::CardType, kind_mark)]) {
        let Some((_, offset, length)) = layout(kind).iter().find(|(known, _, _)| *known == field) else { continue };
        let Some(place) = text.get_mut(*offset..offset + length) else { continue };
        for (unit, place) in value.encode_utf16().zip(place.chunks_exact_mut(2)) {
            place.copy_from_slice(&unit.to_le_bytes());
        }
    }
    text
}

/// A photo of the right shape: the header, then bytes of a fixed sequence. It does not decode to a picture.
pub fn photo() -> Vec<u8> {
    let mut photo = PHOTO_HEADER.to_vec();
    let mut state: u32 = 0x2545_F491;
    while photo.len() < PHOTO_LENGTH {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        photo.extend_from_slice(&state.to_le_bytes());
    }
    photo.truncate(PHOTO_LENGTH);
    photo
}

/// A resident of the invented county.
struct Resident {
    key: &'static str,
    label: &'static str,
    name: &'static str,
    sex: &'static str,
    ethnicity: &'static str,
    birth: &'static str,
    address: &'static str,
    number: &'static str,
    valid_from: &'static str,
    valid_to: &'static str,
}

impl Resident {
    fn card(&self) -> DeckCard {
        let text = text(
            CardKind::Resident,
            &[
                (Field::Name, self.name),
                (Field::Sex, self.sex),
                (Field::Ethnicity, self.ethnicity),
                (Field::Birth, self.birth),
                (Field::Address, self.address),
                (Field::Number, self.number),
                (Field::Authority, "示例县公安局"),
                (Field::ValidFrom, self.valid_from),
                (Field::ValidTo, self.valid_to),
            ],
        );
        DeckCard { key: self.key, label: self.label, image: CardImage::with_text(text) }
    }
}

/// Ten residents of various ages, and one card that a reader must not accept silently.
const RESIDENTS: [Resident; 11] = [
    Resident {
        key: "wang_guifang",
        label: "王桂芳 82岁 长期",
        name: "王桂芳",
        sex: "2",
        ethnicity: "01",
        birth: "19440312",
        address: "江苏省示例县示例镇示例村一组12号",
        number: "320699194403120021",
        valid_from: "20140601",
        valid_to: "长期",
    },
    Resident {
        key: "zhou_decai",
        label: "周德才 91岁 长期",
        name: "周德才",
        sex: "1",
        ethnicity: "01",
        birth: "19350820",
        address: "江苏省示例县示例镇示例村三组5号",
        number: "320699193508200111",
        valid_from: "20060315",
        valid_to: "长期",
    },
    Resident {
        key: "ma_xiulan",
        label: "马秀兰 回族 85岁",
        name: "马秀兰",
        sex: "2",
        ethnicity: "03",
        birth: "19410105",
        address: "江苏省示例县示例镇示例村二组8号",
        number: "320699194101050240",
        valid_from: "20100101",
        valid_to: "长期",
    },
    Resident {
        key: "chen_jianguo",
        label: "陈建国 61岁",
        name: "陈建国",
        sex: "1",
        ethnicity: "01",
        birth: "19650918",
        address: "江苏省示例县示例镇示例村四组21号",
        number: "320699196509180179",
        valid_from: "20150320",
        valid_to: "20350320",
    },
    Resident {
        key: "liu_xiaoyan",
        label: "刘晓燕 35岁",
        name: "刘晓燕",
        sex: "2",
        ethnicity: "01",
        birth: "19910226",
        address: "江苏省示例县示例镇示例村一组30号",
        number: "320699199102260429",
        valid_from: "20210401",
        valid_to: "20410401",
    },
    Resident {
        key: "zhao_da",
        label: "赵龘 28岁 生僻字",
        name: "赵龘",
        sex: "1",
        ethnicity: "01",
        birth: "19980707",
        address: "江苏省示例县示例镇示例村五组2号",
        number: "320699199807070350",
        valid_from: "20180710",
        valid_to: "20280710",
    },
    Resident {
        key: "jin_ji",
        label: "金𠮷 44岁 扩展字",
        name: "金𠮷",
        sex: "1",
        ethnicity: "10",
        birth: "19820415",
        address: "江苏省示例县示例镇示例村二组16号",
        number: "320699198204150533",
        valid_from: "20220501",
        valid_to: "20420501",
    },
    Resident {
        key: "sun_lei",
        label: "孙磊 50岁 证件过期",
        name: "孙磊",
        sex: "1",
        ethnicity: "01",
        birth: "19760530",
        address: "江苏省示例县示例镇示例村六组9号",
        number: "320699197605300198",
        valid_from: "20050608",
        valid_to: "20250608",
    },
    Resident {
        key: "wu_tong",
        label: "吴桐 14岁",
        name: "吴桐",
        sex: "2",
        ethnicity: "01",
        birth: "20120611",
        address: "江苏省示例县示例镇示例村三组18号",
        number: "320699201206110265",
        valid_from: "20230901",
        valid_to: "20280901",
    },
    Resident {
        key: "a_yi_gu_li",
        label: "阿依古丽·吐尔逊 维吾尔族 66岁",
        name: "阿依古丽·吐尔逊",
        sex: "2",
        ethnicity: "05",
        birth: "19600229",
        address: "江苏省示例县示例镇示例村七组1号",
        number: "320699196002290440",
        valid_from: "20200101",
        valid_to: "长期",
    },
    Resident {
        key: "wrong_check_digit",
        label: "李明 校验码错误",
        name: "李明",
        sex: "1",
        ethnicity: "01",
        birth: "19700101",
        address: "江苏省示例县示例镇示例村八组3号",
        number: "320699197001010131",
        valid_from: "20160601",
        valid_to: "20360601",
    },
];

/// One frozen frame as a card.
fn frozen(key: &str, kind: ReadKind) -> Option<CardImage> {
    let frame = frozen_bytes(key)?;
    let data = frame.get(FROZEN_HEADER..frame.len().checked_sub(1)?)?;
    let parts = take_apart(data, kind).ok()?;
    Some(CardImage { text: *parts.text, photo: parts.photo.to_vec(), fingerprints: parts.fingerprints.to_vec() })
}

/// The bytes of a record of the frozen file.
fn frozen_bytes(key: &str) -> Option<Vec<u8>> {
    let mut lines = FROZEN.lines().skip_while(|line| line.strip_prefix('@') != Some(key)).skip(1);
    let mut bytes = Vec::new();
    for line in lines.by_ref().take_while(|line| !line.starts_with('@')).filter(|line| !line.starts_with('#')) {
        for byte in line.split_whitespace() {
            bytes.push(u8::from_str_radix(byte, 16).ok()?);
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}
