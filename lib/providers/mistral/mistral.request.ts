import type { ChatRequest, CustomTool, FunctionTool } from '../../operations/chat/chat-request.interface.js';
import { checkSupported } from '../kit/params.js';
import type { FormatContext, ProviderRequest } from '../provider-adapter.interface.js';
import { refusal, toMistralMessages } from './mistral.messages.js';
import type { MistralTool, MistralToolChoice } from './mistral.wire.js';
import { SUPPORTED } from './mistral.params.js';

type Context = FormatContext<ChatRequest>;

/** Fields outside of the API's schema are refused with 422 `extra_forbidden`. */

/**
 * Translates a request to Mistral's chat. The usage is always in the answer, and its streams take no options.
 *
 * @see {@link https://docs.mistral.ai/api/endpoint/chat}
 */
export function toMistralRequest(request: ChatRequest, context: Context): ProviderRequest {
  checkSupported(request, SUPPORTED, context);
  const { response_format: format } = request;
  const fields = {
    model: context.model,
    messages: toMistralMessages(request.messages, context),
    stream: request.stream === true,
    frequency_penalty: request.frequency_penalty,
    max_tokens: request.max_completion_tokens ?? request.max_tokens,
    metadata: request.metadata,
    n: request.n,
    prediction: request.prediction,
    presence_penalty: request.presence_penalty,
    random_seed: request.seed,
    response_format: format?.type === 'text' ? undefined : format,
    stop: stopOf(request),
    temperature: request.temperature,
    top_p: request.top_p,
    ...toolsOf(request, context),
    ...reasoningOf(request, context),
  };
  const body = Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
  return {
    path: '/chat/completions',
    body: JSON.stringify({ ...body, ...request.providerOptions?.[context.provider] }),
  };
}

/**
 * Mistral reasons or does not: Magistral by a prompt of its own, other models by an effort that is `high` or `none`.
 *
 * @see {@link https://docs.mistral.ai/capabilities/reasoning}
 */
function reasoningOf({ reasoning_effort: effort, thinking }: ChatRequest, { model }: Context): object {
  if (!effort && !thinking) return {};
  const reasons = thinking ? thinking.type !== 'disabled' : effort !== 'none';
  if (model.startsWith('magistral')) return reasons ? { prompt_mode: 'reasoning' } : {};
  return { reasoning_effort: reasons ? 'high' : 'none' };
}

/** Empty sequences are refused. */
function stopOf({ stop }: ChatRequest): string[] | string | undefined {
  if (!Array.isArray(stop)) return stop || undefined;
  const said = stop.filter((one) => one !== '');
  return said.length > 0 ? said : undefined;
}

function toolsOf(
  { tools, tool_choice: choice, parallel_tool_calls: parallel }: ChatRequest,
  context: Context,
) {
  if (!tools || tools.length === 0) return {};
  const allowed = allowedBy(choice);
  const chosen = tools.filter((tool) => allowed === undefined || allowed.has(nameOf(tool)));
  return {
    tools: chosen.map((tool) => toTool(tool, context)),
    tool_choice: toToolChoice(choice, context),
    parallel_tool_calls: parallel,
  };
}

function toToolChoice(choice: ChatRequest['tool_choice'], context: Context): MistralToolChoice | undefined {
  if (!choice || typeof choice === 'string') return choice === 'required' ? 'any' : choice;
  switch (choice.type) {
    case 'function':
      return { type: 'function', function: { name: choice.function.name } };
    case 'allowed_tools':
      return choice.allowed_tools.mode === 'required' ? 'any' : 'auto';
    case 'custom':
      throw refusal('tools of the type "custom"', 'tool_choice', context);
  }
}

/** The tools that the choice leaves: Mistral cannot be told of several, so it is given those alone. */
function allowedBy(choice: ChatRequest['tool_choice']): ReadonlySet<string> | undefined {
  if (!choice || typeof choice === 'string' || choice.type !== 'allowed_tools') return undefined;
  return new Set(
    choice.allowed_tools.tools.map((tool) => (tool['function'] as { name?: string } | undefined)?.name ?? ''),
  );
}

function nameOf(tool: FunctionTool | CustomTool): string {
  return tool.type === 'function' ? tool.function.name : tool.custom.name;
}

function toTool(tool: FunctionTool | CustomTool, context: Context): MistralTool {
  if (tool.type !== 'function') throw refusal(`tools of the type "${String(tool.type)}"`, 'tools', context);
  const { name, description, parameters, strict } = tool.function;
  return {
    type: 'function',
    function: {
      name,
      ...(description !== undefined && { description }),
      parameters: parameters ?? { type: 'object', properties: {} },
      ...(typeof strict === 'boolean' && { strict }),
    },
  };
}
