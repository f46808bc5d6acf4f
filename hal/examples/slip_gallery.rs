//! Draws the standard slips, normal and large, on 58 and 80 mm paper, and writes one contact sheet:
//! `cargo run -p kiosk-hal --example slip_gallery -- sheet.png`. A second argument is a folder for the single slips.
//!
//! Every slip takes the whole way: layout, bytes, the printer's interpreter, paper.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use kiosk_hal::model::{Align, Block, Slip};
use kiosk_hal::printer::layout::lay_out;
use kiosk_hal::printer::sim::{PaperImage, PrinterModel};
use kiosk_hal::printer::{PaperFont, PrinterProfile};
use kiosk_hal::runner::Elapsed;
use kiosk_hal::sim::DeviceModel as _;

/// Desk between two slips, in dots.
const GAP: usize = 8;

/// The grey of the desk round a slip.
const DESK: u8 = 198;

fn main() -> Result<(), Box<dyn Error>> {
    let out = std::env::args_os().nth(1).map(PathBuf::from).ok_or("usage: slip_gallery FILE.png [FOLDER]")?;
    let font_file = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/fonts/NotoSansCJKsc-Regular.otf");
    let font = Arc::new(PaperFont::from_bytes(std::fs::read(font_file)?)?);
    let mut pictures = Vec::new();
    for profile in [PrinterProfile::cn_kiosk_58(), PrinterProfile::epson_like()] {
        for slip in [kept(false), accepted(false), kept(true), accepted(true), notice()] {
            pictures.push(print(&slip, &profile, &font)?);
        }
    }
    std::fs::write(out, contact_sheet(&pictures).to_png()?)?;
    if let Some(folder) = std::env::args_os().nth(2).map(PathBuf::from) {
        for (number, picture) in pictures.iter().enumerate() {
            std::fs::write(folder.join(format!("{number}.png")), picture.to_png()?)?;
        }
    }
    Ok(())
}

fn print(slip: &Slip, profile: &PrinterProfile, font: &Arc<PaperFont>) -> Result<PaperImage, Box<dyn Error>> {
    let job = lay_out(slip, profile, font)?;
    let mut printer = PrinterModel::new(profile.clone(), Arc::clone(font));
    printer.handle_input(Elapsed::ZERO, &job.bytes);
    while let Some(wake) = printer.poll_wake() {
        printer.poll_output(wake);
    }
    printer.slips().pop().map(|slip| slip.image).ok_or_else(|| "no slip came out".into())
}

fn contact_sheet(pictures: &[PaperImage]) -> PaperImage {
    let width = pictures.iter().map(|picture| picture.width + GAP).sum();
    let height = pictures.iter().map(|picture| picture.height).max().unwrap_or(1);
    let mut pixels = vec![DESK; width * height];
    let mut left = 0;
    for picture in pictures {
        for (y, row) in picture.pixels.chunks_exact(picture.width).enumerate() {
            let start = y * width + left;
            pixels[start..start + picture.width].copy_from_slice(row);
        }
        left += picture.width + GAP;
    }
    PaperImage { width, height, pixels }
}

fn text(text: &str) -> Block {
    Block::Text { text: text.into(), bold: false, align: Align::Left }
}

fn strong(text: &str) -> Block {
    Block::Text { text: text.into(), bold: true, align: Align::Left }
}

fn field(label: &str, value: &str) -> Block {
    Block::Field { label: label.into(), value: value.into() }
}

fn tick(text: &str) -> Block {
    Block::Tick { text: text.into() }
}

fn foot() -> Vec<Block> {
    vec![
        Block::Rule,
        field("地点", "云溪镇人民路1号 一楼大厅"),
        field("时间", "周一至周五 9:00—17:00"),
        field("电话", "0513-0000\u{A0}0000 或 12345"),
        Block::Text { text: "终端YX-01 第000128号".into(), bold: false, align: Align::Centre },
    ]
}

fn kept(large: bool) -> Slip {
    let mut blocks = vec![
        Block::Title { text: "云溪镇\n为民服务中心".into() },
        Block::Framed { text: "已保存".into() },
        Block::Text { text: "还没有送到县里".into(), bold: true, align: Align::Centre },
        Block::Feed { lines: 1 },
        field("事项", "城乡居民基本养老保险参保登记"),
        field("办事人", "测*"),
        field("终端时间", "2026年11月23日 9:41"),
        Block::Feed { lines: 1 },
        Block::Text { text: "保存号".into(), bold: false, align: Align::Centre },
        Block::Number { text: "YX01 0000 0128".into() },
        Block::Rule,
        strong("接下来"),
        text("您的申请已保存在本机。网络恢复后自动送到县里，最迟11月24日（星期二）17:00前。您可以走了，不用再来。"),
        Block::Qr {
            payload: "https://zwfw.example.invalid/q?s=YX0100000128".into(),
            caption: "手机扫码，查进度".into(),
        },
    ];
    blocks.extend(foot());
    Slip { blocks, large }
}

fn accepted(large: bool) -> Slip {
    let mut blocks = vec![
        Block::Title { text: "云溪镇\n为民服务中心".into() },
        Block::Framed { text: "已受理".into() },
        Block::Feed { lines: 1 },
        field("事项", "城乡居民基本养老保险参保登记"),
        field("办事人", "测*"),
        field("终端时间", "2026年11月23日 9:41"),
        Block::Feed { lines: 1 },
        Block::Text { text: "办件号".into(), bold: false, align: Align::Centre },
        Block::Number { text: "3206 8226 1123 0000 0417".into() },
        Block::Text { text: "查询码 8K2M4R".into(), bold: false, align: Align::Centre },
        Block::Rule,
        strong("接下来"),
        text("县里已收到，5个工作日内办结，最迟11月30日（星期一）。结果会发短信到您的手机。"),
        strong("到窗口时请带"),
        tick("居民身份证原件"),
        tick("户口簿（首页和本人页）原件及复印件1份"),
        tick("本人银行卡"),
        Block::Qr { payload: "320682261123000004178K2M4R".into(), caption: "手机或窗口扫码，查进度".into() },
    ];
    blocks.extend(foot());
    Slip { blocks, large }
}

/// A one-time notice with a rare name in it, in two scripts.
fn notice() -> Slip {
    let mut blocks = vec![
        Block::Title { text: "云溪镇为民服务中心".into() },
        Block::Framed { text: "一次性告知单".into() },
        Block::Feed { lines: 1 },
        field("Item", "Enrolment in the basic old-age insurance for residents"),
        field("承办", "云溪镇社会保障所（经办人：测试䶮𠮷）"),
        Block::Rule,
        strong("要带的材料"),
        tick("“一卡通”银行卡；没有的，先到农商银行办理"),
        tick("近期免冠照片2张"),
        text("收费：不收费。法定期限：20个工作日；承诺期限：5个工作日。"),
    ];
    blocks.extend(foot());
    Slip { blocks, large: false }
}
