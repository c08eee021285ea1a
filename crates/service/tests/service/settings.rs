//! What is set, by calls and in the file, while it runs.

use std::{fs, time::Duration};

use api::{Call, ErrorCode, Event, FromCommandLine, Protocol, Retention, SettingsChange, Status};
use service::{Options, Session};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{address, ask, event, failure, fresh, status};

const DAY: u64 = 86_400;

/// The status once it is as wanted.
async fn status_with(session: &Session, wanted: impl Fn(&Status) -> bool) -> Status {
    for _ in 0..200 {
        let status = status(session).await;
        if wanted(&status) {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the status stays {:?}", status(session).await);
}

/// The status code of an empty request that calls the server by this name.
async fn called(address: &str, host: &str) -> u16 {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\
         Connection: close\r\n\r\n{{}}"
    );
    stream.write_all(head.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line")
}

#[tokio::test]
async fn a_change_is_written_applied_and_told() {
    let (temp, options) = fresh();
    let path = temp.path().join("config.toml");
    fs::write(&path, "# mine\n[retention]\nordinary = \"14d\" # two weeks\n").expect("a file");
    let owner = Session::start(options.clone()).await.expect("a fresh directory can be owned");
    let guest = Session::start(options).await.expect("an owned directory can be visited");
    let mut events = owner.events().await.expect("events");

    let before = ask!(guest, Call::Settings, Settings);
    let retention = Retention { ordinary_seconds: 14 * DAY, error_seconds: 30 * DAY, cap_bytes: 5_000_000_000 };
    assert_eq!(before.retention, retention);
    assert_eq!(before.from_command_line, [FromCommandLine::Grpc, FromCommandLine::Http]);
    assert_eq!(before.config_path, Some(path.display().to_string()));
    assert_eq!(before.data_dir, owner.data_dir().display().to_string());

    let after = ask!(guest, Call::ChangeSettings(SettingsChange::Ordinary("3 days".to_owned())), Settings);
    assert_eq!(after.retention, Retention { ordinary_seconds: 3 * DAY, ..retention });
    let told = |event| match event {
        Event::Settings(settings) => Some(settings),
        _ => None,
    };
    assert_eq!(event(&mut events, told).await, after);
    assert_eq!(status(&owner).await.retention, after.retention);
    let text = "# mine\n[retention]\nordinary = \"3 days\" # two weeks\n";
    assert_eq!(fs::read_to_string(&path).expect("a file"), text);

    for bad in [
        SettingsChange::Cap("5".to_owned()),
        SettingsChange::Errors("soon".to_owned()),
        SettingsChange::AllowedHosts(vec!["http://otel.example.com".to_owned()]),
    ] {
        assert_eq!(failure(&owner, Call::ChangeSettings(bad)).await, ErrorCode::Malformed);
    }
    assert_eq!(fs::read_to_string(&path).expect("a file"), text, "a refused change is not written");
    owner.stop().await;
}

#[tokio::test]
async fn a_file_that_changes_applies_at_once_and_a_bad_one_does_not() {
    let (temp, options) = fresh();
    let path = temp.path().join("config.toml");
    let session = Session::start(options).await.expect("a fresh directory can be owned");
    fs::write(&path, "[retention]\ncap = \"2GB\"\n").expect("a file");
    let good = status_with(&session, |status| status.retention.cap_bytes == 2_000_000_000).await;
    assert_eq!(good.problems, []);

    fs::write(&path, "[retention]\n# more\ncap = \"many\"\n").expect("a file");
    let bad = status_with(&session, |status| !status.problems.is_empty()).await;
    let problem = &bad.problems[0];
    assert_eq!((problem.name.as_str(), bad.retention), ("configuration", good.retention));
    assert!(problem.sentence.contains("config.toml: line 3: “many” is no size"), "{}", problem.sentence);
    let refused = session.call(Call::ChangeSettings(SettingsChange::Containers(true))).await.expect_err("bad file");
    assert_eq!(refused.code, ErrorCode::File);
    assert!(refused.sentence.contains("line 3"), "{refused}");

    fs::remove_file(&path).expect("a file");
    let gone = status_with(&session, |status| status.problems[0].sentence.contains("is gone")).await;
    assert_eq!(gone.retention, good.retention);

    fs::write(&path, "[retention]\ncap = \"1TB\"\n").expect("a file");
    status_with(&session, |status| status.problems.is_empty() && status.retention.cap_bytes == 1_000_000_000_000).await;
    session.stop().await;
}

#[tokio::test]
async fn hosts_are_allowed_without_a_restart_and_addresses_wait_for_one() {
    let (temp, options) = fresh();
    let path = temp.path().join("config.toml");
    fs::write(&path, "grpc = [\"127.0.0.1:0\"]\n").expect("a file");
    let session = Session::start(Options { grpc: None, ..options }).await.expect("a fresh directory can be owned");
    let http = address(&session, Protocol::Http).await;
    assert_eq!(called(&http, "otel.example.com").await, 403);
    let allow = SettingsChange::AllowedHosts(vec!["otel.example.com".to_owned()]);
    assert_eq!(ask!(session, Call::ChangeSettings(allow), Settings).allowed_hosts, ["otel.example.com"]);
    assert_eq!(called(&http, "otel.example.com").await, 200);

    let before = status(&session).await.listeners;
    fs::write(&path, "grpc = [\"localhost:0\"]\n").expect("a file");
    let is_said = |status: &Status| status.problems.iter().any(|problem| problem.name == "restart_needed");
    assert_eq!(status_with(&session, is_said).await.listeners, before);
    assert_eq!(called(&http, "otel.example.com").await, 403, "what the file no longer says no longer applies");
    session.stop().await;
}

#[tokio::test]
async fn a_command_without_an_owner_is_not_kept_from_its_work_by_a_bad_file() {
    let (temp, options) = fresh();
    fs::write(temp.path().join("config.toml"), "port = 4317\n").expect("a file");
    let session = Session::start_quiet(options).await.expect("it starts");
    let problems = status(&session).await.problems;
    assert_eq!(problems.iter().map(|problem| problem.name.as_str()).collect::<Vec<_>>(), ["configuration"]);
    session.stop().await;
}
