//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::connections::{Overdue, Place, Pulse};
use crate::refused::Reason;
use crate::shared::{Access, Shared};
use crate::wire::{Spoken, Wire};
use crate::{Protocol, Sink, TurnedAway, over_grpc, over_http};

/// How long a client may go on sending what is no longer wanted, so that it reads the answer
/// instead of a reset connection.
const LINGER: Duration = Duration::from_secs(1);

/// HTTP/2 windows, bytes: what a client may send before it is read.
const WINDOW_BYTES: u32 = 512 << 10;

/// A fatal TLS alert, `protocol_version` (RFC 8446, 6): what TLS clients show best.
const TLS_ALERT: [u8; 7] = [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46];

/// Serves a connection to its end.
pub(crate) async fn serve<S: Sink>(
    shared: Arc<Shared<S>>,
    protocol: Protocol,
    access: Access,
    stream: TcpStream,
    place: Place,
) {
    // Answers are small: they should not wait for more.
    let _ = stream.set_nodelay(true);
    let pulse = Arc::clone(&place.pulse);
    let work = async {
        let mut wire = Wire::new(stream, Arc::clone(&pulse));
        let spoken = tokio::select! {
            spoken = wire.spoken() => spoken,
            overdue = pulse.overdue(&shared.limits, true) => {
                if overdue == Overdue::Headers {
                    slow_headers(&shared, &pulse, protocol, wire).await;
                }
                return;
            }
            () = shared.stop.cancelled() => return,
        };
        match (spoken, protocol) {
            (None, _) => {}
            (Some(Spoken::Tls), _) => {
                let told = shared.wrong_port(protocol, "TLS", None);
                turn_away(&shared, &pulse, Reason::WrongPort, told);
                let _ = wire.write_all(&TLS_ALERT).await;
                linger(wire).await;
            }
            (Some(Spoken::Http1), Protocol::Grpc) => {
                let told = shared.wrong_port(protocol, "HTTP/1", Some(Protocol::Http));
                turn_away(&shared, &pulse, Reason::WrongPort, told.clone());
                write_http1(&mut wire, "400 Bad Request", &told).await;
                linger(wire).await;
            }
            (Some(Spoken::Http1), Protocol::Http) => http1(&shared, access, &place, wire).await,
            (Some(Spoken::Http2), _) => http2(&shared, protocol, access, &place, wire).await,
        }
    };
    tokio::select! {
        () = work => {}
        () = shared.kill.cancelled() => {}
        () = pulse.evicted.cancelled() => {}
    }
}

async fn http1<S: Sink>(shared: &Arc<Shared<S>>, access: Access, place: &Place, wire: Wire) {
    let service = service_fn(|request: http::Request<Incoming>| {
        let answer = over_http::answer(Arc::clone(shared), access, place.pulse.begin(), request);
        // A pinned future, because the connection is taken apart in the end.
        Box::pin(async move { Ok::<_, Infallible>(answer.await) })
    });
    // hyper's own timer counts the time between two requests too, which may be longer.
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None::<Duration>)
        .half_close(true)
        .max_header_size(shared.limits.header_bytes)
        .serve_connection(TokioIo::new(wire), service);
    let mut stopping = false;
    let overdue = loop {
        tokio::select! {
            _ = poll_fn(|cx| connection.poll_without_shutdown(cx)) => break None,
            overdue = place.pulse.overdue(&shared.limits, true) => break Some(overdue),
            () = shared.stop.cancelled(), if !stopping => {
                stopping = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let wire = connection.into_parts().io.into_inner();
    if overdue == Some(Overdue::Headers) {
        slow_headers(shared, &place.pulse, Protocol::Http, wire).await;
    } else if !stopping {
        linger(wire).await;
    }
}

async fn http2<S: Sink>(shared: &Arc<Shared<S>>, protocol: Protocol, access: Access, place: &Place, wire: Wire) {
    let pulse = Arc::clone(&place.pulse);
    let for_service = Arc::clone(shared);
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (shared, busy) = (Arc::clone(&for_service), pulse.begin());
        async move {
            Ok::<_, Infallible>(match protocol {
                Protocol::Grpc => over_grpc::answer(shared, access, busy, request).await,
                Protocol::Http => over_http::answer(shared, access, busy, request).await,
            })
        }
    });
    let mut connection = pin!(
        http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(shared.limits.streams)
            .max_header_list_size(u32::try_from(shared.limits.header_bytes).unwrap_or(u32::MAX))
            .initial_stream_window_size(WINDOW_BYTES)
            .initial_connection_window_size(WINDOW_BYTES)
            .serve_connection(TokioIo::new(wire), service)
    );
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = place.pulse.overdue(&shared.limits, false) => {}
        () = shared.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
            return;
        }
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(LINGER, connection).await;
}

/// Counts a connection that came to nothing.
fn turn_away<S: Sink>(shared: &Shared<S>, pulse: &Pulse, reason: Reason, sentence: String) {
    shared.sink.turned_away(TurnedAway { reason: reason.name(), sentence, bytes: 0, sender: pulse.peer });
}

async fn slow_headers<S: Sink>(shared: &Shared<S>, pulse: &Pulse, protocol: Protocol, mut wire: Wire) {
    let told = format!("the headers did not arrive within {} s", shared.limits.header_timeout.as_secs_f64());
    turn_away(shared, pulse, Reason::Timeout, told.clone());
    if protocol == Protocol::Http {
        write_http1(&mut wire, "408 Request Timeout", &told).await;
    }
    linger(wire).await;
}

async fn write_http1(wire: &mut Wire, status: &str, sentence: &str) {
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{sentence}\n",
        sentence.len() + 1
    );
    let _ = wire.write_all(answer.as_bytes()).await;
}

/// Ends our side, and reads what the client still sends for a moment.
async fn linger(mut wire: Wire) {
    if wire.shutdown().await.is_err() {
        return;
    }
    let mut unwanted = vec![0; 64 << 10];
    let _ = timeout(LINGER, async { while matches!(wire.read(&mut unwanted).await, Ok(read) if read > 0) {} }).await;
}
