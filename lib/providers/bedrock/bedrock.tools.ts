import type {
  ChatRequest,
  CustomTool,
  FunctionTool,
  ToolChoice,
} from '../../operations/chat/chat-request.interface.js';
import { toolNamesById } from '../kit/messages.js';
import { toInputSchema } from '../kit/families/claude-schema.js';
import { refusal, refuse } from '../kit/params.js';
import { refuseToolExtras, sentToolName } from '../kit/tool-calls.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { CacheMarks } from './bedrock.cache.js';
import { isClaude, type ThinkingKind } from '../kit/families/claude.js';
import { canBeForced, hasNativeSchemas } from './bedrock.models.js';
import { TOOL_NAMES } from './bedrock.names.js';
import type { StructuredOutput } from './bedrock.structured-output.js';
import type { ConverseToolChoice, ToolConfig, ToolSpec } from './bedrock.wire.js';

const NO_PARAMETERS = { type: 'object', properties: {} };

export interface Tools {
  readonly toolConfig?: ToolConfig;
  /** For `additionalModelRequestFields`: Claude's own choice, which can say more than Converse's. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** What the caller's `tool_choice` comes down to. */
type Choice = 'auto' | 'none' | 'required' | { readonly name: string };

/**
 * Translates the tools and the choice among them, the hidden tool of a structured output included.
 *
 * @throws {BadRequestError} for a tool that is no function
 * @param thinks how a Claude is asked to think
 * @throws {UnsupportedParamsError} for a choice that the model does not have
 */
export function readTools(
  request: ChatRequest,
  context: FormatContext<ChatRequest>,
  structured: StructuredOutput | undefined,
  thinks: ThinkingKind | undefined,
): Tools {
  const marks = new CacheMarks(context);
  const answer = structured?.kind === 'tool' ? structured : undefined;
  const { choice, allowed } = readChoice(request.tool_choice);
  const own = request.tools?.filter((tool) => allowed === undefined || allowed.has(nameOf(tool))) ?? [];
  const tools =
    choice === 'none' && !usesTools(request) ? [] : own.flatMap((tool) => toSpecs(tool, marks, context));
  if (answer !== undefined) {
    tools.push(answer.tool);
    if (!answer.forced) return { toolConfig: { tools } };
    const isFree = choice === 'auto' || choice === 'required';
    const toolChoice: ConverseToolChoice =
      tools.length === 1 || isFree
        ? { any: {} }
        : { tool: { name: choice === 'none' ? answer.tool.toolSpec.name : choice.name } };
    return { toolConfig: { tools, toolChoice } };
  }
  // Tool calls of earlier turns are refused without the definitions of their tools.
  const bare = tools.length === 0;
  if (bare) tools.push(...definitionsFromHistory(request));
  if (tools.length === 0) return {};
  return choose({ tools }, bare ? 'none' : allowedChoice(choice, thinks, context), request, context, bare);
}

function choose(
  toolConfig: ToolConfig,
  choice: Choice,
  request: ChatRequest,
  context: FormatContext<ChatRequest>,
  bare: boolean,
): Tools {
  const serial = request.parallel_tool_calls === false && choice !== 'none';
  if (isClaude(context.model) && (serial || choice === 'none')) {
    // Converse refuses a choice of its own next to this one.
    return {
      toolConfig,
      fields: { tool_choice: { ...ofClaude(choice), ...(serial && { disable_parallel_tool_use: true }) } },
    };
  }
  if (serial) refuse(['parallel_tool_calls'], context);
  if (choice === 'none') {
    if (!bare) refuse(['tool_choice'], context);
    return { toolConfig };
  }
  if (choice === 'auto') {
    return { toolConfig: request.tool_choice ? { ...toolConfig, toolChoice: { auto: {} } } : toolConfig };
  }
  const toolChoice = choice === 'required' ? { any: {} } : { tool: { name: choice.name } };
  return { toolConfig: { ...toolConfig, toolChoice } };
}

/** A choice that the model cannot be held to leaves it free, where the call allows that. */
function allowedChoice(
  choice: Choice,
  thinks: ThinkingKind | undefined,
  context: FormatContext<ChatRequest>,
): Choice {
  if (choice === 'auto' || choice === 'none' || canBeForced(context.model, thinks)) return choice;
  refuse(
    ['tool_choice'],
    context,
    thinks ? 'that forces a tool while the model thinks' : 'that forces a tool with this model',
  );
  return 'auto';
}

function ofClaude(choice: Choice): Record<string, unknown> {
  if (typeof choice === 'object') return { type: 'tool', name: choice.name };
  return { type: choice === 'required' ? 'any' : choice };
}

function readChoice(choice: ToolChoice | undefined): { choice: Choice; allowed?: ReadonlySet<string> } {
  if (choice === undefined || choice === null) return { choice: 'auto' };
  if (typeof choice === 'string') return { choice };
  switch (choice.type) {
    case 'function':
      return { choice: { name: sentToolName(choice.function.name, TOOL_NAMES) } };
    case 'custom':
      return { choice: { name: sentToolName(choice.custom.name, TOOL_NAMES) } };
    case 'allowed_tools': {
      const { mode, tools } = choice.allowed_tools;
      const names = tools.map((tool) => (tool['function'] as { name?: string } | undefined)?.name ?? '');
      return { choice: mode, allowed: new Set(names) };
    }
  }
}

function nameOf(tool: FunctionTool | CustomTool): string {
  return tool.type === 'function' ? tool.function.name : tool.custom.name;
}

function toSpecs(
  tool: FunctionTool | CustomTool,
  marks: CacheMarks,
  context: FormatContext<ChatRequest>,
): ToolConfig['tools'] {
  if (tool.type !== 'function') {
    throw refusal(`tools of the type "${String(tool.type)}"; describe it as a function`, context, 'tools');
  }
  refuseToolExtras(tool, context);
  const { name, description, parameters, strict } = tool.function;
  const spec: ToolSpec = {
    toolSpec: {
      name: sentToolName(name, TOOL_NAMES),
      ...(description && { description }),
      ...(strict === true && hasNativeSchemas(context.model) && { strict }),
      inputSchema: { json: toSchema(parameters, context) },
    },
  };
  const cachePoint = marks.behindTool(tool);
  return cachePoint === undefined ? [spec] : [spec, cachePoint];
}

function toSchema(
  parameters: FunctionTool['function']['parameters'],
  context: FormatContext<ChatRequest>,
): Record<string, unknown> {
  if (parameters === undefined) return NO_PARAMETERS;
  return isClaude(context.model) ? toInputSchema(parameters, context) : { ...parameters, type: 'object' };
}

function usesTools({ messages }: ChatRequest): boolean {
  return messages.some(
    (message) => message.role === 'tool' || (message.role === 'assistant' && !!message.tool_calls?.length),
  );
}

function definitionsFromHistory({ messages }: ChatRequest): ToolSpec[] {
  return [...new Set(toolNamesById(messages).values())].map((name) => ({
    toolSpec: { name: sentToolName(name, TOOL_NAMES), inputSchema: { json: NO_PARAMETERS } },
  }));
}
