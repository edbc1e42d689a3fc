import type { ChatCompletion, ChatCompletionChunk, ChatRequest } from '../index.js';
import type { CompiledSchema } from './compiled-schema.js';

/**
 * How the model is held to the schema: by the provider (`schema`), as the arguments of a tool that it has to call
 * (`tool`), or by JSON mode with the schema in the prompt (`json`).
 */
export type OutputMode = 'schema' | 'tool' | 'json';

/**
 * Providers whose API has JSON mode and no schemas.
 *
 * @see {@link https://api-docs.deepseek.com/guides/json_mode}
 * @see {@link https://docs.z.ai/guides/capabilities/struct-output}
 * @see {@link https://platform.moonshot.ai/docs/api/chat}
 */
const JSON_MODE_ONLY = new Set(['deepseek', 'zai', 'minimax', 'moonshot']);

export function modeOf(model: string | undefined): OutputMode {
  const prefix = model?.split('/', 1)[0] ?? '';
  return JSON_MODE_ONLY.has(prefix) ? 'json' : 'schema';
}

type Request = Omit<ChatRequest, 'model' | 'stream'> & { model?: string };

/** The request, with what holds the model to the schema. */
export function withSchema<Given extends Request>(
  request: Given,
  { name, sent, strict, json }: CompiledSchema<unknown>,
  mode: OutputMode,
): Given {
  if (mode === 'tool') {
    const tool = { type: 'function' as const, function: { name, parameters: sent, strict } };
    return { ...request, tools: [tool], tool_choice: { type: 'function', function: { name } } };
  }
  if (mode === 'schema') {
    const format = { name, schema: sent, strict, ...describe(json) };
    return { ...request, response_format: { type: 'json_schema', json_schema: format } };
  }
  const told = `Answer with one JSON object and nothing else. It has to be valid against this JSON Schema:\n${JSON.stringify(sent)}`;
  return {
    ...request,
    messages: [{ role: 'system', content: told }, ...request.messages],
    response_format: { type: 'json_object' },
  };
}

function describe({ description }: Record<string, unknown>): { description?: string } {
  return typeof description === 'string' ? { description } : {};
}

/** What the model has said, where the mode has it say it. */
export function textOf({ choices }: ChatCompletion, mode: OutputMode): string {
  const message = choices[0]?.message;
  if (mode !== 'tool') return message?.content ?? '';
  const call = message?.tool_calls?.[0];
  return call?.type === 'function' ? call.function.arguments : (message?.content ?? '');
}

/** The same of a piece. */
export function pieceOf({ choices }: ChatCompletionChunk, mode: OutputMode): string {
  const delta = choices[0]?.delta;
  if (mode !== 'tool') return delta?.content ?? '';
  const call = delta?.tool_calls?.[0];
  return call?.index === 0 ? (call.function?.arguments ?? '') : '';
}
