// Loaded into a service by `NODE_OPTIONS=--import …`: an OpenTelemetry SDK, as who wants spans loads one. It exports in batches,
// a line for each span, to the file that `SPANS_FILE` names.
import { appendFileSync } from 'node:fs';
import { trace } from '@opentelemetry/api';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const exporter = {
  export(spans, done) {
    for (const span of spans) {
      const { traceId } = span.spanContext();
      const { name, attributes, parentSpanContext } = span;
      const line = { traceId, parentSpanId: parentSpanContext?.spanId, name, attributes };
      appendFileSync(process.env.SPANS_FILE, `${JSON.stringify(line)}\n`);
    }
    done({ code: 0 });
  },
  shutdown: () => Promise.resolve(),
};

trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] }));
