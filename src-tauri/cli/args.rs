//! What can be said on the command line.

use std::path::PathBuf;

use api::{ExportFormat, model::TraceId};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::{
    common::Common,
    moment::{Since, parse_duration_nanos},
};

/// Trace viewer for OpenTelemetry: receives on loopback, keeps, shows.
#[derive(Debug, Parser)]
#[command(
    name = "spanscope",
    version,
    disable_help_subcommand = true,
    after_help = "Examples:
  spanscope                        open the window, or bring it to the front
  spanscope trace.json             open it with a file
  spanscope 'spanscope://search?q=error'   open it with this search
  spanscope serve                  receive and keep without a window
  spanscope traces --since 1h      what arrived in the last hour
  spanscope COMMAND --help         more about one command

Exit code: 0 done, 1 nothing found, 2 bad usage or input."
)]
pub(crate) struct Args {
    /// Files to open in the window: OTLP JSON, JSON lines or protobuf; or a link, spanscope://search?q=TEXT
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Receive and keep without a window
    #[command(after_help = "Prints one line of JSON when it is ready, and stops cleanly on SIGTERM and Ctrl-C:
  {\"grpc\":[\"127.0.0.1:4317\",\"[::1]:4317\"],\"http\":[…],\"data_dir\":\"…\"}

Examples:
  spanscope serve
  spanscope serve --data-dir /tmp/traces --grpc 127.0.0.1:0 --http 127.0.0.1:0
  spanscope serve --containers")]
    Serve,
    /// Addresses, ledger, size on disk
    #[command(after_help = "Examples:
  spanscope status
  spanscope status --json | jq .ledger.spans.received")]
    Status(Json),
    /// List traces, newest first
    #[command(after_help = "Examples:
  spanscope traces --since 1h
  spanscope traces 'service = checkout and duration > 200ms and error'
  spanscope traces --group-by user.id --since 1h
  spanscope traces checkout --errors --sort slowest --columns user.id,http.route
  spanscope traces --service api --service worker --min-duration 200ms --limit 20
  spanscope traces --json | jq -r .trace_id")]
    Traces(Traces),
    /// List the spans that a search finds
    #[command(after_help = "Those of the newest traces first.

Examples:
  spanscope spans 'http.response.status_code >= 500' --since 1h
  spanscope spans 'service = checkout >> error' --json | jq -r .span_id")]
    Spans(Spans),
    /// Show a trace: tree, self time, critical path
    #[command(after_help = "On the left stand duration and self time; ● marks spans on the critical path.

Examples:
  spanscope trace 4bf92f3577b34da6a3ce929d0e0e4736
  spanscope trace 4bf92f3577b34da6a3ce929d0e0e4736 --json | jq '.spans[] | select(.status == \"error\")'")]
    Trace(Trace),
    /// Write traces to a file
    #[command(after_help = "otlp-json is lossless and raw: nothing is redacted.

Examples:
  spanscope export 4bf92f3577b34da6a3ce929d0e0e4736 --format otlp-json -o trace.json
  spanscope traces --errors --json | jq -r .trace_id | xargs spanscope export --format otlp-json -o errors.json
  spanscope export 4bf92f3577b34da6a3ce929d0e0e4736 --format otlp-json -o - | gzip > trace.json.gz")]
    Export(Export),
    /// Read files into the store: OTLP JSON, JSON lines, protobuf
    #[command(after_help = "Examples:
  spanscope import trace.json
  spanscope import day.jsonl night.pb
  gunzip -c trace.json.gz | spanscope import -")]
    Import(Import),
    /// Make what is stored small, now
    #[command(
        after_help = "It happens by itself a few seconds after the last data. Asked for, it is done when this returns.

Examples:
  spanscope compact
  spanscope compact --json | jq .bytes_after"
    )]
    Compact(Compact),
    /// Delete a trace, a service, or what is old
    #[command(
        after_help = "Without --yes it says what would be deleted, and asks on a terminal. What is deleted is gone at once;
only what the window deletes can be undone, for ten seconds.

Examples:
  spanscope delete --trace 4bf92f3577b34da6a3ce929d0e0e4736
  spanscope delete --service load-test --yes
  spanscope delete --before 3d
  spanscope delete --before 2026-01-31T12:00 --json"
    )]
    Delete(Delete),
    /// Make or drop the API key that other machines need
    #[command(
        after_help = "Addresses beyond loopback are listened on only where there is a key, and every request there needs
`authorization: Bearer KEY`. The key is shown once; the configuration file gets its hash. A new key replaces the one
before at once. Nothing is encrypted: do so on a network that you trust.

Examples:
  spanscope key new
  OTEL_EXPORTER_OTLP_HEADERS=\"authorization=Bearer KEY\" your-program
  spanscope serve --grpc 192.168.1.4:4317 --grpc localhost:4317
  spanscope key off"
    )]
    Key(Key),
    /// What a search means, where it is wrong, and what may be written next
    #[command(after_help = "Exit code 2 where the text is no query. The language is described in docs/search.md.

Examples:
  spanscope query check 'service = checkout and duration > 200ms and error'
  spanscope query check --json 'duration > 200' | jq '.diagnostics[]'
  spanscope query complete 'http.'
  spanscope query complete 'service = ' --json | jq -r .text")]
    Query(Query),
    /// Keep a trace for ever
    #[command(after_help = "Examples:
  spanscope pin 4bf92f3577b34da6a3ce929d0e0e4736
  spanscope traces --errors --limit 1 --json | jq -r .trace_id | xargs spanscope pin")]
    Pin(Pin),
    /// Let a pinned trace go with its age again
    #[command(after_help = "Examples:
  spanscope unpin 4bf92f3577b34da6a3ce929d0e0e4736")]
    Unpin(Pin),
}

/// How to print.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub(crate) struct Json {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to do besides compacting.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub(crate) struct Compact {
    /// The clock is right after it has jumped: let go what is too old by it
    #[arg(long)]
    pub(crate) trust_clock: bool,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// Which traces to list.
#[derive(Debug, ClapArgs)]
pub(crate) struct Traces {
    #[command(flatten)]
    pub(crate) found: Found,
    /// Only traces in which this service takes part; may be given several times: any of them
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Vec<String>,
    /// Only traces with an error
    #[arg(long)]
    pub(crate) errors: bool,
    /// Only traces at least this long: 200ms, 1.5s
    #[arg(long, value_name = "DURATION", value_parser = parse_duration_nanos)]
    pub(crate) min_duration: Option<u64>,
    /// In which order
    #[arg(long, value_name = "ORDER", default_value = "newest")]
    pub(crate) sort: Sort,
    /// Attributes to show as columns, separated by commas: of the root, or of the first span that has it
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Count the traces by the value of a key instead
    #[arg(long, value_name = "KEY", conflicts_with_all = ["sort", "columns"])]
    pub(crate) group_by: Option<String>,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// Which spans to list.
#[derive(Debug, ClapArgs)]
pub(crate) struct Spans {
    #[command(flatten)]
    pub(crate) found: Found,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// What to search for.
#[derive(Debug, ClapArgs)]
pub(crate) struct Found {
    /// A search: see docs/search.md, and `spanscope query check`
    #[arg(value_name = "QUERY")]
    pub(crate) query: Vec<String>,
    /// Only traces that started within this time, or since this moment: 90s, 1h, 7d, 2026-01-31T12:00
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Since>,
    /// Only traces that started before: 1h ago, or a moment
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Since>,
    /// At most so many [default: 50 on a terminal, else all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
}

/// An order of traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Sort {
    /// The latest start first
    Newest,
    /// The earliest start first
    Oldest,
    /// The longest first
    Slowest,
    /// The shortest first
    Fastest,
    /// The most spans first
    Spans,
    /// The most errors first
    Errors,
}

/// Which trace to show.
#[derive(Debug, ClapArgs)]
pub(crate) struct Trace {
    /// Trace id: 32 hex digits
    #[arg(value_name = "ID")]
    pub(crate) trace_id: TraceId,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// What to export, and how.
#[derive(Debug, ClapArgs)]
pub(crate) struct Export {
    /// Trace ids: 32 hex digits each
    #[arg(value_name = "ID", required = true)]
    pub(crate) trace_ids: Vec<TraceId>,
    /// Format of the file
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// The file, replaced if it exists; - for standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// Formats of an export.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// OTLP/JSON, lossless and raw
    OtlpJson,
}

impl From<Format> for ExportFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::OtlpJson => Self::OtlpJson,
        }
    }
}

/// What to import.
#[derive(Debug, ClapArgs)]
pub(crate) struct Import {
    /// Files; - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// What to delete.
#[derive(Debug, ClapArgs)]
#[group(id = "selection", required = true, multiple = false, args = ["trace", "service", "before"])]
pub(crate) struct Delete {
    /// This trace, with its log records: 32 hex digits
    #[arg(long, value_name = "ID")]
    pub(crate) trace: Option<TraceId>,
    /// What belongs to this service: traces in which it has the most bytes, its log records and points
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// What arrived longer ago than this, or before this moment: 90s, 1h, 7d, 2026-01-31T12:00
    #[arg(long, value_name = "TIME")]
    pub(crate) before: Option<Since>,
    /// Delete without asking
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// What to do about the API key.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub(crate) struct Key {
    /// Make one, or have none
    #[arg(value_name = "WHAT")]
    pub(crate) change: KeyChange,
}

/// What becomes of the API key.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum KeyChange {
    /// Another one from now on
    New,
    /// None from now on
    Off,
}

/// What to do with a text in the search language.
#[derive(Debug, ClapArgs)]
pub(crate) struct Query {
    #[command(subcommand)]
    pub(crate) command: QueryCommand,
}

/// What to do with a text in the search language.
#[derive(Debug, Subcommand)]
pub(crate) enum QueryCommand {
    /// Write it as it is understood, or say where it is wrong
    Check(QueryCheck),
    /// List what may be written at a place: of the language, and of what is stored
    Complete(QueryComplete),
}

/// A text to look at.
#[derive(Debug, ClapArgs)]
pub(crate) struct QueryCheck {
    /// A text in the search language
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// A place in a text.
#[derive(Debug, ClapArgs)]
pub(crate) struct QueryComplete {
    /// The beginning of a text in the search language
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
    /// The place: so many characters behind the beginning [default: the end]
    #[arg(long, value_name = "N")]
    pub(crate) at: Option<u32>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// Which trace to pin or unpin.
#[derive(Debug, ClapArgs)]
pub(crate) struct Pin {
    /// Trace id: 32 hex digits
    #[arg(value_name = "ID")]
    pub(crate) trace_id: TraceId,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::common::usage_sentence;

    #[test]
    fn the_definition_is_sound_and_every_command_has_examples() {
        let mut command = Args::command();
        command.build();
        command.clone().debug_assert();
        for command in command.get_subcommands() {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.contains("Examples:\n  spanscope "), "{}", command.get_name());
        }
    }

    #[test]
    fn common_options_stand_before_and_after_the_command() {
        for line in ["spanscope --data-dir D status", "spanscope status --data-dir D"] {
            let args = Args::try_parse_from(line.split(' ')).expect("a good line");
            assert_eq!(args.common.data_dir, Some("D".into()), "{line}");
            assert!(matches!(args.command, Some(Command::Status(_))), "{line}");
        }
        let args = Args::try_parse_from(["spanscope", "a.json", "--grpc", "[::1]:0", "b.json"]).expect("files");
        assert_eq!((args.files.len(), args.command.is_none()), (2, true));
    }

    #[test]
    fn usage_errors_are_one_sentence() {
        let lines = [
            "trace",
            "trace 12",
            "traces --limit 0",
            "traces --min-duration 5",
            "traces --sinse 1h",
            "export",
            "delete",
            "delete --before yesterday",
            "delete --service a --before 1h",
            "pin",
        ];
        let sentences = lines.map(|line| {
            let err = Args::try_parse_from(["spanscope"].into_iter().chain(line.split(' '))).expect_err("a bad line");
            usage_sentence(&err)
        });
        expect_test::expect![[r#"
            the following required arguments were not provided: <ID>
            invalid value '12' for '<ID>': an id of this kind has 32 hex digits
            invalid value '0' for '--limit <N>': 0 is not in 1..18446744073709551615
            invalid value '5' for '--min-duration <DURATION>': give a number with its unit, for example 200ms, 1.5s or 2h30m
            unexpected argument '--sinse' found; tip: a similar argument exists: '--since'
            the following required arguments were not provided: --format <FORMAT> --output <FILE> <ID>...
            the following required arguments were not provided: <--trace <ID>|--service <NAME>|--before <TIME>>
            invalid value 'yesterday' for '--before <TIME>': give a time with its unit, for example 90s, 1h or 7d, or a moment, for example 2026-01-31T12:00
            the argument '--service <NAME>' cannot be used with '--before <TIME>'
            the following required arguments were not provided: <ID>"#]].assert_eq(&sentences.join("\n"));
    }
}
