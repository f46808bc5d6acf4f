//! Themes, offices, services and a guide, for the sample pages.

use kiosk::ipc::*;

use crate::samples::{Words, place};

pub fn tiles(w: &Words) -> Vec<Tile> {
    [
        (
            "old-age",
            "养老和老年补贴",
            "Old age",
            "养老保险、尊老金、认证",
            "Pension, allowance, yearly check",
            3,
            "elder",
        ),
        ("insurance", "医保和社保", "Insurance", "参保登记、补贴", "Enrolment, subsidies", 2, "shield"),
        (
            "hardship",
            "困难和残疾帮扶",
            "Hardship, disability",
            "低保、临时救助、两项补贴",
            "Living allowance, emergency help",
            4,
            "heart",
        ),
        ("family", "生育和家庭", "Birth and family", "生育登记", "Birth registration", 1, "child"),
        ("work", "开店和就业", "Business and work", "个体工商户、就业补贴", "Licence, work subsidies", 2, "shop"),
        ("veterans", "退役军人", "Veterans", "优待证", "Privilege card", 1, "medal"),
    ]
    .into_iter()
    .map(|(id, zh, en, zh_summary, en_summary, count, icon)| Tile {
        id: id.into(),
        title: w.t(zh, en),
        summary: w.t(zh_summary, en_summary),
        count,
        icon: icon.into(),
    })
    .collect()
}

pub fn departments(w: &Words) -> Vec<Tile> {
    [
        ("rs", "人力资源和社会保障局", "Human Resources and Social Security", 3, "briefcase"),
        ("mz", "民政局", "Civil Affairs", 3, "heart"),
        ("yb", "医疗保障局", "Healthcare Security", 1, "shield"),
        ("cl", "残疾人联合会", "Disabled Persons' Federation", 1, "person"),
        ("wj", "卫生健康委员会", "Health Commission", 1, "child"),
        ("tj", "退役军人事务局", "Veterans Affairs", 1, "medal"),
        ("sc", "市场监督管理局", "Market Regulation", 1, "shop"),
        ("zf", "镇人民政府", "Town Government", 2, "building"),
        ("nj", "农业农村局", "Agriculture and Rural Affairs", 1, "sprout"),
    ]
    .into_iter()
    .map(|(id, zh, en, count, icon)| Tile {
        id: id.into(),
        title: w.t(zh, en),
        summary: String::new(),
        count,
        icon: icon.into(),
    })
    .collect()
}

pub fn rows(w: &Words) -> Vec<ItemRow> {
    [
        (
            "我要参加居民养老保险",
            "Join the residents' pension",
            "城乡居民基本养老保险参保登记",
            "Resident pension insurance: enrolment",
            "人社局",
            "Social Security",
            CanDo::Apply,
        ),
        (
            "领取居民养老金的年度认证",
            "Yearly check for the pension",
            "城乡居民基本养老保险待遇领取资格认证",
            "Resident pension: yearly entitlement confirmation",
            "人社局",
            "Social Security",
            CanDo::Prefill,
        ),
        (
            "满 80 岁领尊老金",
            "Old-age allowance from 80",
            "尊老金（高龄津贴）申领",
            "Old-age allowance: application",
            "民政局",
            "Civil Affairs",
            CanDo::Apply,
        ),
        (
            "申请低保",
            "Minimum living allowance",
            "最低生活保障申请",
            "Minimum living allowance: application",
            "镇人民政府",
            "Town Government",
            CanDo::GuideOnly,
        ),
        (
            "办个体户营业执照",
            "Licence for a small business",
            "个体工商户设立登记",
            "Individual business: establishment registration",
            "市场监管局",
            "Market Regulation",
            CanDo::WindowOnly,
        ),
    ]
    .into_iter()
    .map(|(plain, plain_en, name, name_en, department, department_en, can)| ItemRow {
        id: name.into(),
        plain_name: w.t(plain, plain_en),
        name: w.t(name, name_en),
        department: w.t(department, department_en),
        can,
    })
    .collect()
}

pub fn guide(w: &Words, can: CanDo, part: GuidePart, slip: SlipState) -> Body {
    let need = |zh, en, note_zh: &str, note_en: &str, by_card, need| Material {
        name: w.t(zh, en),
        note: w.t(note_zh, note_en),
        by_card,
        need,
    };
    Body::Item(Box::new(ItemGuide {
        plain_name: w.t("我要参加居民养老保险", "Join the residents' pension"),
        name: w.t("城乡居民基本养老保险参保登记", "Resident pension insurance: enrolment"),
        can,
        code: "11320699000000019H432209990100001".into(),
        owner: w.t("示例县人力资源和社会保障局（示例）", "Shili County Human Resources and Social Security (sample)"),
        level: 4,
        who: vec![
            w.t("年满 16 周岁，不含在校学生", "From 16 years, not at school"),
            w.t("不属于职工基本养老保险覆盖范围", "Not in the employees' pension"),
        ],
        bring: vec![
            need("居民身份证", "Resident ID card", "", "", true, Need::Required),
            need(
                "居民户口簿（首页及本人页）",
                "Household register (first page and own page)",
                "原件，看一看就还",
                "Original, only to be shown",
                false,
                Need::MayFollow,
            ),
            need("低保或残疾证明", "Proof of allowance or disability", "", "", false, Need::Optional),
        ],
        how_long: HowLong::WorkingDays { count: 3 },
        fee: None,
        visits: 0,
        visits_why: String::new(),
        places: vec![place(w)],
        phone: "0513-0000 0001".into(),
        complaints_phone: "0513-0000 0002".into(),
        flow: vec![
            FlowStep {
                step: w.t("申报", "Apply"),
                who: w.t("申请人", "Applicant"),
                what: w.t("在网上、自助终端或村、镇窗口填报", "Fill in online, here, or at the window"),
            },
            FlowStep {
                step: w.t("初审", "First look"),
                who: w.t("村（社区）协办员", "Village assistant"),
                what: w.t("核对身份和材料", "Identity and materials are compared"),
            },
            FlowStep {
                step: w.t("审核", "Examine"),
                who: w.t("县级社保经办机构", "County insurance office"),
                what: w.t("复核参保信息并反馈结果", "The entry is examined and answered"),
            },
            FlowStep {
                step: w.t("办结", "Finish"),
                who: w.t("县级社保经办机构", "County insurance office"),
                what: w.t("登记成功，告知缴费方式", "You are entered and told how to pay"),
            },
        ],
        law: vec![
            w.t("《中华人民共和国社会保险法》", "Social Insurance Law"),
            w.t(
                "《国务院关于建立统一的城乡居民基本养老保险制度的意见》（国发〔2014〕8号）",
                "State Council Opinions on a unified residents' pension (2014, no. 8)",
            ),
        ],
        result: w.t("参保登记结果（告知，无证件）", "Result of the enrolment (a message, no document)"),
        remedies: vec![
            w.t("对办理结果不服的，可以依法申请行政复议", "You may ask for administrative review"),
            w.t("可以依法向有管辖权的人民法院提起行政诉讼", "You may go to the people's court"),
        ],
        questions: vec![
            (
                w.t("在校学生能参保吗？", "Can pupils join?"),
                w.t("不能，在校学生不在参保范围。", "No, those at school are not covered."),
            ),
            (
                w.t("需要缴费才能登记吗？", "Must I pay to enrol?"),
                w.t(
                    "登记本身不收费；养老保险费按所选档次另行缴纳。",
                    "Enrolment is free; the premium is paid by the level you choose.",
                ),
            ),
        ],
        source: w.t("示例内容，2026年11月20日更新", "Sample content, updated 2026-11-20"),
        part,
        can_print: true,
        slip,
    }))
}

pub fn full(page: usize) -> GuidePart {
    GuidePart::Full { pages: Pages { page, of: 3 } }
}
