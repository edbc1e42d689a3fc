import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Agent } from 'undici';
import { LlmError, LlmHandler, LlmService, type ChatRequest } from '../../../lib/index.js';
import { byteMutation, mutateBytes, mutateValue, valueMutation } from '../../support/mutations.js';
import { frame, recordingsOf, type Framing, type Recording } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';

const PROVIDERS: readonly (readonly [provider: string, framing: Framing])[] = [
  ['bedrock', 'aws'],
  ['cohere', 'named-sse'],
  ['ollama', 'ndjson'],
];

const RUNS = { numRuns: 100 };
/** Milliseconds: it is a hang that has to show, and no slow machine. */
const TIMEOUT = 60_000;

describe.each(PROVIDERS)('spoilt answers of %s', (provider, framing) => {
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }), {
    providers: { bedrock: { region: 'us-east-1' } },
  });
  let replay: Replay;

  beforeAll(async () => {
    replay = await startReplay(5);
  });
  afterAll(async () => {
    await agent.destroy();
    await replay.close();
  });

  /** Short ones, so that a mutation hits something. */
  const recordings = recordingsOf(provider, framing).filter(({ body }) => body.length < 12_000);
  const chats = recordings.filter(({ document }) => !document?.embeddings && !document?.embedding);

  /** A result, or an error with a type: nothing else, and it ends. */
  async function check(recording: Recording, asJson: boolean): Promise<void> {
    replay.play(recording);
    const options = { apiKey: 'key', baseURL: replay.origin, retry: { maxRetries: 0 } };
    const request: ChatRequest = {
      model: `${provider}/m`,
      messages: [{ role: 'user', content: 'Hi' }],
      ...(asJson && { response_format: { type: 'json_object' } }),
    };
    try {
      const completion = recording.streamed
        ? await (await llm.completion({ ...request, stream: true }, options)).final()
        : await llm.completion({ ...request, stream: false }, options);
      expect(completion.choices[0]!.finish_reason).toMatch(/^(stop|length|tool_calls|content_filter)$/);
    } catch (error) {
      expect(error).toBeInstanceOf(LlmError);
    }
  }

  const index = fc.nat({ max: Math.max(0, chats.length - 1) });

  it(
    'with spoilt bytes end in a result or a typed error',
    async () => {
      const mutations = fc.array(byteMutation, { minLength: 1, maxLength: 2 });
      await fc.assert(
        fc.asyncProperty(index, mutations, fc.boolean(), (at, spoil, asJson) => {
          const recording = chats[at]!;
          return check({ ...recording, body: spoil.reduce(mutateBytes, recording.body) }, asJson);
        }),
        RUNS,
      );
    },
    TIMEOUT,
  );

  it(
    'with other values in them end in a result or a typed error',
    async () => {
      await fc.assert(
        fc.asyncProperty(index, valueMutation, fc.boolean(), (at, mutation, asJson) => {
          const recording = chats[at]!;
          const spoilt: any = mutateValue(recording.events ?? recording.document, mutation);
          // To be framed, an event has to be an object, with a name on the AWS stream.
          const events = recording.streamed
            ? spoilt.filter((event: unknown) => Object.keys(event ?? {}).length > 0)
            : [];
          const body = recording.streamed ? frame(events, framing) : Buffer.from(JSON.stringify(spoilt));
          return check({ ...recording, body }, asJson);
        }),
        RUNS,
      );
    },
    TIMEOUT,
  );
});
