import type {
  ChatRequest,
  CustomTool,
  FunctionTool,
} from '../../../operations/chat/chat-request.interface.js';
import { webSearchTool } from './responses.models.js';
import { isFields, type Fields } from '../../kit/fields.js';

function flattenFormat(format: CustomTool['custom']['format']): Fields | undefined {
  if (format === undefined) return undefined;
  return format.type === 'grammar' ? { type: 'grammar', ...format.grammar } : format;
}

/** A tool in this API's flat shape; one of the provider's own, such as `file_search`, is in it already. */
function toTool(tool: FunctionTool | CustomTool): Fields {
  if (tool.type === 'custom' && isFields(tool.custom)) {
    const { format, ...rest } = tool.custom;
    return { type: 'custom', ...rest, format: flattenFormat(format) };
  }
  if (tool.type !== 'function' || !isFields(tool.function)) return tool as unknown as Fields;
  const { name, description, parameters, strict } = tool.function;
  return {
    type: 'function',
    name,
    description,
    // A function without parameters is one without arguments in chat completions.
    parameters: parameters ?? { type: 'object', properties: {} },
    // Here the default is strict, which changes the schema; in chat completions it is not.
    strict: strict ?? false,
  };
}

function toWebSearch(options: NonNullable<ChatRequest['web_search_options']>, model: string): Fields {
  const { search_context_size, user_location } = options;
  return {
    type: webSearchTool(model),
    search_context_size,
    user_location: user_location ? { type: 'approximate', ...user_location.approximate } : undefined,
  };
}

/** @param model without a prefix */
export function toTools(request: ChatRequest, model: string): Fields[] | undefined {
  const { tools, web_search_options: search } = request;
  const list = [...(tools ?? []).map(toTool), ...(search ? [toWebSearch(search, model)] : [])];
  return list.length > 0 ? list : undefined;
}

/** `{ type, function: { name } }` as `{ type, name }`. */
function flattenChoice(choice: Fields): Fields {
  const { type } = choice;
  const inner = typeof type === 'string' ? choice[type] : undefined;
  return isFields(inner) ? { type, ...inner } : choice;
}

export function toToolChoice(choice: ChatRequest['tool_choice']): unknown {
  if (!isFields(choice)) return choice;
  const flat = flattenChoice(choice);
  const { tools } = flat;
  return Array.isArray(tools) ? { ...flat, tools: tools.filter(isFields).map(flattenChoice) } : flat;
}
