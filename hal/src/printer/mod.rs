//! Receipt printer (凭条打印机): ESC/POS.
