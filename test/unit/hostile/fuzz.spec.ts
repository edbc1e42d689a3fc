import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ChatStream,
  LlmError,
  LlmHandler,
  LlmService,
  type HttpDispatchOptions,
} from '../../../lib/index.js';
import { FUZZ_LIMIT_MS as LIMIT_MS, FUZZ_PARAMETERS as PARAMETERS, SEED } from '../../support/fuzz.js';
import { byteMutation, mutateBytes } from '../../support/mutations.js';
import { wireOf } from '../../support/provider-wires.js';
import { RecordingSession, type WireAnswer } from '../../support/recording-session.js';
import { mutations, REQUEST, spoil } from '../../support/spoilt-requests.js';

/** One model of each format. */
const MODELS = [
  'openai/m',
  'openai/responses/gpt-5',
  'anthropic/claude-sonnet-4-5',
  'gemini/gemini-2.5-flash',
  'gemini/gemini-1.5-flash',
  'vertex_ai/gemini-2.5-flash',
  'bedrock/anthropic.claude-3',
  'cohere/command-a',
  'mistral/mistral-large',
  'ollama/llama3',
  'groq/m',
  'deepseek/m',
] as const;

const EMBEDDERS = [
  'openai/e',
  'gemini/e',
  'vertex_ai/e',
  'bedrock/amazon.titan-embed-text-v2',
  'cohere/e',
  'mistral/e',
  'ollama/e',
] as const;

/** Swapped in for each case; the clients are made once. */
let change: (answer: WireAnswer) => WireAnswer = (answer) => answer;
const session = new RecordingSession((request: HttpDispatchOptions) => {
  session.requests.length = 0;
  const provider = new URL(String(request.origin)).hostname;
  return change(wireOf(providerOf.get(provider) ?? current).answer(request));
});
const providerOf = new Map<string, string>();
let current = 'openai';
const handler = new LlmHandler({ session });
const providers = Object.fromEntries(
  [...MODELS, ...EMBEDDERS].map((model) => {
    const [provider] = model.split('/') as [string];
    return [provider, wireOf(provider).options];
  }),
);
const llm = new LlmService(handler, { providers, defaults: { retry: { maxRetries: 0 } } });

afterAll(() => handler.close());

async function outcomeOf(call: () => Promise<unknown>, model: string): Promise<void> {
  current = model.split('/', 1)[0]!;
  let result: unknown;
  try {
    result = await call();
    if (result instanceof ChatStream) {
      let content: unknown = '';
      for await (const { choices } of result)
        for (const { delta } of choices) content = delta.content ?? content;
      expect(typeof content).toBe('string');
      result = await result.final();
    }
  } catch (error) {
    if (!(error instanceof LlmError)) throw new Error(`${model}: ${String(error)}`, { cause: error });
    expect(error.message.length).toBeLessThan(10_000);
    return;
  }
  // What was let through can be passed on.
  JSON.stringify(result);
}

describe(`whatever is sent, with the seed ${SEED}`, () => {
  it(
    'a request of any shape is answered, or refused with an LlmError',
    async () => {
      change = (answer) => answer;
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...MODELS),
          mutations,
          fc.boolean(),
          fc.boolean(),
          (model, by, stream, dropParams) =>
            outcomeOf(
              () =>
                llm.completion({ ...(spoil(REQUEST, by) as typeof REQUEST), model, stream } as never, {
                  dropParams,
                }),
              model,
            ),
        ),
        PARAMETERS,
      );
    },
    LIMIT_MS,
  );

  it(
    'an answer of any shape is read, or refused with an LlmError',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...MODELS), mutations, (model, by) => {
          change = (answer) => ({
            ...answer,
            body: JSON.stringify(shallow(spoil(JSON.parse(String(answer.body)), by))),
          });
          return outcomeOf(
            () => llm.completion({ model, messages: [{ role: 'user', content: 'Hi' }] }),
            model,
          );
        }),
        PARAMETERS,
      );
    },
    LIMIT_MS,
  );

  it(
    'a stream of any bytes is read, or ends with an LlmError',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...MODELS),
          fc.array(byteMutation, { minLength: 1, maxLength: 3 }),
          (model, by) => {
            change = (answer) => ({ ...answer, body: by.reduce(mutateBytes, Buffer.from(answer.body)) });
            return outcomeOf(
              () => llm.completion({ model, messages: [{ role: 'user', content: 'Hi' }], stream: true }),
              model,
            );
          },
        ),
        PARAMETERS,
      );
    },
    LIMIT_MS,
  );

  it(
    'embeddings of any shape, asked for or answered, are read, or refused with an LlmError',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...EMBEDDERS),
          mutations,
          fc.boolean(),
          fc.boolean(),
          (model, by, ofRequest, asText) => {
            const plain = {
              input: ['a'],
              encoding_format: asText ? 'base64' : 'float',
              providerOptions: { gemini: { taskType: 'x' } },
            };
            change = (answer) =>
              ofRequest
                ? answer
                : { ...answer, body: JSON.stringify(shallow(spoil(JSON.parse(String(answer.body)), by))) };
            const request = ofRequest ? (spoil(plain, by) as typeof plain) : plain;
            return outcomeOf(
              () => llm.embedding({ ...request, model } as never, { dropParams: true }),
              model,
            );
          },
        ),
        PARAMETERS,
      );
    },
    LIMIT_MS,
  );
});

/** Without what is too deep for JSON.stringify(), which the tests of depth send as text. */
function shallow(value: unknown, depth = 40): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return null;
  if (Array.isArray(value)) return value.map((one) => shallow(one, depth - 1));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shallow(one, depth - 1)]));
}
