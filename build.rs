//! Compiles the screens of `ui/` when the screen half is part of the build, and the bench window beside them for the
//! demo on the desk.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(feature = "screen")]
    {
        use slint_build::{CompilerConfiguration, DefaultTranslationContext, EmbedResourcesKind};

        // Debug info keeps element ids and accessible labels findable: visits are played and tests are written by label.
        let config = CompilerConfiguration::new()
            .with_style("fluent".into())
            .embed_resources(EmbedResourcesKind::EmbedFiles)
            .with_bundled_translations("ui/i18n")
            .with_default_translation_context(DefaultTranslationContext::None)
            .with_debug_info(true);
        if let Err(error) = slint_build::compile_with_config("ui/app.slint", config) {
            println!("cargo::error=failed to compile ui/app.slint: {error}");
            return ExitCode::FAILURE;
        }
        println!("cargo::rerun-if-changed=ui/i18n");
    }
    #[cfg(feature = "desk")]
    if let Err(error) = bench() {
        println!("cargo::error=failed to compile ui/bench.slint: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Compiles the bench window into a file of its own: what the screens of the machine are made from never names it. It
/// has no translations, so the languages that the toolkit knows stay those of the kiosk.
#[cfg(feature = "desk")]
fn bench() -> Result<(), Box<dyn std::error::Error>> {
    use slint_build::{CompilerConfiguration, EmbedResourcesKind};

    let source = std::path::Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("ui").join("bench.slint");
    let made = std::path::Path::new(&std::env::var("OUT_DIR")?).join("bench.rs");
    let config = CompilerConfiguration::new()
        .with_style("fluent".into())
        .embed_resources(EmbedResourcesKind::EmbedFiles)
        .with_debug_info(true);
    for file in slint_build::compile_with_output_path(source, made, config)? {
        println!("cargo::rerun-if-changed={}", file.display());
    }
    Ok(())
}
