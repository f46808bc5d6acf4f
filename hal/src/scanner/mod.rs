//! Barcode and QR scanner (扫码器).
