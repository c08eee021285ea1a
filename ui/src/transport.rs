//! How calls reach the service and events come back: Tauri's IPC, in bytes of [`api::encode`].
//!
//! A call is the command `call` with a raw body; it returns an `ArrayBuffer` with an
//! [`api::Answer`]. Events come over a channel, numbered, because messages of different sizes take
//! different ways and may overtake each other.

mod order;

use std::cell::RefCell;

use api::{Answer, ApiError, Call, ErrorCode, Event};
use js_sys::{Array, ArrayBuffer, Function, Object, Reflect, Uint8Array};
use order::InOrder;
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["window", "__TAURI_INTERNALS__"], js_name = invoke)]
    async fn invoke(command: &str, arguments: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["window", "__TAURI_INTERNALS__"], js_name = transformCallback)]
    fn transform_callback(callback: &Function) -> Result<JsValue, JsValue>;
}

/// Asks the service.
///
/// # Errors
/// What the service answers; [`ErrorCode::Internal`] if it cannot be reached.
pub async fn call(call: Call) -> Answer {
    let body = Uint8Array::from(api::encode(&call).as_slice());
    let answer = invoke("call", &body).await.map_err(unreachable_service)?;
    let bytes = bytes_of(&answer).ok_or_else(|| ApiError::new(ErrorCode::Malformed, "the answer is not bytes"))?;
    api::decode::<Answer>(&bytes)?
}

/// Runs a command of the shell with named text arguments, for example a native dialog.
///
/// # Errors
/// [`ErrorCode::Internal`] with the shell's sentence.
pub async fn shell(command: &str, arguments: &[(&str, &str)]) -> Result<JsValue, ApiError> {
    let object = Object::new();
    for (name, value) in arguments {
        Reflect::set(&object, &JsValue::from_str(name), &JsValue::from_str(value)).map_err(unreachable_service)?;
    }
    invoke(command, &object).await.map_err(unreachable_service)
}

/// Has `on_event` called with every event, in order, for as long as the page lives.
///
/// # Errors
/// [`ErrorCode::Internal`] if the service cannot be reached.
pub async fn listen(on_event: impl Fn(Event) + 'static) -> Result<(), ApiError> {
    let order = RefCell::new(InOrder::default());
    let receive = Closure::<dyn Fn(JsValue)>::new(move |numbered: JsValue| {
        let field = |name: &str| Reflect::get(&numbered, &JsValue::from_str(name)).unwrap_or_default();
        let Some(index) = field("index").as_f64() else { return };
        let bytes = bytes_of(&field("message"));
        let ready = order.borrow_mut().push(index as u64, bytes);
        for event in ready.into_iter().flatten().filter_map(|bytes| api::decode(&bytes).ok()) {
            on_event(event);
        }
    });
    let id = transform_callback(receive.as_ref().unchecked_ref()).map_err(unreachable_service)?;
    receive.forget();
    let id = id.as_f64().unwrap_or_default() as u64;
    shell("events", &[("channel", &format!("__CHANNEL__:{id}"))]).await.map(|_| ())
}

/// The bytes in an `ArrayBuffer`, a typed array or, where the fast way is closed, an array of numbers.
fn bytes_of(value: &JsValue) -> Option<Vec<u8>> {
    if value.is_instance_of::<ArrayBuffer>() || value.is_instance_of::<Array>() {
        return Some(Uint8Array::new(value).to_vec());
    }
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}

fn unreachable_service(reason: JsValue) -> ApiError {
    let reason =
        reason.as_string().or_else(|| reason.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message())));
    ApiError::new(ErrorCode::Internal, reason.unwrap_or_else(|| "the service cannot be reached".to_owned()))
}
