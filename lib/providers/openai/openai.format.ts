import type { ChatCompletion } from '../../chat/chat-completion.interface.js';
import type { EmbeddingResponse } from '../../chat/embedding.interface.js';
import { UnsupportedParamsError } from '../../errors/errors.js';
import type { CompletionFormat, EmbeddingFormat, FormatContext } from '../provider-adapter.interface.js';
import { OpenAITranslator } from './openai.translator.js';

/** How a provider's wire format differs from OpenAI's own. */
export interface OpenAIQuirks {
  /** Request fields that the provider takes under another name. */
  readonly rename?: Readonly<Record<string, string>> | undefined;
  /** Request fields that the provider refuses. */
  readonly unsupported?: readonly string[] | undefined;
  /** The field of a message and a delta that holds reasoning text, when it is not `reasoning_content`. */
  readonly reasoningField?: string | undefined;
  /** Streams may end without `[DONE]` once every choice has its finish reason. */
  readonly endsWithFinishReason: boolean;
}

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** The items of a list of objects; `undefined` when it is none. */
function itemsOf(body: unknown, name: string): readonly Fields[] | undefined {
  const list = isFields(body) ? body[name] : undefined;
  return Array.isArray(list) && list.every(isFields) ? list : undefined;
}

/** A value that asks for nothing beyond what a provider without the field does. */
function isNeutral(name: string, value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (name === 'n' && value === 1) ||
    (name === 'logprobs' && value === false)
  );
}

function toBody(request: object, quirks: OpenAIQuirks, context: FormatContext): string {
  const body: Fields = { ...request, model: context.model };
  if (quirks.unsupported !== undefined) removeUnsupported(body, quirks.unsupported, context);
  if (quirks.rename !== undefined) {
    for (const [name, theirs] of Object.entries(quirks.rename)) {
      if (body[name] === undefined) continue;
      body[theirs] ??= body[name];
      delete body[name];
    }
  }
  return JSON.stringify(body);
}

function removeUnsupported(body: Fields, unsupported: readonly string[], context: FormatContext): void {
  const asked = unsupported.filter((name) => !isNeutral(name, body[name]));
  if (asked.length > 0 && !context.dropParams) {
    throw new UnsupportedParamsError(
      `${context.provider} does not take ${asked.join(', ')}; leave it out, or set dropParams to have it left out`,
      asked,
      { provider: context.provider, model: `${context.provider}/${context.model}` },
    );
  }
  context.droppedParams.push(...asked);
  for (const name of unsupported) delete body[name];
}

/** OpenAI's chat completions. */
export function openAICompletionFormat(quirks: OpenAIQuirks): CompletionFormat {
  return {
    framing: 'sse',
    request: (request, context) => ({ path: '/chat/completions', body: toBody(request, quirks, context) }),
    response(body) {
      if (itemsOf(body, 'choices')?.every(({ message }) => isFields(message)) !== true) return undefined;
      const completion = body as ChatCompletion;
      const { reasoningField } = quirks;
      if (reasoningField !== undefined) {
        for (const { message } of completion.choices) {
          message.reasoning_content ??= (message as unknown as Record<string, string>)[reasoningField];
        }
      }
      return completion;
    },
    translator: () => new OpenAITranslator(quirks),
  };
}

/** OpenAI's embeddings. */
export function openAIEmbeddingFormat(quirks: OpenAIQuirks): EmbeddingFormat {
  return {
    request: (request, context) => ({ path: '/embeddings', body: toBody(request, quirks, context) }),
    response: (body) => (itemsOf(body, 'data') === undefined ? undefined : (body as EmbeddingResponse)),
  };
}
