/// How a request is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// `application/x-protobuf`, or gRPC.
    Protobuf,
    /// `application/json`: OTLP/JSON.
    Json,
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// RFC 1952; several members too.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// RFC 1950 (zlib), which HTTP calls deflate; raw RFC 1951 too.
    Deflate,
    /// LZ4 block with its length before it: only in the store.
    Lz4,
}
