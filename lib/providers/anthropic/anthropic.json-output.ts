import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import type { Fields } from '../kit/fields.js';
import type { ClaudeTraits } from '../kit/families/claude.js';
import { toOutputSchema } from '../kit/families/claude-schema.js';
import type { AnthropicTool } from './anthropic.wire.js';

/** How an answer in JSON is come by. */
export type JsonOutput =
  /** For `output_config`. */
  | { readonly kind: 'native'; readonly format: Fields }
  /** A tool whose input is the answer; the caller does not see that there is one. */
  | { readonly kind: 'tool'; readonly name: string; readonly tool: AnthropicTool };

const DESCRIPTION = 'Give the answer to the user as a JSON object.';

/** A name that none of the caller's tools has. */
function freeName(tools: ChatRequest['tools']): string {
  const names = new Set(tools?.map((tool) => (tool.type === 'function' ? tool.function.name : tool.type)));
  let name = 'json';
  while (names.has(name)) name += '_';
  return name;
}

/** Whether the caller chose the tool of this turn, so that no other answer can come. */
function hasNamedTool({ tool_choice: choice }: ChatRequest): boolean {
  return typeof choice === 'object' && choice.type === 'function';
}

/** @returns `undefined` when the answer is text, or a tool that the caller named */
export function planJsonOutput(request: ChatRequest, traits: ClaudeTraits): JsonOutput | undefined {
  const { response_format: format } = request;
  if (!format || format.type === 'text') return undefined;
  const schema = format.type === 'json_schema' ? format.json_schema.schema : undefined;
  if (schema !== undefined && traits.structuredOutput) {
    return { kind: 'native', format: { type: 'json_schema', schema: toOutputSchema(schema) } };
  }
  if (hasNamedTool(request)) return undefined;
  const name = freeName(request.tools);
  const description = format.type === 'json_schema' ? format.json_schema.description : undefined;
  return {
    kind: 'tool',
    name,
    tool: {
      name,
      description: description === undefined ? DESCRIPTION : `${DESCRIPTION} ${description}`,
      input_schema: { ...(schema ?? { additionalProperties: true }), type: 'object' },
    },
  };
}
