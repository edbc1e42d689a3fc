import type { ChatRequest, ToolChoice } from '../../operations/chat/chat-request.interface.js';
import { isFields, type Fields } from '../kit/fields.js';
import { refuse } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import type { OpenAIQuirks } from './openai.quirks.js';

/**
 * Leaves out lists without tools, which are refused, and what belongs to tools where there are none; servers other than
 * OpenAI's are given the tools that a choice of `allowed_tools` leaves, for they cannot be told of several.
 *
 * @throws {UnsupportedParamsError} for a choice of a tool where there is none
 */
export function checkTools(body: Fields, quirks: OpenAIQuirks, context: FormatContext): void {
  if (isEmptyList(body['functions'])) body['functions'] = undefined;
  if (body['functions'] === undefined && typeof body['function_call'] === 'string') {
    body['function_call'] = undefined;
  }
  const { tools } = body;
  if (tools === undefined || isEmptyList(tools)) {
    // A field that is not there is not given one: that would make all of the body slow to write.
    if (tools !== undefined) body['tools'] = undefined;
    if (body['parallel_tool_calls'] !== undefined) body['parallel_tool_calls'] = undefined;
    const choice = body['tool_choice'];
    if (choice === undefined) return;
    if (choice !== 'auto' && choice !== 'none') refuse(['tool_choice'], context);
    body['tool_choice'] = undefined;
  } else if (quirks.own !== true) chooseTools(body, body);
}

type AllowedTools = Pick<ChatRequest, 'tools' | 'tool_choice'>;

function chooseTools({ tools = [], tool_choice: choice }: AllowedTools, body: Fields): void {
  if (!isFields(choice) || choice.type !== 'allowed_tools') return;
  const names = allowedNames(choice);
  body['tools'] = tools.filter((tool) => tool.type !== 'function' || names.has(tool.function?.name));
  body['tool_choice'] = choice.allowed_tools.mode;
}

function allowedNames({ allowed_tools: { tools } }: Extract<ToolChoice, { type: 'allowed_tools' }>) {
  return new Set(tools.map(({ function: called, name }) => (isFields(called) ? called['name'] : name)));
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
