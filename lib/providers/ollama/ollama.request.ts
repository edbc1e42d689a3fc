import type {
  AssistantMessage,
  ChatMessage,
  ChatRequest,
  ContentPart,
} from '../../operations/chat/chat-request.interface.js';
import { BadRequestError } from '../../errors/errors.js';
import type { Fields } from '../kit/fields.js';
import { BYTES_ONLY, readDataUrl, textOf, toolNamesById } from '../kit/messages.js';
import { readArguments } from '../kit/tool-calls.js';
import { checkSupported, refuse } from '../kit/params.js';
import type { FormatContext, ProviderRequest } from '../provider-adapter.interface.js';
import type { OllamaMessage, OllamaRequest } from './ollama.wire.js';
import { SUPPORTED } from './ollama.params.js';

type Context = FormatContext<ChatRequest>;

const STREAM_ACCEPT = { accept: 'application/x-ndjson' };

/**
 * Translates a request to Ollama's own chat.
 *
 * @see {@link https://docs.ollama.com/api/chat}
 */
export function toOllamaRequest(request: ChatRequest, context: Context): ProviderRequest {
  checkSupported(request, SUPPORTED, context);
  const names = toolNamesById(request.messages);
  const { options: own, ...more } = (request.providerOptions?.[context.provider] ?? {}) as {
    options?: Fields;
  };
  const options = { ...optionsOf(request), ...own };
  const body: OllamaRequest = {
    model: context.model,
    messages: request.messages.map((message) => toMessage(message, names, context)).filter(saysSomething),
    stream: request.stream === true,
    ...toolsOf(request, context),
    ...formatOf(request),
    ...thinkOf(request, context),
    ...(request.logprobs && { logprobs: true }),
    ...(typeof request.top_logprobs === 'number' && { top_logprobs: request.top_logprobs }),
    ...(Object.keys(options).length > 0 && { options }),
  };
  return {
    path: '/api/chat',
    body: JSON.stringify({ ...body, ...more }),
    ...(request.stream === true && { headers: STREAM_ACCEPT }),
  };
}

function optionsOf(request: ChatRequest): Fields {
  const { stop } = request;
  const options: Fields = {
    num_predict: request.max_completion_tokens ?? request.max_tokens,
    temperature: request.temperature,
    top_p: request.top_p,
    seed: request.seed,
    frequency_penalty: request.frequency_penalty,
    presence_penalty: request.presence_penalty,
    stop: typeof stop === 'string' ? [stop] : stop,
  };
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && value !== null),
  );
}

function formatOf({ response_format: format }: ChatRequest): Pick<OllamaRequest, 'format'> {
  if (!format || format.type === 'text') return {};
  return { format: (format.type === 'json_schema' ? format.json_schema.schema : undefined) ?? 'json' };
}

/** gpt-oss takes a level, and cannot but think; the others think or do not. */
function thinkOf(
  { thinking, reasoning_effort: effort }: ChatRequest,
  { model }: Context,
): Pick<OllamaRequest, 'think'> {
  if (thinking) return { think: thinking.type !== 'disabled' };
  if (!effort) return {};
  if (effort === 'none') return { think: false };
  if (!model.includes('gpt-oss')) return { think: true };
  if (effort === 'minimal' || effort === 'low') return { think: 'low' };
  return { think: effort === 'medium' ? 'medium' : 'high' };
}

/** The model is free to use its tools: it can be kept from it, but not made to. */
function toolsOf(
  { tools, tool_choice: choice }: ChatRequest,
  context: Context,
): Pick<OllamaRequest, 'tools'> {
  if (choice && choice !== 'auto' && choice !== 'none') refuse(['tool_choice'], context);
  if (!tools || tools.length === 0 || choice === 'none') return {};
  return {
    tools: tools.map((tool) => {
      if (tool.type !== 'function')
        throw refusal(`tools of the type "${String(tool.type)}"`, 'tools', context);
      const { name, description, parameters } = tool.function;
      return {
        type: 'function',
        function: {
          name,
          ...(description !== undefined && { description }),
          parameters: parameters ?? { type: 'object', properties: {} },
        },
      };
    }),
  };
}

/** An empty message makes an empty turn, which some templates of models do not take. */
function saysSomething({ role, content, thinking, tool_calls: calls, images }: OllamaMessage): boolean {
  return role === 'tool' || content !== '' || thinking !== undefined || (calls ?? images) !== undefined;
}

function toMessage(
  message: ChatMessage,
  names: ReadonlyMap<string, string>,
  context: Context,
): OllamaMessage {
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', content: textOf(message.content) };
    case 'user': {
      const images = Array.isArray(message.content) ? imagesOf(message.content, context) : [];
      return { role: 'user', content: textOf(message.content), ...(images.length > 0 && { images }) };
    }
    case 'tool': {
      const name = names.get(message.tool_call_id);
      const images = Array.isArray(message.content) ? imagesOf(message.content, context) : [];
      return {
        role: 'tool',
        content: textOf(message.content),
        ...(images.length > 0 && { images }),
        ...(name !== undefined && { tool_name: name }),
        tool_call_id: message.tool_call_id,
      };
    }
    case 'assistant':
      return toAssistant(message, context);
    default:
      throw refusal(`messages of the role "${String(message.role)}"`, 'messages', context);
  }
}

function imagesOf(parts: readonly ContentPart[], context: Context): string[] {
  return parts.flatMap((part) => {
    switch (part.type) {
      case 'text':
        return [];
      case 'image_url': {
        const inline = readDataUrl(part.image_url.url);
        if (inline !== undefined) return inline.data;
        const [address] = part.image_url.url.split(/[?#]/, 1);
        throw refusal(
          `image_url with the address ${JSON.stringify(address)}: it fetches none; ${BYTES_ONLY}`,
          'messages',
          context,
        );
      }
      default:
        throw refusal(`message parts of the type "${String(part.type)}"`, 'messages', context);
    }
  });
}

function toAssistant(message: AssistantMessage, context: Context): OllamaMessage {
  if (message.function_call) throw refusal('function_call, which tool_calls replace', 'messages', context);
  if (message.audio) throw refusal('audio of an earlier answer', 'messages', context);
  const parts = Array.isArray(message.content) ? message.content : [];
  const refused = parts.map((part) => (part.type === 'refusal' ? part.refusal : '')).join('');
  const calls = (message.tool_calls ?? []).map((call) => ({
    id: call.id,
    function:
      call.type === 'function'
        ? { name: call.function.name, arguments: readArguments(call.function.arguments) }
        : { name: call.custom.name, arguments: { input: call.custom.input } },
  }));
  return {
    role: 'assistant',
    content: textOf(message.content) || message.refusal || refused,
    ...(message.reasoning_content && { thinking: message.reasoning_content }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function refusal(what: string, param: string, { provider, model }: Context): BadRequestError {
  return new BadRequestError(`${provider} does not take ${what}`, {
    provider,
    model: `${provider}/${model}`,
    param,
  });
}
