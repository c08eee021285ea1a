//! Keys for clients beyond loopback.

use api::{ApiError, ErrorCode};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Random bytes in a key: as many as its hash has.
const KEY_BYTES: usize = 32;

/// A new key, of characters that need no quotes anywhere.
pub(crate) fn random() -> Result<String, ApiError> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|err| ApiError::new(ErrorCode::Internal, format!("this machine gives no random bytes: {err}")))?;
    Ok(format!("spanscope_{}", URL_SAFE_NO_PAD.encode(bytes)))
}
