import type {
  ChatCompletion,
  ChatCompletionMessage,
  CompletionUsage,
  FinishReason,
  ServiceTier,
} from '../../operations/chat/chat-completion.interface.js';
import type { ChatRequest, ThinkingBlock, ToolCall } from '../../operations/chat/chat-request.interface.js';
import type { Fields } from '../kit/fields.js';
import { createCompletionId, createdNow, createToolCallId } from '../kit/chunk-writer.js';
import { originFields } from '../kit/origin.js';
import { ownToolName } from '../kit/tool-calls.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { mayBeClaude } from './bedrock.models.js';
import { TOOL_NAMES } from './bedrock.names.js';
import { structuredOutputOf } from './bedrock.structured-output.js';
import type { ConverseResponse, ConverseUsage, ResponseBlock } from './bedrock.wire.js';
import { countOf } from '../kit/count.js';
import { UniqueNames } from '../kit/unique-names.js';

/** Bedrock's reasons that OpenAI's say in full. */
const PLAIN: ReadonlySet<string> = new Set(['end_turn', 'tool_use', 'max_tokens']);

/**
 * @param callsTools whether the caller has tool calls to answer; the hidden one of a structured output is none
 * @see {@link https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_MessageStopEvent.html}
 */
export function finishReasonOf(stopReason: string, callsTools: boolean): FinishReason {
  switch (stopReason) {
    case 'tool_use':
      return callsTools ? 'tool_calls' : 'stop';
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'content_filtered':
    case 'guardrail_intervened':
      return 'content_filter';
    default:
      return 'stop';
  }
}

/** Bedrock counts cached tokens apart from the input, OpenAI as a part of it. */
export function usageOf(usage: ConverseUsage | null | undefined): CompletionUsage | undefined {
  if (usage === null || typeof usage !== 'object') return undefined;
  const { cacheReadInputTokens, cacheWriteInputTokens } = usage;
  const read = countOf(cacheReadInputTokens);
  const written = countOf(cacheWriteInputTokens);
  const completion = countOf(usage.outputTokens);
  const prompt = countOf(usage.inputTokens) + read + written;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...((cacheReadInputTokens ?? cacheWriteInputTokens) !== undefined && {
      prompt_tokens_details: {
        cached_tokens: read,
        cache_write_tokens: written,
      },
    }),
    ...(usage.cacheDetails !== undefined && { cacheDetails: usage.cacheDetails }),
  };
}

/** The name of the hidden tool through which the answer comes as JSON; `undefined` when it comes as text. */
export function answerToolOf({ request, model }: FormatContext<ChatRequest>): string | undefined {
  const structured = structuredOutputOf(request, model);
  return structured?.kind === 'tool' ? structured.tool.toolSpec.name : undefined;
}

/** gpt-oss lets marks of its own format slip into the names of tools. */
export function toolNameOf(name: string | undefined): string {
  return (name ?? '').split('<|', 1)[0]!;
}

/** The caller's name of a tool that a model calls. */
export function callerNameOf(name: string, { request }: FormatContext<ChatRequest>): string {
  return ownToolName(name, request, TOOL_NAMES);
}

/** Some models give one id to several calls; the answers to them could not be told apart. */
export class ToolCallIds {
  private readonly ids = new UniqueNames('_');

  next(id: string | undefined): string {
    return this.ids.take(id || createToolCallId());
  }
}

/** Whether a model signed or encrypted what it thought. */
function isProven(block: ThinkingBlock): boolean {
  return block.type === 'redacted_thinking' || !!block.signature;
}

/**
 * What Bedrock says that OpenAI's shape has no field for.
 *
 * @param proven the call, if its reasoning is signed or encrypted: where that comes from has to be known, unless it is
 *   Claude's, whose form it has
 */
export function specificsOf(
  about: {
    stopReason?: string | undefined;
    trace?: unknown;
    additionalModelResponseFields?: unknown;
    performanceConfig?: unknown;
    /** Text beside an answer that is JSON: it would make the content no JSON. */
    text?: string | undefined;
  },
  proven: FormatContext | undefined,
): Fields | undefined {
  const { stopReason, trace, additionalModelResponseFields, performanceConfig, text } = about;
  const own: Fields = {
    ...(stopReason !== undefined && !PLAIN.has(stopReason) && { stopReason }),
    ...(trace !== undefined && trace !== null && { trace }),
    ...(hasValues(additionalModelResponseFields) && { additionalModelResponseFields }),
    ...(performanceConfig !== undefined && performanceConfig !== null && { performanceConfig }),
    ...(text && { text }),
  };
  const fields = {
    ...(Object.keys(own).length > 0 && { bedrock: own }),
    ...(proven && !mayBeClaude(proven.model) && originFields(proven)),
  };
  return Object.keys(fields).length > 0 ? fields : undefined;
}

/** Whether there is anything but `null` in it: Claude names its stop sequence, also when there was none. */
function hasValues(value: unknown): boolean {
  if (typeof value !== 'object') return value !== undefined;
  return value !== null && Object.values(value).some(hasValues);
}

const SERVICE_TIERS: ReadonlySet<string> = new Set(['default', 'flex', 'priority']);

export function serviceTierOf(tier: { type?: string } | null | undefined): ServiceTier | undefined {
  return tier?.type !== undefined && SERVICE_TIERS.has(tier.type) ? (tier.type as ServiceTier) : undefined;
}

/** Translates Converse's response. @returns `undefined` when `body` is not one */
export function toCompletion(body: unknown, context: FormatContext<ChatRequest>): ChatCompletion | undefined {
  const response = body as Partial<ConverseResponse> | null;
  const blocks: unknown = response?.output?.message?.content;
  if (!response || !Array.isArray(blocks) || typeof response.stopReason !== 'string') return undefined;
  const content = new MessageContent(answerToolOf(context), context);
  for (const block of blocks as (ResponseBlock | null)[]) if (block) content.add(block);
  const message = content.message(response);
  const usage = usageOf(response.usage);
  const tier = serviceTierOf(response.serviceTier);
  return {
    id: createCompletionId(),
    object: 'chat.completion',
    created: createdNow(),
    model: context.model,
    choices: [
      {
        index: 0,
        message,
        logprobs: null,
        finish_reason: finishReasonOf(response.stopReason, message.tool_calls !== undefined),
      },
    ],
    ...(usage !== undefined && { usage }),
    ...(tier !== undefined && { service_tier: tier }),
    ...(content.citations.length > 0 && { citations: content.citations }),
  };
}

/** The message of a response, block by block. */
class MessageContent {
  readonly citations: unknown[] = [];
  private text = '';
  private answer: string | undefined;
  private reasoning: string | undefined;
  private readonly thinking: ThinkingBlock[] = [];
  private readonly calls: ToolCall[] = [];
  private readonly ids = new ToolCallIds();

  constructor(
    private readonly answerTool: string | undefined,
    private readonly context: FormatContext<ChatRequest>,
  ) {}

  add(block: ResponseBlock): void {
    if (typeof block.text === 'string') this.text += block.text;
    if (block.citationsContent) {
      const { content, citations } = block.citationsContent;
      for (const part of content ?? []) this.text += part.text ?? '';
      for (const citation of citations ?? []) this.citations.push(citation);
    }
    if (block.reasoningContent) this.addReasoning(block.reasoningContent);
    // Tools that run at AWS come with their results: there is nothing to answer.
    if (block.toolUse && block.toolUse.type !== 'server_tool_use') this.addToolUse(block.toolUse);
  }

  message(response: Partial<ConverseResponse>): ChatCompletionMessage {
    const { text, answer, reasoning, thinking, calls } = this;
    const isEmpty = reasoning === undefined && thinking.length === 0 && calls.length === 0;
    const specifics = specificsOf(
      { ...response, text: answer === undefined ? undefined : text },
      thinking.some(isProven) ? this.context : undefined,
    );
    return {
      role: 'assistant',
      content: answer ?? (text !== '' || isEmpty ? text : null),
      refusal: null,
      ...(reasoning !== undefined && { reasoning_content: reasoning }),
      ...(thinking.length > 0 && { thinking_blocks: thinking }),
      ...(calls.length > 0 && { tool_calls: calls }),
      ...(specifics !== undefined && { provider_specific_fields: specifics }),
    };
  }

  private addReasoning({
    reasoningText,
    redactedContent,
  }: NonNullable<ResponseBlock['reasoningContent']>): void {
    if (typeof redactedContent === 'string') {
      this.thinking.push({ type: 'redacted_thinking', data: redactedContent });
    }
    if (!reasoningText) return;
    const { text = '', signature } = reasoningText;
    if (text !== '') this.reasoning = (this.reasoning ?? '') + text;
    const last = this.thinking.at(-1);
    // As the pieces of a stream are put together: a block ends with its signature.
    if (last?.type === 'thinking' && last.signature === undefined) {
      last.thinking += text;
      if (signature) last.signature = signature;
    } else this.thinking.push({ type: 'thinking', thinking: text, ...(signature && { signature }) });
  }

  private addToolUse({ toolUseId, name, input }: NonNullable<ResponseBlock['toolUse']>): void {
    const json = JSON.stringify(input ?? {});
    const plain = toolNameOf(name);
    if (plain === this.answerTool) {
      this.answer ??= json;
      return;
    }
    const id = this.ids.next(toolUseId);
    this.calls.push({
      id,
      type: 'function',
      function: { name: callerNameOf(plain, this.context), arguments: json },
    });
  }
}
