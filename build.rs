//! Compiles the screens of `ui/` when the screen half is part of the build.

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
    ExitCode::SUCCESS
}
