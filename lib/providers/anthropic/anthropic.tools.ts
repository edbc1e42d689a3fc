import type { ChatRequest, FunctionTool } from '../../operations/chat/chat-request.interface.js';
import { isFields, listOf, type Fields } from '../kit/fields.js';
import { toInputSchema } from '../kit/families/claude-schema.js';
import { refusal, refuse } from '../kit/params.js';
import { sentToolName } from '../kit/tool-calls.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import type { JsonOutput } from './anthropic.json-output.js';
import { readMcpServer } from './anthropic.mcp.js';
import { TOOL_NAMES } from './anthropic.names.js';
import { canForceTools, type ClaudeTraits, type ThinkingKind } from '../kit/families/claude.js';
import type { AnthropicTool, AnthropicToolChoice } from './anthropic.wire.js';

/** Searches that a request may make, by how much context it wants: LiteLLM's. */
const MAX_SEARCHES = { low: 1, medium: 5, high: 10 } as const;

/** The tools of a request, and which of them the model may or has to use. */
export interface ToolPlan {
  readonly tools?: AnthropicTool[];
  readonly tool_choice?: AnthropicToolChoice;
}

/** What only this provider's tools may say besides; LiteLLM's users have them inside of `function`. */
const OWN_FIELDS = ['cache_control', 'defer_loading', 'allowed_callers', 'input_examples'] as const;

function toTool(tool: FunctionTool, traits: ClaudeTraits, context: FormatContext): AnthropicTool {
  const { name, description, parameters, strict } = tool.function;
  if (strict === true && !traits.structuredOutput) refuse(['tools.function.strict'], context);
  const own: Fields = {};
  for (const field of OWN_FIELDS) {
    const value = tool[field] ?? (tool.function as Fields)[field];
    if (value !== undefined) own[field] = value;
  }
  return {
    name: sentToolName(name, TOOL_NAMES),
    ...(description !== undefined && { description }),
    input_schema: toInputSchema(parameters, context),
    ...(strict === true && traits.structuredOutput && { strict }),
    ...own,
  };
}

/** The provider's own search, for OpenAI's options of one. */
function toWebSearch(
  options: NonNullable<ChatRequest['web_search_options']>,
  context: FormatContext,
): AnthropicTool {
  const where = options.user_location?.approximate;
  const size = options.search_context_size;
  const searches =
    size && Object.hasOwn(MAX_SEARCHES, size) ? MAX_SEARCHES[size as keyof typeof MAX_SEARCHES] : undefined;
  if (size && searches === undefined) refuse(['web_search_options.search_context_size'], context);
  return {
    type: 'web_search_20250305',
    name: 'web_search',
    ...(searches !== undefined && { max_uses: searches }),
    ...(where && { user_location: { type: 'approximate', ...where } }),
  };
}

function toTools(request: ChatRequest, traits: ClaudeTraits, context: FormatContext): AnthropicTool[] {
  const tools = (request.tools ?? []).map((tool) => {
    if (tool.type === 'function') return toTool(tool, traits, context);
    if (tool.type === 'custom')
      throw refusal(
        `tools of type custom (${tool.custom.name}); describe it as a function`,
        context,
        'tools',
      );
    const server = readMcpServer(tool);
    // Otherwise a tool of the provider's own, such as `{ type: 'web_search_20250305', name: 'web_search' }`.
    return server === undefined ? tool : server.toolset;
  });
  if (request.web_search_options) tools.push(toWebSearch(request.web_search_options, context));
  return tools;
}

/** The tools that the caller allows in this turn. */
function allowed(tools: AnthropicTool[], choice: ChatRequest['tool_choice']): AnthropicTool[] {
  if (typeof choice !== 'object' || choice.type !== 'allowed_tools') return tools;
  const names = new Set(
    choice.allowed_tools.tools.map((tool) =>
      sentToolName(String(isFields(tool['function']) ? tool['function']['name'] : tool['name']), TOOL_NAMES),
    ),
  );
  return tools.filter(({ name }) => name !== undefined && names.has(name));
}

function toChoice(choice: NonNullable<ChatRequest['tool_choice']>): AnthropicToolChoice {
  if (choice === 'none' || choice === 'auto') return { type: choice };
  if (choice === 'required') return { type: 'any' };
  if (choice.type === 'allowed_tools')
    return { type: choice.allowed_tools.mode === 'required' ? 'any' : 'auto' };
  const name = choice.type === 'function' ? choice.function.name : choice.custom.name;
  return { type: 'tool', name: sentToolName(name, TOOL_NAMES) };
}

/** The choice when the answer in JSON is a tool: that one, or one of the caller's if it may use them. */
function toJsonChoice(name: string, tools: AnthropicTool[], choice: ChatRequest['tool_choice']) {
  const only = tools.length === 0 || choice === 'none';
  return only ? { type: 'tool' as const, name } : { type: 'any' as const };
}

/** @param thinks how the model is asked to think, which may forbid to force a tool on it */
export function planTools(
  request: ChatRequest,
  traits: ClaudeTraits,
  json: JsonOutput | undefined,
  thinks: ThinkingKind | undefined,
  context: FormatContext,
): ToolPlan {
  const { tool_choice: asked, parallel_tool_calls: parallel } = request;
  const tools = allowed(toTools(request, traits, context), asked);
  let choice: AnthropicToolChoice | undefined;
  if (json?.kind === 'tool') {
    choice = canForceTools(traits, thinks) ? toJsonChoice(json.name, tools, asked) : { type: 'auto' };
    tools.push(json.tool);
  } else if (tools.length === 0) {
    return {};
  } else if (asked !== undefined) {
    choice = toChoice(asked);
    if (!canForceTools(traits, thinks) && (choice.type === 'any' || choice.type === 'tool')) {
      refuse(
        ['tool_choice'],
        context,
        thinks ? 'that forces a tool while the model thinks' : 'that forces a tool with this model',
      );
      choice = { type: 'auto' };
    }
  }
  if (parallel === false && choice?.type !== 'none') {
    choice = { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true };
  }
  return { tools, ...(choice && { tool_choice: choice }) };
}

/** Puts the caller's own tools of the provider's form behind the translated ones. */
export function joinTools(tools: AnthropicTool[] | undefined, more: unknown): { tools?: AnthropicTool[] } {
  const added = listOf(more);
  return added.length > 0 ? { tools: [...(tools ?? []), ...(added as AnthropicTool[])] } : {};
}
