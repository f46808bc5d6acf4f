//! Catalogue of items (事项目录).
