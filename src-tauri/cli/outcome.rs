//! How a command ends.

use std::io::{self, IsTerminal, Write, stderr, stdout};

use api::{Answer, ApiError, ErrorCode, Reply};

use crate::render::text::{Paint, line};

/// How a command ends.
pub(crate) type Outcome = Result<(), Failure>;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// One sentence for standard error; empty where nobody is left to read it.
    pub(crate) sentence: String,
    /// 0 where the reader went away, 1 where nothing was found, else 2.
    pub(crate) exit_code: u8,
}

impl Failure {
    /// Nothing was found.
    pub(crate) fn nothing(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), exit_code: 1 }
    }

    /// Bad usage or input, or something that cannot be done.
    pub(crate) fn input(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), exit_code: 2 }
    }
}

impl From<ApiError> for Failure {
    fn from(err: ApiError) -> Self {
        match err.code {
            ErrorCode::NotFound => Self::nothing(err.sentence),
            _ => Self::input(err.sentence),
        }
    }
}

impl From<String> for Failure {
    /// Bad usage or input.
    fn from(sentence: String) -> Self {
        Self::input(sentence)
    }
}

impl From<io::Error> for Failure {
    fn from(err: io::Error) -> Self {
        match err.kind() {
            // `spanscope traces | head`: the reader has what it wanted.
            io::ErrorKind::BrokenPipe => Self { sentence: String::new(), exit_code: 0 },
            _ => Self::input(err.to_string()),
        }
    }
}

/// Says a sentence on standard error.
pub(crate) fn say(sentence: &str) {
    let _ = writeln!(stderr(), "spanscope: {}", line(sentence, 4_000));
}

/// Prints text on standard output as it is.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Whether a person reads standard output.
pub(crate) fn is_terminal() -> bool {
    stdout().is_terminal()
}

/// Colours where a person reads and wants them (no-color.org).
pub(crate) fn paint() -> Paint {
    Paint { is_on: is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
}

/// Takes the reply of the expected kind out of an answer.
pub(crate) fn expect<T>(answer: Answer, take: impl FnOnce(Reply) -> Option<T>) -> Result<T, Failure> {
    let unexpected = "the service answered something else than was asked: this is a defect of Spanscope";
    take(answer?).ok_or_else(|| Failure::input(unexpected))
}
