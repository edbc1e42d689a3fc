import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { claudeTraits } from '../kit/families/claude.js';
import { toOutputSchema } from '../kit/families/claude-schema.js';
import { wantedThinking } from '../kit/families/claude-thinking.js';
import { canBeForced, hasNativeSchemas } from './bedrock.models.js';
import type { ConverseRequest, ToolSpec } from './bedrock.wire.js';

type NativeFormat = NonNullable<ConverseRequest['outputConfig']>;

/** How the answer is made to be JSON. */
export type StructuredOutput =
  | { readonly kind: 'native'; readonly outputConfig: NativeFormat }
  | {
      /** By a tool that the caller does not see. */
      readonly kind: 'tool';
      readonly tool: ToolSpec;
      /** Whether the model can be made to use it. */
      readonly forced: boolean;
    };

const ANY_OBJECT = { type: 'object', properties: {}, additionalProperties: true };

/**
 * A forced tool, which every model with tools has. Some Claudes refuse one, or do while they think: then by Bedrock's own
 * means, where the model has them, and otherwise by asking it to use the tool.
 */
export function structuredOutputOf(request: ChatRequest, model: string): StructuredOutput | undefined {
  const format = request.response_format;
  if (!format || format.type === 'text') return undefined;
  const forced = canBeForced(model, wantedThinking(request, claudeTraits(model)));
  const { name, description, schema } =
    format.type === 'json_schema' ? format.json_schema : { name: undefined, description: undefined };
  if (!forced && schema !== undefined && hasNativeSchemas(model)) {
    const jsonSchema = {
      schema: JSON.stringify(toOutputSchema(schema)),
      name,
      ...(description && { description }),
    };
    return {
      kind: 'native',
      outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema } } },
    };
  }
  const purpose = 'Gives the answer to the user as JSON. Answer only by using this tool, exactly once.';
  return {
    kind: 'tool',
    forced,
    tool: {
      toolSpec: {
        name: jsonToolName(request),
        description: description ? `${purpose} ${description}` : purpose,
        inputSchema: { json: schema === undefined ? ANY_OBJECT : { type: 'object', ...schema } },
      },
    },
  };
}

/** `json`, unless a tool of the caller's is called that. */
function jsonToolName(request: ChatRequest): string {
  const taken = new Set(request.tools?.map((tool) => tool.type === 'function' && tool.function.name));
  let name = 'json';
  while (taken.has(name)) name += '_answer';
  return name;
}
