//! `export`: traces into a file.

use std::{
    io::{Write, stdout},
    path::Path,
};

use api::{Call, Reply};
use service::Reading;

use crate::{
    args::{Export, Format},
    common::Common,
    file,
    outcome::{Failure, Outcome, expect, say},
    render::quantity::count,
};

/// Writes the traces.
pub(crate) async fn run(common: &Common, export: Export) -> Outcome {
    let Export { trace_ids, format, output } = export;
    let number = u64::try_from(trace_ids.len()).unwrap_or(u64::MAX);
    let reading = Reading::open(&service::data_dir(common.data_dir.as_deref())?, common.options().now).await?;
    let bytes = expect(reading.call(Call::Export { trace_ids, format: format.into() }).await, |reply| match reply {
        Reply::File(bytes) => Some(bytes),
        _ => None,
    })?;
    if output == Path::new("-") {
        let mut out = stdout().lock();
        out.write_all(&bytes).and_then(|()| out.flush())?;
    } else {
        file::write(&output, &bytes)
            .map_err(|err| Failure::input(format!("{} cannot be written: {err}", output.display())))?;
    }
    match format {
        Format::OtlpJson => say(&format!("wrote {} raw: nothing is redacted", count(number, "trace"))),
    }
    Ok(())
}
