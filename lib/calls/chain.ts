import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';
import { LlmError } from '../errors/llm.error.js';
import type { LlmCall } from './llm-call.js';
import { logFault } from './taps.js';

/**
 * Wraps every call of an instance: it sees what is asked for before `next()`, and what comes back after it. Run once a
 * call, over its fallbacks and retries, in the caller's async context.
 *
 * What it throws before `next()` fails the call, and so does an `LlmError` after it. Any other fault after `next()` is
 * logged once and passed over.
 *
 * @publicApi
 */
export type LlmMiddleware = (call: LlmCall, next: () => Promise<LlmResult>) => Promise<LlmResult>;

/** What a call resolves with: its document, or the `ChatStream` of it. */
export type LlmResult = object;

/** Carries out a call. */
export type Chain = (call: LlmCall) => Promise<LlmResult>;

/** Puts middleware around a call, the first one outermost. */
export function compose(middleware: readonly LlmMiddleware[], innermost: Chain): Chain {
  return middleware.reduceRight<Chain>((next, one) => (call) => guarded(one, call, next), innermost);
}

async function guarded(one: LlmMiddleware, call: LlmCall, next: Chain): Promise<LlmResult> {
  let last: Promise<LlmResult> | undefined;
  try {
    return await one(call, () => (last = next(call)));
  } catch (error) {
    if (last === undefined || error instanceof LlmError) throw error;
    logFault(one, `The middleware ${one.name || 'without a name'}`, error);
    return last;
  }
}

/**
 * The channels of an operation, `tracing:nestjs-llm:<operation>:start` and so on. Each message is the {@link LlmCall};
 * with `asyncEnd` it has its `outcome`.
 */
export function channelOf(operation: string): TracingChannel<unknown, LlmCall> {
  return tracingChannel<unknown, LlmCall>(`nestjs-llm:${operation}`);
}

/** Publishes the call where somebody listens, and tells those who tapped it how it ended. */
export async function observed(
  call: LlmCall,
  chain: Chain,
  channel: TracingChannel<unknown, LlmCall>,
): Promise<LlmResult> {
  const published = channel.hasSubscribers;
  let result: LlmResult;
  try {
    result = await (published ? started(call, chain, channel) : chain(call));
  } catch (error) {
    if (published || call.tapped) call.end(undefined, error, published ? ended(call, channel) : undefined);
    throw error;
  }
  if (published || call.tapped) call.end(result, undefined, published ? ended(call, channel) : undefined);
  return result;
}

function started(
  call: LlmCall,
  chain: Chain,
  { start, end }: TracingChannel<unknown, LlmCall>,
): Promise<LlmResult> {
  return start.runStores(call, () => {
    try {
      return chain(call);
    } finally {
      end.publish(call);
    }
  });
}

/** A stream has ended with its body, long after the promise that Node's own `tracePromise()` follows. */
function ended(call: LlmCall, { error, asyncStart, asyncEnd }: TracingChannel<unknown, LlmCall>): () => void {
  return () => {
    if (call.outcome?.error !== undefined) error.publish(call);
    asyncStart.publish(call);
    asyncEnd.publish(call);
  };
}
