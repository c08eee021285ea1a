//! What is set, by calls and in the file, while it runs.

use std::{fs, time::Duration};

use api::{Call, ErrorCode, Event, FromCommandLine, Protocol, Retention, SettingsChange, Status};
use service::{Options, Session};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{address, ask, event, failure, fresh, import, status};

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
async fn a_key_is_seen_once_and_opens_addresses_beyond_loopback() {
    let (temp, options) = fresh();
    let path = temp.path().join("config.toml");
    let reached = Options { http: Some(vec!["0.0.0.0:0".to_owned()]), ..options.clone() };
    let refused = Session::start(reached.clone()).await.expect_err("there is no key");
    assert_eq!(refused.code, ErrorCode::Address);
    assert!(refused.sentence.contains("spanscope key new"), "{refused}");

    let session = Session::start(options).await.expect("a fresh directory can be owned");
    let beyond = || Call::Listen { protocol: Protocol::Http, address: "0.0.0.0:0".to_owned() };
    assert_eq!(failure(&session, beyond()).await, ErrorCode::Address);
    let key = ask!(session, Call::NewApiKey, ApiKey);
    assert_ne!(ask!(session, Call::NewApiKey, ApiKey), key);
    assert!(ask!(session, Call::Settings, Settings).has_api_key);
    assert_eq!(status(&session).await.problems, []);
    session.stop().await;
    let text = fs::read_to_string(&path).expect("a file");
    assert!(text.starts_with("[receive]\napi_key_hash = \"sha256:") && !text.contains(&key), "{text}");

    let session = Session::start(reached).await.expect("there is a key");
    let key = ask!(session, Call::NewApiKey, ApiKey);
    let port = address(&session, Protocol::Http).await.rsplit(':').next().expect("a port").to_owned();
    let http = format!("127.0.0.1:{port}");
    assert_eq!(called(&http, "localhost").await, 401);
    assert_eq!(called(&http, &format!("localhost\r\nAuthorization: Bearer {key}")).await, 200);
    let problems = status(&session).await.problems;
    assert!(problems.iter().any(|problem| problem.name == "reached_from_network"), "{problems:?}");
    let off = Call::ChangeSettings(SettingsChange::ApiKeyHash(None));
    assert_eq!(failure(&session, off).await, ErrorCode::Address, "an address needs it");
    session.stop().await;
}

#[tokio::test]
async fn room_is_seen_at_once_and_within_bounds() {
    let (_temp, options) = fresh();
    let session = Session::start(options).await.expect("a fresh directory can be owned");
    let change = |change| Call::ChangeSettings(change);
    let settings = ask!(session, change(SettingsChange::RequestSize("1 MiB".to_owned())), Settings);
    assert_eq!((settings.room.request_bytes, settings.room.memory_bytes), (1 << 20, 192 << 20));
    for bad in [
        SettingsChange::RequestSize("1 GB".to_owned()),
        SettingsChange::RequestSize("200 MiB".to_owned()),
        SettingsChange::Memory("1 MB".to_owned()),
    ] {
        assert_eq!(failure(&session, change(bad)).await, ErrorCode::Malformed);
    }
    session.stop().await;
}

#[tokio::test]
async fn a_team_file_is_followed_and_a_bad_one_leaves_the_last_good_rules() {
    let (temp, options) = fresh();
    let (path, team) = (temp.path().join("config.toml"), temp.path().join("team.toml"));
    fs::write(&path, "[sampling]\nteam_file = \"team.toml\"\nlow_volume_under = 5\n").expect("a file");
    let session = Session::start(options).await.expect("a file that is missing keeps nobody from starting");
    let missing = status(&session).await;
    assert!(missing.problems[0].sentence.contains("no team file at"), "{:?}", missing.problems);

    fs::write(&team, "[retention]\ncap = \"2GB\"\n[sampling]\nenvironments = { live = 0.2 }\nlow_volume_under = 7\n")
        .expect("a file");
    let good = status_with(&session, |status| status.problems.is_empty()).await;
    assert_eq!(good.sampling.environments, [("live".to_owned(), 0.2)]);
    assert_eq!((good.sampling.low_volume_under, good.retention.cap_bytes), (5, 2_000_000_000), "one's own word counts");

    fs::write(&team, "[sampling]\n\n[receive]\nmemory = \"1GB\"\n").expect("a file");
    let bad = status_with(&session, |status| !status.problems.is_empty()).await;
    assert_eq!(bad.sampling, good.sampling);
    assert!(bad.problems[0].sentence.contains("team.toml: line 3: unknown field `receive`"), "{:?}", bad.problems);

    fs::write(&team, "[sampling]\non = false\n").expect("a file");
    let mended = status_with(&session, |status| status.problems.is_empty()).await;
    assert!(!mended.sampling.is_on);
    let change = SettingsChange::Environments("live 50 %, production 1 %".to_owned());
    let settings = ask!(session, Call::ChangeSettings(change), Settings);
    assert_eq!(settings.sampling.environments, [("live".to_owned(), 0.5), ("production".to_owned(), 0.01)]);
    assert_eq!(settings.team_file.as_deref(), Some("team.toml"));
    session.stop().await;
}

#[tokio::test]
async fn a_list_with_names_that_its_text_cannot_say_is_changed_in_the_file() {
    let (temp, options) = fresh();
    let text = "[sampling]\ncritical_flows = [{ operation = \"GET /a;v=1\" }]\n";
    fs::write(temp.path().join("config.toml"), text).expect("a file");
    let session = Session::start(options).await.expect("it starts");
    let change = Call::ChangeSettings(SettingsChange::CriticalFlows("billing".to_owned()));
    assert_eq!(failure(&session, change).await, ErrorCode::Malformed);
    assert_eq!(fs::read_to_string(temp.path().join("config.toml")).expect("a file"), text);
    session.stop().await;
}

#[tokio::test]
async fn a_team_file_that_is_no_text_keeps_nobody_from_starting_or_changing() {
    let (temp, options) = fresh();
    fs::write(temp.path().join("config.toml"), "[sampling]\nteam_file = \"team.toml\"\n").expect("a file");
    fs::write(temp.path().join("team.toml"), [0xff, 0xfe, b'a', 0]).expect("a file");
    let session = Session::start(options).await.expect("it starts");
    assert_eq!(status(&session).await.problems.len(), 1);
    let change = SettingsChange::CriticalFlows("billing".to_owned());
    let settings = ask!(session, Call::ChangeSettings(change), Settings);
    assert_eq!(settings.sampling.critical_flows.len(), 1);
    assert_eq!(status(&session).await.problems.len(), 1, "it is still said");
    session.stop().await;
}

#[tokio::test]
async fn rules_are_tried_on_what_is_stored() {
    let (_temp, options) = fresh();
    let session = Session::start(options).await.expect("a fresh directory can be owned");
    import(&session, &testkit::trace("web  GET /  [---]")).await;
    let sampling = ask!(session, Call::Settings, Settings).sampling;
    let preview = |sampling| Call::PreviewSampling { sampling, since_unix_nano: 0 };
    let seen = ask!(session, preview(sampling.clone()), SamplingPreview);
    assert_eq!((seen.traces, seen.kept), (1, 1), "no environment says production");
    let wrong = api::Sampling { high_volume_ratio: 2.0, ..sampling };
    assert_eq!(failure(&session, preview(wrong)).await, ErrorCode::Malformed);
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
