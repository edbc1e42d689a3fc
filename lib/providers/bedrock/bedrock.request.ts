import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { mergeFields } from '../kit/fields.js';
import { claudeSampling, claudeTraits } from '../kit/families/claude.js';
import { stopSequencesOf } from '../kit/messages.js';
import { checkSupported, refuse } from '../kit/params.js';
import type { FormatContext, ProviderRequest } from '../provider-adapter.interface.js';
import { toConversation } from './bedrock.messages.js';
import { mayBeClaude, modelPathOf } from './bedrock.models.js';
import { readReasoning, type Reasoning } from './bedrock.reasoning.js';
import { structuredOutputOf } from './bedrock.structured-output.js';
import { readTools } from './bedrock.tools.js';
import type { ConverseRequest } from './bedrock.wire.js';
import { SUPPORTED } from './bedrock.params.js';

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
    body: JSON.stringify(mergeFields(toBody(request, context), request.providerOptions?.[context.provider])),
    ...(request.stream === true && { headers: STREAM_ACCEPT }),
  };
}

function toBody(request: ChatRequest, context: FormatContext<ChatRequest>): ConverseRequest {
  const reasoning = readReasoning(request, context);
  const structured = structuredOutputOf(request, context.model);
  const { toolConfig, fields } = readTools(request, context, structured, reasoning.thinks);
  const { system, messages } = toConversation(request.messages, context);
  const inferenceConfig = inferenceConfigOf(request, reasoning, context);
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
  request: ChatRequest,
  { maxTokens, thinks }: Reasoning,
  context: FormatContext<ChatRequest>,
): NonNullable<ConverseRequest['inferenceConfig']> {
  const { model } = context;
  const { temperature, top_p: topP } = mayBeClaude(model)
    ? claudeSampling(request, claudeTraits(model), thinks !== undefined, context)
    : request;
  const stopSequences = stopSequencesOf(request);
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
