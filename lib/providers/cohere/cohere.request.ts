import type {
  AssistantMessage,
  ChatMessage,
  ChatRequest,
  ContentPart,
  CustomTool,
  FunctionTool,
} from '../../operations/chat/chat-request.interface.js';
import { BadRequestError } from '../../errors/errors.js';
import { isBlank, stopSequencesOf, textOf } from '../kit/messages.js';
import { argumentsText } from '../kit/tool-calls.js';
import { checkSupported, refuse } from '../kit/params.js';
import type { FormatContext, ProviderRequest } from '../provider-adapter.interface.js';
import type { CohereContent, CohereMessage, CohereRequest, CohereTool } from './cohere.wire.js';
import { SUPPORTED } from './cohere.params.js';

type Context = FormatContext<ChatRequest>;
type Effort = Exclude<NonNullable<ChatRequest['reasoning_effort']>, 'none'>;

/** Tokens of thinking by effort, as LiteLLM has them. */
const BUDGETS: Readonly<Record<Effort, number>> = {
  minimal: 128,
  low: 1024,
  medium: 2048,
  high: 4096,
  xhigh: 8192,
  max: 16_384,
};

/**
 * Translates a request to Cohere's chat, version 2.
 *
 * @see {@link https://docs.cohere.com/reference/chat}
 */
export function toCohereRequest(request: ChatRequest, context: Context): ProviderRequest {
  checkSupported(request, SUPPORTED, context);
  const isOfTools = (request.tools ?? []).length > 0;
  const wantsJson = request.response_format && request.response_format.type !== 'text';
  // https://docs.cohere.com/v2/docs/structured-outputs
  if (isOfTools && wantsJson) refuse(['response_format'], context, 'beside tools');
  const body: CohereRequest = {
    model: context.model,
    messages: toMessages(request.messages, context),
    stream: request.stream === true,
    ...toolsOf(request, context),
    ...(!isOfTools && formatOf(request)),
    ...thinkingOf(request),
    ...samplingOf(request),
  };
  return { path: '/chat', body: JSON.stringify({ ...body, ...request.providerOptions?.[context.provider] }) };
}

function samplingOf(request: ChatRequest): Partial<CohereRequest> {
  const stops = stopSequencesOf(request);
  const fields: { [Name in keyof CohereRequest]?: CohereRequest[Name] | null } = {
    max_tokens: request.max_completion_tokens ?? request.max_tokens,
    temperature: request.temperature,
    p: request.top_p,
    seed: request.seed,
    frequency_penalty: request.frequency_penalty,
    presence_penalty: request.presence_penalty,
    stop_sequences: stops.length > 0 ? stops : undefined,
    logprobs: request.logprobs,
  };
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}

function formatOf({ response_format: format }: ChatRequest): Pick<CohereRequest, 'response_format'> {
  if (!format || format.type === 'text') return {};
  const schema = format.type === 'json_schema' ? format.json_schema.schema : undefined;
  return { response_format: { type: 'json_object', ...(schema !== undefined && { json_schema: schema }) } };
}

function thinkingOf({ thinking, reasoning_effort: effort }: ChatRequest): Pick<CohereRequest, 'thinking'> {
  if (thinking?.type === 'disabled' || (!thinking && effort === 'none')) {
    return { thinking: { type: 'disabled' } };
  }
  if (thinking) {
    const budget = thinking.type === 'enabled' ? thinking.budget_tokens : undefined;
    return { thinking: { type: 'enabled', ...(budget !== undefined && { token_budget: budget }) } };
  }
  return effort ? { thinking: { type: 'enabled', token_budget: BUDGETS[effort as Effort] } } : {};
}

/** Cohere cannot be told which tool to use: it is given that one alone, and has to use one. */
function toolsOf(
  { tools, tool_choice: choice }: ChatRequest,
  context: Context,
): Pick<CohereRequest, 'tools' | 'strict_tools' | 'tool_choice'> {
  if (!tools || tools.length === 0) {
    if (choice && choice !== 'none' && choice !== 'auto') refuse(['tool_choice'], context);
    return {};
  }
  const { allowed, required, none } = readChoice(choice);
  const chosen = tools.filter((tool) => allowed === undefined || allowed.has(nameOf(tool)));
  return {
    tools: chosen.map((tool) => toTool(tool, context)),
    ...(chosen.every((tool) => tool.type === 'function' && tool.function.strict) && { strict_tools: true }),
    ...(required && { tool_choice: 'REQUIRED' }),
    ...(none && { tool_choice: 'NONE' }),
  };
}

function readChoice(choice: ChatRequest['tool_choice']): {
  allowed?: ReadonlySet<string>;
  required?: boolean;
  none?: boolean;
} {
  if (!choice || typeof choice === 'string') {
    return { required: choice === 'required', none: choice === 'none' };
  }
  switch (choice.type) {
    case 'function':
      return { allowed: new Set([choice.function.name]), required: true };
    case 'custom':
      return { allowed: new Set([choice.custom.name]), required: true };
    case 'allowed_tools': {
      const { mode, tools } = choice.allowed_tools;
      const names = tools.map((tool) => (tool['function'] as { name?: string } | undefined)?.name ?? '');
      return { allowed: new Set(names), required: mode === 'required' };
    }
  }
}

function nameOf(tool: FunctionTool | CustomTool): string {
  return tool.type === 'function' ? tool.function.name : tool.custom.name;
}

function toTool(tool: FunctionTool | CustomTool, context: Context): CohereTool {
  if (tool.type !== 'function') throw refusal(`tools of the type "${String(tool.type)}"`, 'tools', context);
  const { name, description, parameters } = tool.function;
  return {
    type: 'function',
    function: {
      name,
      ...(description !== undefined && { description }),
      parameters: parameters ?? { type: 'object', properties: {} },
    },
  };
}

/** Messages with nothing in them are refused. */
function toMessages(messages: readonly ChatMessage[], context: Context): CohereMessage[] {
  const translated = messages.map((message) => toMessage(message, context));
  const said = translated.filter(
    (message) =>
      message.role === 'user' ||
      message.role === 'tool' ||
      (message.content !== '' && message.content !== undefined) ||
      (message.role === 'assistant' && message.tool_calls !== undefined),
  );
  return said.length > 0 ? said : translated;
}

function toMessage(message: ChatMessage, context: Context): CohereMessage {
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', content: toContent(message.content, context) };
    case 'user':
      return { role: 'user', content: toContent(message.content, context) };
    case 'tool':
      return {
        role: 'tool',
        tool_call_id: message.tool_call_id,
        content: toContent(message.content, context),
      };
    case 'assistant':
      return toAssistant(message, context);
    default:
      throw refusal(`messages of the role "${String(message.role)}"`, 'messages', context);
  }
}

function toContent(
  content: string | ContentPart[] | null | undefined,
  context: Context,
): string | CohereContent[] {
  if (typeof content === 'string') return content;
  const parts = (content ?? []).filter((part) => part.type !== 'text' || !isBlank(part.text ?? ''));
  if (parts.length === 0) return '';
  return parts.map((part) => {
    switch (part.type) {
      case 'text':
        return { type: 'text', text: part.text };
      case 'image_url': {
        const { url, detail } = part.image_url;
        return { type: 'image_url', image_url: { url, ...(detail !== undefined && { detail }) } };
      }
      default:
        throw refusal(`message parts of the type "${String(part.type)}"`, 'messages', context);
    }
  });
}

function toAssistant(message: AssistantMessage, context: Context): CohereMessage {
  if (message.function_call) throw refusal('function_call, which tool_calls replace', 'messages', context);
  if (message.audio) throw refusal('audio of an earlier answer', 'messages', context);
  const text = textOf(message.content) || message.refusal || refusalOf(message);
  const thinking = (message.thinking_blocks ?? []).flatMap((block) =>
    block.type === 'thinking' ? block.thinking : [],
  );
  const calls = message.tool_calls ?? [];
  const plan = calls.length > 0 ? planOf(message.reasoning_content, thinking) : '';
  return {
    role: 'assistant',
    ...(thinking.length === 0
      ? (text !== '' || calls.length === 0) && { content: text }
      : {
          content: [
            ...thinking.map((one): CohereContent => ({ type: 'thinking', thinking: one })),
            ...(text === '' ? [] : [{ type: 'text' as const, text }]),
          ],
        }),
    ...(plan !== '' && { tool_plan: plan }),
    ...(calls.length > 0 && {
      tool_calls: calls.map((call) => ({
        id: call.id,
        type: 'function',
        function:
          call.type === 'function'
            ? { name: call.function.name, arguments: argumentsText(call.function.arguments) }
            : { name: call.custom.name, arguments: JSON.stringify({ input: call.custom.input }) },
      })),
    }),
  };
}

/** What Cohere planned stands in `reasoning_content`, after what it thought. */
function planOf(reasoning: string | null | undefined, thinking: readonly string[]): string {
  const thought = thinking.join('');
  return reasoning?.startsWith(thought) === true ? reasoning.slice(thought.length) : '';
}

function refusalOf({ content }: AssistantMessage): string {
  if (!Array.isArray(content)) return '';
  return content.map((part) => (part.type === 'refusal' ? part.refusal : '')).join('');
}

function refusal(what: string, param: string, { provider, model }: Context): BadRequestError {
  return new BadRequestError(`${provider} does not take ${what}`, {
    provider,
    model: `${provider}/${model}`,
    param,
  });
}
