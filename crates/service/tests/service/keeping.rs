//! What is deleted, pinned and compacted when asked.

use api::{Call, ErrorCode, Event, Selected, Selection};
use service::{Reading, Session};

use crate::support::{ask, done, event, failure, fresh, import, quiet, status, traces};

const CART: &str = "
    frontend  GET /cart  [------------------]
      cart  GetCart        [------]            error=timeout
";

#[tokio::test]
async fn what_is_selected_is_counted_then_deleted_and_stays_in_the_ledger() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(CART)).await;
    let trace = Selection::Trace(testkit::TRACE_ID);
    let wanted = Selected { traces: 1, spans: 2, ..Selected::default() };
    let reading = Reading::open(session.data_dir(), || 0).await.expect("a directory beside its owner");
    for call in [Call::Select(trace.clone()), Call::Delete(trace.clone())] {
        assert_eq!(reading.call(call).await.map_err(|err| err.code), Err(ErrorCode::NotOwner));
    }
    assert_eq!(ask!(session, Call::Select(trace.clone()), Selected), wanted);
    let nobodys = Selection::Service("nobody".to_owned());
    assert!(ask!(session, Call::Select(nobodys.clone()), Selected).is_empty());
    assert!(ask!(session, Call::Delete(nobodys), Selected).is_empty());
    assert_eq!(traces(&session).await.matching, 1);
    assert_eq!(ask!(session, Call::Delete(trace.clone()), Selected), wanted);
    assert!(ask!(session, Call::Select(trace), Selected).is_empty());
    assert_eq!(traces(&session).await.matching, 0);
    let spans = status(&session).await.ledger.spans;
    assert_eq!((spans.received, spans.stored, spans.deleted, spans.kept), (2, 2, 2, 0));
    assert!(spans.is_balanced());
    session.stop().await;
}

#[tokio::test]
async fn an_announced_deletion_can_be_undone_and_is_carried_out_when_the_owner_stops() {
    let (_temp, options) = fresh();
    let session = Session::start_quiet(options.clone()).await.expect("a fresh directory can be owned");
    import(&session, &testkit::trace(CART)).await;
    let trace = || Selection::Trace(testkit::TRACE_ID);
    assert_eq!(failure(&session, Call::UndoDelete).await, ErrorCode::NotFound);
    let nobodys = Selection::Service("nobody".to_owned());
    assert!(ask!(session, Call::DeleteSoon(nobodys), Selected).is_empty());
    assert_eq!(status(&session).await.deletion, None);

    let wanted = Selected { traces: 1, spans: 2, ..Selected::default() };
    assert_eq!(ask!(session, Call::DeleteSoon(trace()), Selected), wanted);
    let announced = status(&session).await.deletion.expect("it is announced");
    assert_eq!(announced.selected, wanted);
    assert!((1..=10).contains(&announced.seconds_left), "{announced:?}");
    assert_eq!(traces(&session).await.matching, 1, "it is there until it is carried out");
    done(&session, Call::UndoDelete).await;
    assert_eq!(status(&session).await.deletion, None);

    assert_eq!(ask!(session, Call::DeleteSoon(trace()), Selected), wanted);
    session.stop().await;
    let session = Session::start_quiet(options).await.expect("the lock was given back");
    assert_eq!(traces(&session).await.matching, 0);
    assert_eq!(status(&session).await.ledger.spans.deleted, 2);
    session.stop().await;
}

#[tokio::test]
async fn a_pin_stays_until_it_is_taken_away() {
    let (_temp, options) = fresh();
    let session = Session::start_quiet(options.clone()).await.expect("a fresh directory can be owned");
    let pin = |is_pinned| Call::Pin { trace_id: testkit::TRACE_ID, is_pinned };
    assert_eq!(failure(&session, pin(true)).await, ErrorCode::NotFound);
    import(&session, &testkit::trace(CART)).await;
    assert!(!traces(&session).await.rows[0].is_pinned);
    let mut events = session.events().await.expect("events");
    let open = || Call::OpenTrace { trace_id: testkit::TRACE_ID };
    assert!(!ask!(session, open(), Opened).is_pinned);
    done(&session, pin(true)).await;
    let pinned = Event::Pinned { trace_id: testkit::TRACE_ID, is_pinned: true };
    event(&mut events, |event| (event == pinned).then_some(())).await;
    session.stop().await;
    let session = Session::start_quiet(options).await.expect("the lock was given back");
    assert!(ask!(session, open(), Opened).is_pinned && traces(&session).await.rows[0].is_pinned);
    done(&session, pin(false)).await;
    assert!(!ask!(session, open(), Opened).is_pinned);
    session.stop().await;
}

#[tokio::test]
async fn compacting_takes_nothing_away() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(CART)).await;
    let before = traces(&session).await.rows;
    done(&session, Call::Compact).await;
    assert_eq!(traces(&session).await.rows, before);
    session.stop().await;
}
