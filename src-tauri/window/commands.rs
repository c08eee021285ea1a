//! What the page may ask of the shell, through `window.__TAURI_INTERNALS__`:
//!
//! - `invoke("call", uint8Array)`: the array is an encoded [`api::Call`]; an `ArrayBuffer` with an
//!   encoded [`api::Answer`] comes back. It never rejects: failures are in the answer.
//! - `invoke("events", { channel: "__CHANNEL__:" + transformCallback(f) })`: from now on `f` gets
//!   `{ index, message }`, where `message` is an `ArrayBuffer` with one encoded [`api::Event`].
//!   Messages may overtake each other; `index` counts from 0. A page that asks again takes over.
//! - `invoke("open_link", { url })`: shows an http or https address and, once confirmed, opens it
//!   in the browser. Resolves to whether it did; rejects with a sentence.
//! - `invoke("pick_files")`: lets files be picked and opens them: what comes of it are the events
//!   `Show` and `Failed`. Resolves to how many were picked.
//! - `invoke("export_traces", { traces })`: asks where to, and writes these traces, ids with spaces between them, as
//!   OTLP/JSON. Resolves to the path, or to null where the dialog was dismissed; rejects with a sentence.
//!
//! Each is granted in `capabilities/main.json`; nothing of Tauri's own is.

use std::{env, path::PathBuf};

use api::{Answer, ApiError, Call, ErrorCode, ExportFormat, Reply, model::TraceId};
use tauri::{
    Url, WebviewWindow,
    ipc::{Channel, InvokeBody, InvokeResponseBody, Request, Response},
};

use crate::{dialogs, file, is_automated, shell::Shell};

/// Names a file that `pick_files` takes instead of asking, for tests: dialogs cannot be clicked.
const TEST_PICK_VARIABLE: &str = "SPANSCOPE_TEST_PICK_FILE";

/// Names the file that `export_traces` writes instead of asking.
const TEST_SAVE_VARIABLE: &str = "SPANSCOPE_TEST_SAVE_FILE";

/// Carries a call to the service and its answer back.
#[tauri::command]
pub(crate) async fn call(request: Request<'_>, shell: tauri::State<'_, Shell>) -> Result<Response, ()> {
    let answer: Answer = match decode(request.body()) {
        Ok(call) => shell.session().call(call).await,
        Err(err) => Err(err),
    };
    Ok(Response::new(api::encode(&answer)))
}

fn decode(body: &InvokeBody) -> Result<Call, ApiError> {
    match body {
        InvokeBody::Raw(bytes) => api::decode(bytes),
        // How a typed array arrives where the webview does not let Tauri's own protocol through.
        InvokeBody::Json(json) => {
            let bytes: Vec<u8> = serde::Deserialize::deserialize(json)
                .map_err(|_| ApiError::new(ErrorCode::Malformed, "a call is bytes"))?;
            api::decode(&bytes)
        }
    }
}

/// Sends the events to this page from now on.
#[tauri::command]
pub(crate) fn events(channel: Channel<InvokeResponseBody>, shell: tauri::State<'_, Shell>) {
    shell.outbox().connect(channel);
}

/// Opens a link in the browser once it is confirmed.
#[tauri::command]
pub(crate) async fn open_link(url: String, window: WebviewWindow) -> Result<bool, String> {
    let url = link(&url).ok_or("only http and https addresses are opened")?;
    if is_automated() || !dialogs::confirm_link(&window, &url).await {
        return Ok(false);
    }
    open::that_detached(url.as_str()).map_err(|err| format!("the browser cannot be started: {err}"))?;
    Ok(true)
}

/// The address, if it is one that a browser may be asked to open.
fn link(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Lets files be picked and opens them.
#[tauri::command]
pub(crate) async fn pick_files(window: WebviewWindow, shell: tauri::State<'_, Shell>) -> Result<usize, ()> {
    let picked = match env::var_os(TEST_PICK_VARIABLE) {
        Some(file) => vec![PathBuf::from(file)],
        None if is_automated() => Vec::new(),
        None => dialogs::pick_files(&window).await,
    };
    let number = picked.len();
    shell.open_files(picked).await;
    Ok(number)
}

/// Asks where to, and writes traces there.
#[tauri::command]
pub(crate) async fn export_traces(
    traces: String,
    window: WebviewWindow,
    shell: tauri::State<'_, Shell>,
) -> Result<Option<String>, String> {
    let trace_ids: Result<Vec<TraceId>, _> = traces.split_whitespace().map(str::parse).collect();
    let trace_ids = trace_ids.ok().filter(|ids| !ids.is_empty()).ok_or("these are no ids of traces")?;
    let name = match trace_ids.as_slice() {
        [one] => format!("trace-{one}.json"),
        many => format!("{}-traces.json", many.len()),
    };
    let path = match env::var_os(TEST_SAVE_VARIABLE) {
        Some(file) => Some(PathBuf::from(file)),
        None if is_automated() => None,
        None => dialogs::save_file(&window, &name).await,
    };
    let Some(path) = path else { return Ok(None) };
    let call = Call::Export { trace_ids, format: ExportFormat::OtlpJson };
    let bytes = match shell.session().call(call).await {
        Ok(Reply::File(bytes)) => bytes,
        Ok(_) => return Err("the export was answered with something else: this is a defect of Spanscope".to_owned()),
        Err(err) => return Err(err.sentence),
    };
    let shown = path.display().to_string();
    let written = tauri::async_runtime::spawn_blocking(move || file::write(&path, &bytes)).await;
    match written {
        Ok(Ok(())) => Ok(Some(shown)),
        Ok(Err(err)) => Err(format!("{shown} cannot be written: {err}")),
        Err(_) => Err(format!("{shown} was not written")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_links() {
        for good in ["http://localhost:8080/a?b#c", "HTTPS://example.com", "https://xn--bcher-kva.example/"] {
            assert!(link(good).is_some(), "{good}");
        }
        let bad =
            ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "example.com", "", "//a"];
        for bad in bad {
            assert!(link(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn calls_are_bytes_in_either_dress() {
        let bytes = api::encode(&Call::Services);
        let numbers = serde_json::json!(bytes);
        assert_eq!(decode(&InvokeBody::Raw(bytes)), Ok(Call::Services));
        assert_eq!(decode(&InvokeBody::Json(numbers)), Ok(Call::Services));
        for bad in [serde_json::json!({"a": 1}), serde_json::json!([256]), serde_json::json!([255, 255])] {
            assert_eq!(decode(&InvokeBody::Json(bad)).map_err(|err| err.code), Err(ErrorCode::Malformed));
        }
    }
}
