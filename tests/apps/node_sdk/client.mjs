// One checkout with an error, a log record and a counter, over the protocol that the environment names.
import { logs, metrics, SeverityNumber, SpanKind, SpanStatusCode, trace, context } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";

const sdk = new NodeSDK({ serviceName: "node-checkout" });
sdk.start();
const tracer = trace.getTracer("checkout", "2.0.0");
metrics.getMeter("checkout").createCounter("orders", { unit: "{order}" }).add(3, { currency: "EUR" });
const root = tracer.startSpan("POST /orders", { kind: SpanKind.SERVER });
context.with(trace.setSpan(context.active(), root), () => {
  root.setAttributes({ "order.count": 3, "order.total": 129.9, "order.express": true, "order.skus": ["a", "b"] });
  root.setAttribute("order.ratio", NaN);
  root.setAttributes({ "user.id": "u7", "organization.id": "o2" });
  const child = tracer.startSpan("INSERT orders", { kind: SpanKind.CLIENT });
  child.recordException(new TypeError("cannot insert undefined"));
  child.setStatus({ code: SpanStatusCode.ERROR, message: "insert failed" });
  logs.getLogger("checkout").emit({
    severityNumber: SeverityNumber.WARN,
    severityText: "WARN",
    body: "retrying insert",
    context: trace.setSpan(context.active(), child),
  });
  child.end();
});
root.end();
console.log(root.spanContext().traceId);
await sdk.shutdown();
