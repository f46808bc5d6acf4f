//! Resident ID card reader (居民身份证阅读机具): SAM/SDT serial protocol.
