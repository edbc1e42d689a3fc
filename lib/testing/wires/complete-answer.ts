import type {
  FakeBody,
  FakeContent,
  FakeEmbeddings,
  FakeMessage,
  FakeModels,
} from '../fake-answer.interface.js';
import type { FakeOperation } from '../fake-request.interface.js';

export interface CompleteToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON, as it was given. */
  readonly json: string;
  /** What the JSON holds, for the formats that send an object. */
  readonly input: unknown;
}

/** An answer with nothing left out, for a format to write down. */
export interface CompleteAnswer {
  readonly pieces: readonly string[];
  readonly text: string;
  readonly reasoning: readonly string[];
  readonly toolCalls: readonly CompleteToolCall[];
  readonly finishReason: NonNullable<FakeMessage['finishReason']>;
  readonly usage: Readonly<Record<'prompt' | 'completion' | 'cached' | 'reasoning', number>>;
  /** @param count of the inputs */
  vectors(count: number): number[][];
  readonly models: readonly string[];
}

/** What a format writes down. */
type Written = Exclude<FakeContent, FakeBody>;

type Fields = FakeMessage & FakeEmbeddings & Partial<FakeModels>;

const isList = (content: Written): content is readonly string[] => Array.isArray(content);

const fieldsOf = (content: Written): Fields =>
  typeof content === 'string' || isList(content) ? { content } : content;

/** What the answer is one to. */
export function operationOf(content: Written): FakeOperation {
  const { embedding, embeddings, models } = fieldsOf(content);
  if (models !== undefined) return 'models';
  return embedding === undefined && embeddings === undefined ? 'chat' : 'embeddings';
}

const listOf = (text: string | readonly string[] | undefined): readonly string[] =>
  text === undefined ? [] : typeof text === 'string' ? [text] : text;

/** @throws {TypeError} when the arguments of a tool call are JSON that an object has to be made of, and none */
export function completeAnswer(content: Written): CompleteAnswer {
  const { content: text, reasoning, toolCalls = [], finishReason, usage = {}, ...other } = fieldsOf(content);
  const pieces = listOf(text);
  const thoughts = listOf(reasoning);
  return {
    pieces,
    text: pieces.join(''),
    reasoning: thoughts,
    toolCalls: toolCalls.map(({ id, name, arguments: given = {} }, index) => ({
      id: id ?? `call_${index}`,
      name,
      json: typeof given === 'string' ? given : JSON.stringify(given),
      get input() {
        return typeof given === 'string' ? parsed(name, given) : given;
      },
    })),
    finishReason: finishReason ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop'),
    usage: {
      prompt: usage.prompt_tokens ?? 1,
      completion: usage.completion_tokens ?? pieces.length + thoughts.length,
      cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
      reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0,
    },
    vectors: (count) => vectorsOf(other, count),
    models: other.models ?? [],
  };
}

function parsed(name: string, json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    throw new TypeError(
      `the arguments of the tool call "${name}" are no JSON, and this provider's format has them as an object: answer as a provider that sends a text`,
    );
  }
}

function vectorsOf({ embedding, embeddings }: FakeEmbeddings, count: number): number[][] {
  if (embeddings !== undefined && embeddings.length !== count) {
    throw new TypeError(
      `the request has ${count} inputs and the answer ${embeddings.length} embeddings: give one for each, or one "embedding" for all`,
    );
  }
  return Array.from({ length: count }, (_, index) => [...(embeddings?.[index] ?? embedding ?? [])]);
}
