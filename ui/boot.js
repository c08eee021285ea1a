// The security policy forbids inline script, so starting the WASM has a file of its own.
import init from "./ui.js";

init({ module_or_path: new URL("./ui_bg.wasm", import.meta.url) });
