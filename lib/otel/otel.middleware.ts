import {
  context,
  diag,
  metrics,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
} from '@opentelemetry/api';
import type { ChatRequest, LlmCall, LlmMiddleware, LlmOutcome } from '../index.js';
import { NAMES, operationNameOf, providerNameOf } from './names.js';
import { OtelMetrics } from './otel-metrics.js';
import type { LlmOtelOptions } from './otel-options.interface.js';
import { outcomeAttributes, requestAttributes, serverAttributes } from './span-attributes.js';
import { contentFromEnv, inputContent, outputContent } from './span-content.js';

const SCOPE = 'nestjs-llm';

/**
 * Traces and measures each call that it wraps, through whatever providers are registered with `@opentelemetry/api`; for
 * `LlmService.use()` outside of NestJS. What is sent for a call is a child of its span.
 *
 * @publicApi
 */
export function otelMiddleware(options: Omit<LlmOtelOptions, 'name'> = {}): LlmMiddleware {
  const { spans = true, metrics: measures = true, chunkTimes = false, attributes: extra } = options;
  const content = options.content ?? contentFromEnv();
  const names = NAMES[options.names ?? 'compatible'];
  const scope = names.schemaUrl === undefined ? {} : { schemaUrl: names.schemaUrl };
  const tracer = spans ? trace.getTracerProvider().getTracer(SCOPE, undefined, scope) : undefined;
  let meters: OtelMetrics | undefined;
  /** Made with the first call: meters, unlike tracers, do not find a provider that is registered later. */
  const metersOnce = (): OtelMetrics | undefined => {
    if (!measures) return undefined;
    meters ??= new OtelMetrics(
      metrics.getMeter(SCOPE, undefined, scope),
      names,
      options.names === 'latest',
      chunkTimes,
    );
    return meters;
  };
  const models = options.models && new Set(options.models);
  const modelDimension = (model: string): string =>
    models === undefined || models.has(model) ? model : '_other';

  return function otel(call, next) {
    const operation = operationNameOf(call.operation);
    const streamed = (call.request as Partial<ChatRequest>).stream === true;
    const { model, provider, server } = placeOf(call);
    const place: Attributes = {
      'gen_ai.operation.name': operation,
      ...(provider !== undefined && { 'gen_ai.provider.name': provider }),
    };
    const dimensions: Attributes = { ...place, 'gen_ai.request.model': modelDimension(model) };
    const span = tracer?.startSpan(`${operation} ${model}`, {
      kind: SpanKind.CLIENT,
      attributes: { ...place, 'gen_ai.request.model': model, ...server },
    });
    const isRecording = span?.isRecording() === true;
    if (isRecording) {
      span.setAttributes(requestAttributes(call));
      if (content === 'span') span.setAttributes(inputContent(call));
      describe(span, call, extra);
    }
    const meter = metersOnce();
    let chunks = 0;
    let lastAt = 0;
    call.tap({
      ...(streamed &&
        meter !== undefined && {
          chunk() {
            chunks++;
            if (!chunkTimes) return;
            const now = performance.now();
            if (lastAt > 0) meter.recordChunk((now - lastAt) / 1000, dimensions);
            lastAt = now;
          },
        }),
      end(outcome) {
        if (isRecording) finish(span, outcome);
        span?.end();
        meter?.record({ operation, attributes: measured(outcome), outcome, streamed, chunks });
      },
    });
    return span === undefined ? next() : context.with(trace.setSpan(context.active(), span), next);

    function finish(on: Span, outcome: LlmOutcome): void {
      const { error, meta } = outcome;
      on.setAttributes(outcomeAttributes(outcome, streamed, names));
      if (meta !== undefined) on.setAttributes(serverAttributes(meta.origin));
      if (content === 'span') on.setAttributes(outputContent(outcome));
      if (error !== undefined) on.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    }

    /** Of the one that answered, which a fallback may have changed. */
    function measured({ meta, error, result }: LlmOutcome): Attributes {
      const at = meta?.provider ?? error?.provider;
      const answered = result !== undefined && 'model' in result ? result.model : undefined;
      return {
        ...dimensions,
        'gen_ai.request.model': modelDimension(meta?.model ?? model),
        ...(at !== undefined && { 'gen_ai.provider.name': providerNameOf(at) }),
        ...(answered !== undefined && { 'gen_ai.response.model': modelDimension(answered) }),
        ...(meta !== undefined && serverAttributes(meta.origin)),
        ...(error !== undefined && { 'error.type': error.name }),
      };
    }
  };
}

/** Where a call is about to go; of one that names no provider that is known, what it says. */
function placeOf(call: LlmCall): {
  readonly model: string;
  readonly provider?: string;
  readonly server?: Attributes;
} {
  try {
    const { provider, model, deployment } = call;
    return { model, provider: providerNameOf(provider), server: serverAttributes(deployment.origin) };
  } catch {
    return { model: '_unknown' };
  }
}

function describe(span: Span, call: LlmCall, extra: LlmOtelOptions['attributes']): void {
  try {
    const more = extra?.(call);
    if (more !== undefined) span.setAttributes(more);
  } catch (fault) {
    diag.error('nestjs-llm: the function `attributes` of LlmOtelModule failed', fault);
  }
}
