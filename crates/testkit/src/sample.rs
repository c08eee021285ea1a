//! The sample trace that the application ships: the checkout of a shop, in which a card payment
//! needs three attempts, stock is read row by row, a language model judges the risk, a message leads
//! to a mail, and one span has not arrived.
//!
//! `assets/sample-trace.json` is what [`otlp_json`] returns; the test below keeps them equal, and
//! `UPDATE_EXPECT=1 cargo test -p testkit sample` writes the file anew.

mod scene;

use model::{LogsData, SpanId, SpanKind, TracesData, Value};

use scene::{
    CART, CHECKOUT, MAILER, ORDERS, PAYMENTS, RISK, STOCK, STOREFRONT, SUGGESTIONS, Scene, Severity, attributes,
};

const ACQUIRER_TIMEOUT: &str = "\
java.net.http.HttpTimeoutException: request timed out after 175 ms
\tat java.net.http/jdk.internal.net.http.HttpClientImpl.send(HttpClientImpl.java:955)
\tat java.net.http/jdk.internal.net.http.HttpClientFacade.send(HttpClientFacade.java:133)
\tat shop.payments.acquirer.AcquirerClient.authorize(AcquirerClient.java:88)
\tat shop.payments.AuthorizeHandler.attempt(AuthorizeHandler.java:57)
\tat shop.payments.AuthorizeHandler.authorize(AuthorizeHandler.java:34)
\tat shop.payments.PaymentsGrpc$MethodHandlers.invoke(PaymentsGrpc.java:412)
\tat io.grpc.stub.ServerCalls$UnaryServerCallHandler$UnaryServerCallListener.onHalfClose(ServerCalls.java:182)
\tat io.grpc.internal.ServerCallImpl$ServerStreamListenerImpl.halfClosed(ServerCallImpl.java:356)
\tat io.grpc.internal.ContextRunnable.run(ContextRunnable.java:37)
\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1144)
\tat java.base/java.lang.Thread.run(Thread.java:1583)
Caused by: java.net.ConnectException: connection to acquirer.example:443 stalled in TLS handshake
\tat java.base/sun.security.ssl.SSLSocketImpl.startHandshake(SSLSocketImpl.java:469)
\tat shop.payments.acquirer.PooledConnection.open(PooledConnection.java:141)
\tat shop.payments.acquirer.AcquirerClient.connection(AcquirerClient.java:119)
\t... 9 more
";

const ACQUIRER_UNAVAILABLE: &str = "\
shop.payments.acquirer.AcquirerException: 503 Service Unavailable
\tat shop.payments.acquirer.AcquirerClient.authorize(AcquirerClient.java:97)
\tat shop.payments.AuthorizeHandler.attempt(AuthorizeHandler.java:57)
\tat shop.payments.AuthorizeHandler.authorize(AuthorizeHandler.java:34)
\tat shop.payments.PaymentsGrpc$MethodHandlers.invoke(PaymentsGrpc.java:412)
\t... 6 more
";

/// The spans.
#[must_use]
pub fn traces() -> TracesData {
    checkout().traces()
}

/// The log records, each of one of the spans.
#[must_use]
pub fn logs() -> LogsData {
    checkout().logs()
}

/// All of it as one OTLP/JSON object with `resourceSpans` and `resourceLogs`.
#[must_use]
pub fn otlp_json() -> String {
    let scene = checkout();
    let object = |bytes: Vec<u8>| String::from_utf8(bytes).expect("JSON is UTF-8").trim().to_owned();
    let spans = object(formats::encode_traces_json(&scene.traces()));
    let logs = object(formats::encode_logs_json(&scene.logs()));
    let members = |object: &str| {
        let inner = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        inner.expect("OTLP/JSON is an object").to_owned()
    };
    format!("{{{},{}}}\n", members(&spans), members(&logs))
}

/// All times are microseconds since the trace started.
fn checkout() -> Scene {
    let mut scene = Scene::new();
    let root = scene.span(None, STOREFRONT, "POST /order", SpanKind::SERVER, 0, 1_638_400);
    scene.describe(root, http_served("POST", "/order", 201));
    scene.log(root, 1_637_100, Severity::Info, "order 40817 confirmed", attributes([("order.id", 40_817.into())]));

    let session = scene.span(Some(root), STOREFRONT, "middleware - session", SpanKind::INTERNAL, 1_310, 9_840);
    scene.describe(session, attributes([("express.type", "middleware".into()), ("express.name", "session".into())]));
    let read = scene.span(Some(session), STOREFRONT, "GET", SpanKind::CLIENT, 2_120, 7_905);
    scene.describe(read, redis("GET session:8c41f0"));

    let submit = scene.span(Some(root), STOREFRONT, "POST /v1/orders", SpanKind::CLIENT, 12_400, 1_631_700);
    scene.describe(submit, http_called("POST", "http://checkout:8080/v1/orders", 201));
    let order = scene.span(Some(submit), CHECKOUT, "POST /v1/orders", SpanKind::SERVER, 16_050, 1_627_300);
    scene.describe(order, http_served("POST", "/v1/orders", 201));
    scene.describe(order, attributes([("enduser.id", "cus_5d20b7".into()), ("order.items", 24.into())]));
    scene.log(
        order,
        16_900,
        Severity::Info,
        "submitting cart 7731 with 24 items",
        attributes([("cart.id", 7_731.into())]),
    );
    let token = scene.span(Some(order), CHECKOUT, "verify token", SpanKind::INTERNAL, 17_200, 28_950);
    scene.describe(
        token,
        attributes([("jwt.issuer", "https://id.shop.example".into()), ("jwt.expired", Value::Bool(false))]),
    );

    read_cart(&mut scene, order);
    reserve_stock(&mut scene, order);
    assess_risk(&mut scene, order);
    take_payment(&mut scene, order);
    place_order(&mut scene, order);
    lose_a_parent(&mut scene);
    scene
}

fn read_cart(scene: &mut Scene, order: SpanId) {
    let method = "shop.cart.CartService/GetCart";
    let (call, served) = rpc(scene, order, (CHECKOUT, CART), method, (31_600, 34_900, 115_020, 118_240));
    scene.describe(call, grpc_code("cart", method, 0));
    scene.describe(served, grpc_code("cart", method, 0));
    let items = scene.span(Some(served), CART, "HGETALL", SpanKind::CLIENT, 36_400, 41_180);
    scene.describe(items, redis("HGETALL cart:7731"));
    let price = scene.span(Some(served), CART, "price items", SpanKind::INTERNAL, 43_200, 112_300);
    scene.describe(price, attributes([("cart.items", 24.into()), ("cart.total", Value::Double(318.4))]));
    let rates = scene.span(Some(price), CART, "GET /rates/{currency}", SpanKind::CLIENT, 64_800, 109_900);
    scene.describe(rates, http_called("GET", "https://rates.example/rates/EUR", 200));
    scene.log(price, 111_050, Severity::Debug, "rates are 42 s old", attributes([("rates.age_seconds", 42.into())]));
}

/// The N+1: one statement for every item.
fn reserve_stock(scene: &mut Scene, order: SpanId) {
    let method = "shop.stock.StockService/Reserve";
    let (call, served) = rpc(scene, order, (CHECKOUT, STOCK), method, (121_300, 124_700, 399_100, 402_850));
    scene.describe(call, grpc_code("stock", method, 0));
    scene.describe(served, grpc_code("stock", method, 0));
    let mut from = 127_400;
    for item in 0..24_u64 {
        let to = from + 7_300 + item * 611 % 2_900;
        let select = scene.span(Some(served), STOCK, "SELECT stock_levels", SpanKind::CLIENT, from, to);
        let text = "SELECT quantity, reserved FROM stock_levels WHERE sku = $1";
        scene.describe(select, postgres("warehouse", "SELECT", "stock_levels", text));
        scene.describe(select, attributes([("db.response.returned_rows", 1.into())]));
        from = to + 640 + item * 173 % 500;
    }
    scene.log(
        served,
        356_800,
        Severity::Warn,
        "reserving took 24 statements, expected at most 2",
        attributes([("sku.count", 24.into()), ("threshold", 2.into())]),
    );
    let update = scene.span(Some(served), STOCK, "UPDATE stock_levels", SpanKind::CLIENT, 370_400, 388_300);
    let text = "UPDATE stock_levels SET reserved = reserved + $2 WHERE sku = ANY($1)";
    scene.describe(update, postgres("warehouse", "UPDATE", "stock_levels", text));
    let commit = scene.span(Some(served), STOCK, "COMMIT", SpanKind::CLIENT, 389_600, 396_800);
    scene.describe(commit, postgres("warehouse", "COMMIT", "", "COMMIT"));
}

fn assess_risk(scene: &mut Scene, order: SpanId) {
    let call = scene.span(Some(order), CHECKOUT, "POST /assess", SpanKind::CLIENT, 408_200, 811_500);
    scene.describe(call, http_called("POST", "http://risk:8000/assess", 200));
    let served = scene.span(Some(call), RISK, "POST /assess", SpanKind::SERVER, 412_900, 806_300);
    scene.describe(served, http_served("POST", "/assess", 200));
    let signals = scene.span(Some(served), RISK, "collect signals", SpanKind::INTERNAL, 415_000, 447_200);
    scene.describe(signals, attributes([("risk.signals", 37.into())]));
    let history = scene.span(Some(signals), RISK, "SELECT customer_orders", SpanKind::CLIENT, 418_600, 443_800);
    let text = "SELECT placed_at, total FROM customer_orders WHERE customer = %s ORDER BY placed_at DESC LIMIT 50";
    scene.describe(history, postgres("risk", "SELECT", "customer_orders", text));
    chat(scene, served, (449_300, 506_100, 701_600), (1_486, 73), "tool_calls");
    let tool = scene.span(Some(served), RISK, "execute_tool card_country", SpanKind::INTERNAL, 703_000, 731_400);
    scene.describe(
        tool,
        attributes([
            ("gen_ai.operation.name", "execute_tool".into()),
            ("gen_ai.tool.name", "card_country".into()),
            ("gen_ai.tool.type", "function".into()),
            ("gen_ai.tool.call.id", "call_Qm7dT2".into()),
        ]),
    );
    chat(scene, served, (733_100, 758_900, 798_700), (1_602, 38), "stop");
    let score = attributes([("risk.score", Value::Double(0.17)), ("risk.decision", "accept".into())]);
    scene.log(served, 800_900, Severity::Info, "risk 0.17, accepted", score);
}

fn chat(scene: &mut Scene, parent: SpanId, (from, first, to): (u64, u64, u64), tokens: (i64, i64), reason: &str) {
    let span = scene.span(Some(parent), RISK, "chat gpt-4.1-mini", SpanKind::CLIENT, from, to);
    scene.describe(
        span,
        attributes([
            ("gen_ai.operation.name", "chat".into()),
            ("gen_ai.provider.name", "openai".into()),
            ("gen_ai.request.model", "gpt-4.1-mini".into()),
            ("gen_ai.response.model", "gpt-4.1-mini-2025-04-14".into()),
            ("gen_ai.request.temperature", Value::Double(0.1)),
            ("gen_ai.request.max_tokens", 400.into()),
            ("gen_ai.response.finish_reasons", Value::Array(vec![reason.into()])),
            ("gen_ai.usage.input_tokens", tokens.0.into()),
            ("gen_ai.usage.output_tokens", tokens.1.into()),
            ("server.address", "api.openai.com".into()),
            ("server.port", 443.into()),
        ]),
    );
    scene.event(span, first, "gen_ai.first_token", attributes([("gen_ai.stream.index", 0.into())]));
}

fn take_payment(scene: &mut Scene, order: SpanId) {
    let step = scene.span(Some(order), CHECKOUT, "take payment", SpanKind::INTERNAL, 815_700, 1_402_600);
    let amount = [("payment.amount", Value::Double(318.4)), ("payment.currency", "EUR".into())];
    scene.describe(step, attributes(amount));
    let method = "shop.payments.Payments/Authorize";
    let url = "https://acquirer.example/v1/authorizations";

    let times = (817_400, 821_300, 1_017_200, 1_019_800);
    let (call, served) = rpc(scene, step, (CHECKOUT, PAYMENTS), method, times);
    scene.describe(call, attributes([("retry.attempt", 1.into())]));
    attempt(scene, served, 1, (824_000, 833_600));
    let post = scene.span(Some(served), PAYMENTS, "POST /v1/authorizations", SpanKind::CLIENT, 836_200, 1_014_900);
    let timeout = "java.net.http.HttpTimeoutException";
    scene.describe(post, http_called("POST", url, 0));
    scene.describe(post, attributes([("error.type", timeout.into())]));
    scene.event(post, 838_050, "connection requested", attributes([("pool.idle", 0.into()), ("pool.size", 8.into())]));
    scene.exception(post, 1_014_700, timeout, "request timed out after 175 ms", ACQUIRER_TIMEOUT);
    scene.fail(post, "request timed out after 175 ms");
    scene.fail(served, "acquirer did not answer in time");
    scene.fail(call, "DEADLINE_EXCEEDED: acquirer did not answer in time");
    scene.describe(served, grpc_code("payments", method, 4));
    scene.describe(call, grpc_code("payments", method, 4));
    scene.log(post, 836_900, Severity::Info, "authorizing 318.40 EUR", attributes(amount_of(1)));
    scene.log(post, 1_014_800, Severity::Error, "acquirer did not answer within 175 ms", attributes(amount_of(1)));
    scene.event(step, 1_020_400, "retry", attributes([("retry.attempt", 2.into()), ("retry.delay_ms", 60.into())]));
    let delay = attributes([("retry.delay_ms", 60.into())]);
    scene.log(step, 1_020_500, Severity::Warn, "payment attempt 1 failed, next in 60 ms", delay);

    let times = (1_082_000, 1_085_200, 1_165_900, 1_168_500);
    let (call, served) = rpc(scene, step, (CHECKOUT, PAYMENTS), method, times);
    scene.describe(call, attributes([("retry.attempt", 2.into())]));
    attempt(scene, served, 2, (1_087_100, 1_094_300));
    let post = scene.span(Some(served), PAYMENTS, "POST /v1/authorizations", SpanKind::CLIENT, 1_096_400, 1_163_000);
    scene.describe(post, http_called("POST", url, 503));
    scene.describe(post, attributes([("error.type", "503".into())]));
    let unavailable = "shop.payments.acquirer.AcquirerException";
    scene.exception(post, 1_162_800, unavailable, "503 Service Unavailable", ACQUIRER_UNAVAILABLE);
    scene.fail(post, "503 Service Unavailable");
    scene.fail(served, "acquirer is not available");
    scene.fail(call, "UNAVAILABLE: acquirer is not available");
    scene.describe(served, grpc_code("payments", method, 14));
    scene.describe(call, grpc_code("payments", method, 14));
    scene.log(served, 1_164_300, Severity::Error, "acquirer answered 503", attributes(amount_of(2)));
    scene.event(step, 1_169_000, "retry", attributes([("retry.attempt", 3.into()), ("retry.delay_ms", 120.into())]));
    let delay = attributes([("retry.delay_ms", 120.into())]);
    scene.log(step, 1_169_100, Severity::Warn, "payment attempt 2 failed, next in 120 ms", delay);

    let times = (1_290_300, 1_293_600, 1_396_900, 1_399_700);
    let (call, served) = rpc(scene, step, (CHECKOUT, PAYMENTS), method, times);
    scene.describe(call, attributes([("retry.attempt", 3.into())]));
    attempt(scene, served, 3, (1_295_800, 1_303_500));
    let post = scene.span(Some(served), PAYMENTS, "POST /v1/authorizations", SpanKind::CLIENT, 1_305_200, 1_383_700);
    scene.describe(post, http_called("POST", url, 200));
    let update = scene.span(Some(served), PAYMENTS, "UPDATE attempts", SpanKind::CLIENT, 1_385_300, 1_393_200);
    let text = "UPDATE attempts SET state = ? WHERE id = ?";
    scene.describe(update, postgres("payments", "UPDATE", "attempts", text));
    scene.describe(served, grpc_code("payments", method, 0));
    scene.describe(call, grpc_code("payments", method, 0));
}

fn attempt(scene: &mut Scene, served: SpanId, number: i64, (from, to): (u64, u64)) {
    let insert = scene.span(Some(served), PAYMENTS, "INSERT attempts", SpanKind::CLIENT, from, to);
    let text = "INSERT INTO attempts (payment, number, state) VALUES (?, ?, ?)";
    scene.describe(insert, postgres("payments", "INSERT", "attempts", text));
    scene.describe(served, attributes([("payment.attempt", number.into()), ("payment.idempotent", Value::Bool(true))]));
}

fn amount_of(attempt: i64) -> [(&'static str, Value); 2] {
    [("payment.attempt", attempt.into()), ("payment.id", "pay_91c7e2".into())]
}

fn place_order(scene: &mut Scene, order: SpanId) {
    let method = "shop.orders.Orders/Place";
    let (call, served) = rpc(scene, order, (CHECKOUT, ORDERS), method, (1_406_100, 1_409_300, 1_538_600, 1_541_900));
    scene.describe(call, grpc_code("orders", method, 0));
    scene.describe(served, grpc_code("orders", method, 0));
    let insert = scene.span(Some(served), ORDERS, "INSERT orders", SpanKind::CLIENT, 1_412_700, 1_446_100);
    scene.describe(insert, postgres("orders", "INSERT", "orders", "INSERT INTO orders VALUES ($1, $2, $3, $4)"));
    let insert = scene.span(Some(served), ORDERS, "INSERT order_lines", SpanKind::CLIENT, 1_447_300, 1_499_800);
    let text = "INSERT INTO order_lines SELECT * FROM unnest($1, $2, $3)";
    scene.describe(insert, postgres("orders", "INSERT", "order_lines", text));
    scene.log(served, 1_501_000, Severity::Info, "order 40817 placed", attributes([("order.lines", 24.into())]));
    let send = scene.span(Some(served), ORDERS, "send order-events", SpanKind::PRODUCER, 1_502_800, 1_533_100);
    scene.describe(send, kafka("send", "send"));

    let process = scene.span(Some(send), MAILER, "process order-events", SpanKind::CONSUMER, 1_561_700, 1_902_300);
    scene.describe(process, kafka("process", "process"));
    scene.describe(process, attributes([("messaging.consumer.group.name", "mailer".into())]));
    scene.link(process, send, attributes([("messaging.kafka.offset", 882_140.into())]));
    let render = scene.span(Some(process), MAILER, "render confirmation", SpanKind::INTERNAL, 1_566_400, 1_655_900);
    scene.describe(
        render,
        attributes([("template.name", "order_confirmed".into()), ("template.locale", "de-DE".into())]),
    );
    let post = scene.span(Some(process), MAILER, "POST /send", SpanKind::CLIENT, 1_661_200, 1_896_800);
    scene.describe(post, http_called("POST", "https://mail.example/send", 202));
    let what = attributes([("mail.template", "order_confirmed".into()), ("mail.attachments", 1.into())]);
    scene.log(process, 1_898_500, Severity::Info, "confirmation handed to the mail relay", what);
}

/// Its parent was in a request that never came.
fn lose_a_parent(scene: &mut Scene) {
    let lost = scene.lost();
    let served = scene.span(Some(lost), SUGGESTIONS, "GET /suggestions", SpanKind::SERVER, 1_241_500, 1_318_200);
    scene.describe(served, http_served("GET", "/suggestions", 200));
    let select =
        scene.span(Some(served), SUGGESTIONS, "SELECT bought_together", SpanKind::CLIENT, 1_249_300, 1_309_600);
    let text = "SELECT other, weight FROM bought_together WHERE sku = ANY($1) ORDER BY weight DESC LIMIT 12";
    scene.describe(select, postgres("suggestions", "SELECT", "bought_together", text));
}

/// Client and server of one gRPC call; its times in their order.
fn rpc(
    scene: &mut Scene,
    parent: SpanId,
    (caller, callee): (usize, usize),
    method: &str,
    (called, received, answered, returned): (u64, u64, u64, u64),
) -> (SpanId, SpanId) {
    let call = scene.span(Some(parent), caller, method, SpanKind::CLIENT, called, returned);
    (call, scene.span(Some(call), callee, method, SpanKind::SERVER, received, answered))
}

type Attributes = Vec<model::KeyValue>;

fn grpc_code(host: &str, full_method: &str, code: i64) -> Attributes {
    let (service, method) = full_method.split_once('/').unwrap_or((full_method, ""));
    attributes([
        ("rpc.system", "grpc".into()),
        ("rpc.service", service.into()),
        ("rpc.method", method.into()),
        ("rpc.grpc.status_code", code.into()),
        ("server.address", host.into()),
        ("server.port", 50_051.into()),
    ])
}

fn http_served(method: &str, route: &str, status: i64) -> Attributes {
    attributes([
        ("http.request.method", method.into()),
        ("http.route", route.into()),
        ("url.path", route.into()),
        ("url.scheme", "http".into()),
        ("http.response.status_code", status.into()),
        ("network.protocol.version", "1.1".into()),
        ("client.address", "10.20.0.14".into()),
    ])
}

/// Without a status where no answer came.
fn http_called(method: &str, url: &str, status: i64) -> Attributes {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split('/').next().unwrap_or(rest);
    let (host, port) = authority.split_once(':').unwrap_or((authority, if scheme == "https" { "443" } else { "80" }));
    let mut all = attributes([
        ("http.request.method", method.into()),
        ("url.full", url.into()),
        ("server.address", host.into()),
        ("server.port", port.parse::<i64>().unwrap_or_default().into()),
    ]);
    if status > 0 {
        all.extend(attributes([("http.response.status_code", status.into())]));
    }
    all
}

fn postgres(database: &str, operation: &str, table: &str, text: &str) -> Attributes {
    let mut all = attributes([
        ("db.system.name", "postgresql".into()),
        ("db.namespace", database.into()),
        ("db.operation.name", operation.into()),
        ("db.query.text", text.into()),
        ("server.address", "postgres".into()),
        ("server.port", 5_432.into()),
    ]);
    if !table.is_empty() {
        all.extend(attributes([("db.collection.name", table.into())]));
    }
    all
}

fn redis(command: &str) -> Attributes {
    let operation = command.split(' ').next().unwrap_or(command);
    attributes([
        ("db.system.name", "redis".into()),
        ("db.namespace", "0".into()),
        ("db.operation.name", operation.into()),
        ("db.query.text", command.into()),
        ("server.address", "redis".into()),
        ("server.port", 6_379.into()),
    ])
}

fn kafka(operation: &str, kind: &str) -> Attributes {
    attributes([
        ("messaging.system", "kafka".into()),
        ("messaging.destination.name", "order-events".into()),
        ("messaging.operation.name", operation.into()),
        ("messaging.operation.type", kind.into()),
        ("messaging.destination.partition.id", "3".into()),
        ("messaging.message.body.size", 2_214.into()),
    ])
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    #[test]
    fn the_shipped_sample_is_the_generated_one() {
        expect_file!["../../../assets/sample-trace.json"].assert_eq(&super::otlp_json());
    }
}
