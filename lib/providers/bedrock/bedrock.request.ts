import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { checkSupported, refuse } from '../kit/params.js';
import type { FormatContext, ProviderRequest } from '../provider-adapter.interface.js';
import { toConversation } from './bedrock.messages.js';
import { modelPathOf } from './bedrock.models.js';
import { readReasoning } from './bedrock.reasoning.js';
import { structuredOutputOf } from './bedrock.structured-output.js';
import { readTools } from './bedrock.tools.js';
import type { ConverseRequest } from './bedrock.wire.js';

type Fields = Record<string, unknown>;

const SUPPORTED = new Set([
  'max_completion_tokens',
  'max_tokens',
  'metadata',
  'parallel_tool_calls',
  'reasoning_effort',
  'response_format',
  'service_tier',
  'stop',
  'temperature',
  'thinking',
  'tool_choice',
  'tools',
  'top_p',
]);

const STREAM_ACCEPT = { accept: 'application/vnd.amazon.eventstream' };

/** Translates a request to Converse, or ConverseStream. */
export function toConverseRequest(
  request: ChatRequest,
  context: FormatContext<ChatRequest>,
): ProviderRequest {
  checkSupported(request, SUPPORTED, context);
  const operation = request.stream === true ? 'converse-stream' : 'converse';
  return {
    path: `${modelPathOf(context)}/${operation}`,
    body: JSON.stringify(mergeDeep(toBody(request, context), request.providerOptions?.[context.provider])),
    ...(request.stream === true && { headers: STREAM_ACCEPT }),
  };
}

function toBody(request: ChatRequest, context: FormatContext<ChatRequest>): ConverseRequest {
  const limit = request.max_completion_tokens ?? request.max_tokens ?? undefined;
  const reasoning = readReasoning(request, context, limit);
  const structured = structuredOutputOf(request, context.model);
  const { toolConfig, fields } = readTools(request, context, structured);
  const { system, messages } = toConversation(request.messages, context);
  const inferenceConfig = inferenceConfigOf(request, limit ?? reasoning.maxTokens);
  const additional = { ...reasoning.fields, ...fields };
  return {
    messages,
    ...(system.length > 0 && { system }),
    ...(hasFields(inferenceConfig) && { inferenceConfig }),
    ...(toolConfig !== undefined && { toolConfig }),
    ...(structured?.kind === 'native' && { outputConfig: structured.outputConfig }),
    ...(hasFields(additional) && { additionalModelRequestFields: additional }),
    ...(request.metadata && { requestMetadata: request.metadata }),
    ...serviceTierOf(request, context),
  };
}

function inferenceConfigOf(
  { temperature, top_p: topP, stop }: ChatRequest,
  maxTokens: number | undefined,
): NonNullable<ConverseRequest['inferenceConfig']> {
  const stopSequences = (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((text) => text !== '');
  return {
    ...(maxTokens !== undefined && { maxTokens }),
    ...(typeof temperature === 'number' && { temperature }),
    ...(typeof topP === 'number' && { topP }),
    ...(stopSequences.length > 0 && { stopSequences }),
  };
}

function serviceTierOf(
  { service_tier: tier }: ChatRequest,
  context: FormatContext<ChatRequest>,
): Pick<ConverseRequest, 'serviceTier'> {
  if (!tier || tier === 'auto') return {};
  if (tier !== 'scale') return { serviceTier: { type: tier } };
  refuse(['service_tier'], context);
  return {};
}

function hasFields(object: object): boolean {
  return Object.keys(object).length > 0;
}

/** Puts the caller's own fields over the body, object by object: a field of the model's goes beside ours. */
function mergeDeep(target: object, over: Fields | undefined): object {
  const merged: Fields = { ...target };
  for (const [name, value] of Object.entries(over ?? {})) {
    const before = merged[name];
    merged[name] = isFields(before) && isFields(value) ? mergeDeep(before, value) : value;
  }
  return merged;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
