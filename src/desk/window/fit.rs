//! Sizes and places of the two windows, as arithmetic.

/// The kiosk's screen upright, in logical pixels.
const UPRIGHT: (u32, u32) = (1080, 1920);

/// The kiosk's screen lying, in logical pixels.
const LYING: (u32, u32) = (1280, 800);

/// The most the bench needs, in logical pixels: so wide a slip is as large as on paper. It is not scaled with the kiosk.
const BENCH: (u32, u32) = (1340, 1200);

/// The least the bench needs, in logical pixels.
const BENCH_LEAST: (u32, u32) = (760, 480);

/// Left free above and below for panels and title bars, in logical pixels.
const FRAME: u32 = 96;

/// Between the windows and to the edge of the monitor, in logical pixels.
const GAP: u32 = 24;

/// A window's rectangle in pixels of the monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// From the left edge.
    pub x: i32,
    /// From the upper edge.
    pub y: i32,
    /// Width without frame.
    pub width: u32,
    /// Height without frame.
    pub height: u32,
}

/// Where the two windows go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fit {
    /// The kiosk.
    pub kiosk: Place,
    /// The bench.
    pub bench: Place,
}

/// Puts the kiosk upright at the left, as high as a monitor of `width` × `height` pixels allows, and the bench beside
/// it. `dots` is the monitor's own scale.
pub(super) fn fit(width: u32, height: u32, dots: f64) -> Fit {
    let own = |logical: u32| (f64::from(logical) * dots).round() as u32;
    let gap = own(GAP);
    let high = height.saturating_sub(own(FRAME)).clamp(UPRIGHT.1 / 8, UPRIGHT.1);
    let broad = (high * UPRIGHT.0).div_ceil(UPRIGHT.1);
    let left = gap + broad + gap;
    let bench_broad = own(BENCH.0).min(width.saturating_sub(left + gap)).max(own(BENCH_LEAST.0));
    let bench_left = left.min(width.saturating_sub(bench_broad));
    let place = |x: u32, width: u32, height: u32| Place {
        x: i32::try_from(x).unwrap_or_default(),
        y: i32::try_from(own(FRAME) / 3).unwrap_or_default(),
        width,
        height,
    };
    let bench_high = own(BENCH.1).min(height.saturating_sub(own(FRAME))).max(own(BENCH_LEAST.1));
    Fit { kiosk: place(gap, broad, high), bench: place(bench_left, bench_broad, bench_high) }
}

/// How large the kiosk is drawn in a window of this size: the whole screen is in it, upright or lying.
pub(super) fn scale(width: u32, height: u32) -> f32 {
    let design = if width > height { LYING } else { UPRIGHT };
    (width as f32 / design.0 as f32).min(height as f32 / design.1 as f32).max(0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_common_monitors_both_windows_are_whole_and_beside_each_other() {
        for (width, height, dots) in [(1920, 1080, 1.0), (1920, 1200, 1.0), (2560, 1440, 1.0), (3840, 2160, 2.0)] {
            let Fit { kiosk, bench } = fit(width, height, dots);
            for place in [kiosk, bench] {
                assert!(place.x >= 0 && place.x as u32 + place.width <= width, "{place:?} on {width}");
                assert!(place.y >= 0 && place.y as u32 + place.height <= height, "{place:?} on {height}");
            }
            assert!(kiosk.x as u32 + kiosk.width < bench.x as u32, "{kiosk:?} {bench:?}");
        }
    }

    #[test]
    fn the_kiosk_keeps_its_form_and_is_never_drawn_larger_than_it_is() {
        let kiosk = fit(1920, 1080, 1.0).kiosk;
        assert_eq!((kiosk.width, kiosk.height), (554, 984));
        let kiosk = fit(7680, 4320, 1.0).kiosk;
        assert_eq!((kiosk.width, kiosk.height), (1080, 1920));
    }

    #[test]
    fn a_small_laptop_still_shows_both_though_the_bench_is_narrower() {
        let Fit { kiosk, bench } = fit(1366, 768, 1.0);
        assert!(kiosk.height >= 660, "{kiosk:?}");
        assert!(bench.width >= 900 && bench.x as u32 + bench.width <= 1366, "{bench:?}");
    }

    #[test]
    fn the_whole_screen_is_in_the_window_whatever_its_size() {
        for (width, height) in [(540, 960), (700, 960), (540, 1200), (1280, 800), (1920, 1000)] {
            let factor = scale(width, height);
            let design = if width > height { LYING } else { UPRIGHT };
            assert!(width as f32 / factor >= design.0 as f32 - 0.5, "{width}×{height}");
            assert!(height as f32 / factor >= design.1 as f32 - 0.5, "{width}×{height}");
        }
        assert!((scale(540, 960) - 0.5).abs() < 1e-6);
    }
}
