import type { HttpDispatchOptions, ProviderOptions } from '../../lib/index.js';
import type { WireAnswer } from './recording-session.js';
import { TEST_KEY } from './llm.js';
import { completionOf, eventsOf } from './upstream.js';

/** A provider as its own API answers, for the tests that walk all providers. */
export interface ProviderWire {
  /** What is under `providers.<name>`: enough to connect without the environment. */
  readonly options: ProviderOptions & Record<string, unknown>;
  /** Answers any request that the provider's adapter sends, token exchanges included, with {@link TEXT} or an embedding. */
  readonly answer: (request: HttpDispatchOptions) => WireAnswer;
}

/** The text of every answer. */
export const TEXT = ['Hello', ', ', 'world'];

/** The numbers of every embedding. */
export const VECTOR = [0.25, -0.5];

function json(body: object): WireAnswer {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** OpenAI's API, which most providers speak. */
function openAIWire(provider: string): ProviderWire {
  return {
    options: { apiKey: TEST_KEY, baseURL: `https://${provider.replaceAll('_', '-')}.test/v1` },
    answer({ path, body }) {
      if (path.endsWith('/embeddings')) {
        return json({
          object: 'list',
          model: 'test-model',
          data: [{ object: 'embedding', index: 0, embedding: VECTOR }],
          usage: { prompt_tokens: 1, total_tokens: 1 },
        });
      }
      const { stream } = JSON.parse(String(body)) as { stream?: boolean };
      if (stream !== true) return json(completionOf(TEXT.join('')));
      return { headers: { 'content-type': 'text/event-stream' }, body: eventsOf(TEXT).join('') };
    },
  };
}

/** Providers whose API is not OpenAI's. One that is not named here has to speak OpenAI's. */
const OWN_WIRES: Readonly<Record<string, ProviderWire>> = {};

export function wireOf(provider: string): ProviderWire {
  return OWN_WIRES[provider] ?? openAIWire(provider);
}
