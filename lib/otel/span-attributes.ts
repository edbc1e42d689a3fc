import type { Attributes } from '@opentelemetry/api';
import type { ChatRequest, LlmCall, LlmOutcome } from '../index.js';
import type { GenAiNames } from './names.js';

/** What the caller asked for, beside the texts. */
export function requestAttributes({ operation, request }: LlmCall): Attributes {
  if (operation !== 'completion') return {};
  const asked = request as ChatRequest;
  const { stop, n } = asked;
  return defined({
    'gen_ai.request.stream': asked.stream === true ? true : undefined,
    'gen_ai.request.temperature': asked.temperature,
    'gen_ai.request.top_p': asked.top_p,
    'gen_ai.request.max_tokens': asked.max_completion_tokens ?? asked.max_tokens,
    'gen_ai.request.frequency_penalty': asked.frequency_penalty,
    'gen_ai.request.presence_penalty': asked.presence_penalty,
    'gen_ai.request.seed': asked.seed,
    'gen_ai.request.choice.count': n !== undefined && n !== null && n !== 1 ? n : undefined,
    'gen_ai.request.stop_sequences': typeof stop === 'string' ? [stop] : stop,
  });
}

/** How the call ended. Usage is the totals, with what came out of a cache in them. */
export function outcomeAttributes(
  { end, result, usage, error, meta }: LlmOutcome,
  streamed: boolean,
  { cacheWrite }: GenAiNames,
): Attributes {
  const completion = result !== undefined && 'choices' in result ? result : undefined;
  const reasons = completion?.choices.map((choice) => choice.finish_reason).filter((one) => one !== null);
  const counted = usage !== undefined && 'completion_tokens' in usage ? usage : undefined;
  const attempts = error?.attempts ?? meta?.attempts ?? [];
  const firstContent = streamed ? meta?.timings.firstContent : undefined;
  return defined({
    'gen_ai.response.id': completion?.id,
    'gen_ai.response.model': result !== undefined && 'model' in result ? result.model : undefined,
    'gen_ai.response.finish_reasons': reasons?.length ? reasons : undefined,
    'gen_ai.usage.input_tokens': usage?.prompt_tokens,
    'gen_ai.usage.output_tokens': counted?.completion_tokens,
    'gen_ai.usage.cache_read.input_tokens': counted?.prompt_tokens_details?.cached_tokens,
    [cacheWrite]: counted?.prompt_tokens_details?.cache_write_tokens,
    'gen_ai.usage.reasoning.output_tokens': counted?.completion_tokens_details?.reasoning_tokens,
    'gen_ai.response.time_to_first_chunk': firstContent === undefined ? undefined : firstContent / 1000,
    'error.type': error?.name,
    'nestjs_llm.end': end,
    'nestjs_llm.request_id': error?.requestId ?? meta?.requestId,
    'nestjs_llm.phase': error?.phase,
    'nestjs_llm.attempts': attempts.length > 1 ? attempts.length : undefined,
    'nestjs_llm.queued': seconds(meta?.timings.queued),
    'nestjs_llm.connected': seconds(meta?.timings.connected),
    'nestjs_llm.first_byte': seconds(meta?.timings.firstByte),
  });
}

/** Host and port of where a call goes. */
export function serverAttributes(origin: string): Attributes {
  const { hostname, port, protocol } = new URL(origin);
  return {
    'server.address': hostname,
    'server.port': port !== '' ? Number(port) : protocol === 'http:' ? 80 : 443,
  };
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function defined(attributes: Record<string, unknown>): Attributes {
  const known: Record<string, unknown> = {};
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined && value !== null) known[name] = value;
  }
  return known as Attributes;
}
