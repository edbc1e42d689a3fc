import type { Attributes, Histogram, Meter } from '@opentelemetry/api';
import type { LlmOutcome } from '../index.js';
import type { NAMES } from './names.js';

/** Seconds, as the conventions have them. A model that thinks may take longer than the last. */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const TOKENS = Array.from({ length: 14 }, (_none, power) => 4 ** power);

/** What a call came to, for its metrics. */
export interface MeasuredCall {
  readonly operation: string;
  readonly attributes: Attributes;
  readonly outcome: LlmOutcome;
  readonly streamed: boolean;
  readonly chunks: number;
}

/** The instruments of the GenAI conventions. */
export class OtelMetrics {
  private readonly durations = new Map<string, Histogram>();
  private readonly firstChunk: Histogram;
  private readonly perChunk: Histogram;
  private readonly recordTokens: (call: MeasuredCall) => void;

  constructor(
    private readonly meter: Meter,
    private readonly names: (typeof NAMES)[keyof typeof NAMES],
    isLatest: boolean,
    /** Each chunk was recorded already. */
    private readonly chunkTimes: boolean,
  ) {
    this.firstChunk = this.seconds(
      names.firstChunk,
      'Time from the start of a streamed call to its first content',
    );
    this.perChunk = this.seconds(names.perChunk, 'Time between the chunks of a stream');
    this.recordTokens = isLatest ? tokenCounters(meter) : tokenHistogram(meter);
  }

  recordChunk(seconds: number, attributes: Attributes): void {
    this.perChunk.record(seconds, attributes);
  }

  record(call: MeasuredCall): void {
    const { operation, attributes, outcome, streamed, chunks } = call;
    const name = this.names.duration(operation);
    let duration = this.durations.get(name);
    if (duration === undefined) {
      duration = this.seconds(name, 'Duration of calls to models, all of their tries together');
      this.durations.set(name, duration);
    }
    duration.record(outcome.durationMs / 1000, attributes);
    this.recordTokens(call);
    const { firstContent, total } = outcome.meta?.timings ?? {};
    if (!streamed || firstContent === undefined) return;
    this.firstChunk.record(firstContent / 1000, attributes);
    if (!this.chunkTimes && chunks > 1 && total !== undefined)
      this.perChunk.record((total - firstContent) / (chunks - 1) / 1000, attributes);
  }

  private seconds(name: string, description: string): Histogram {
    return this.meter.createHistogram(name, {
      description,
      unit: 's',
      advice: { explicitBucketBoundaries: SECONDS },
    });
  }
}

function tokenHistogram(meter: Meter): (call: MeasuredCall) => void {
  const usage = meter.createHistogram('gen_ai.client.token.usage', {
    description: 'Tokens of a call, by their type',
    unit: '{token}',
    advice: { explicitBucketBoundaries: TOKENS },
  });
  return ({ attributes, outcome: { usage: used } }) => {
    if (used === undefined) return;
    usage.record(used.prompt_tokens, { ...attributes, 'gen_ai.token.type': 'input' });
    if ('completion_tokens' in used)
      usage.record(used.completion_tokens, { ...attributes, 'gen_ai.token.type': 'output' });
  };
}

function tokenCounters(meter: Meter): (call: MeasuredCall) => void {
  const counter = (name: string, description: string) =>
    meter.createCounter(`gen_ai.client.inference.usage.${name}`, { description, unit: '{token}' });
  const input = counter('input_tokens', 'Tokens of requests, those out of a cache included');
  const output = counter('output_tokens', 'Tokens of answers, those of reasoning included');
  const cacheRead = counter('cache_read.input_tokens', 'Tokens of requests that came out of a cache');
  const cacheWrite = counter('cache_write.input_tokens', 'Tokens of requests that were put into a cache');
  const reasoning = counter('reasoning.output_tokens', 'Tokens of reasoning');
  return ({ operation, attributes, outcome: { usage: used } }) => {
    if (operation !== 'chat') return;
    const counted = used !== undefined && 'completion_tokens' in used ? used : undefined;
    const modal = { ...attributes, 'gen_ai.token.modality': counted === undefined ? 'unknown' : 'text' };
    input.add(counted?.prompt_tokens ?? 0, modal);
    output.add(counted?.completion_tokens ?? 0, modal);
    const { cached_tokens: read, cache_write_tokens: written } = counted?.prompt_tokens_details ?? {};
    if (read) cacheRead.add(read, modal);
    if (written) cacheWrite.add(written, modal);
    const thought = counted?.completion_tokens_details?.reasoning_tokens;
    if (thought) reasoning.add(thought, modal);
  };
}
