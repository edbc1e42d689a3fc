import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Agent } from 'undici';
import { LlmError, LlmHandler, LlmService, type ChatRequest } from '../../../lib/index.js';
import { byteMutation, mutateBytes, mutateValue, valueMutation } from '../../support/mutations.js';
import { frame, recordingsOf, type Recording } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';

const FOLDERS: readonly (readonly [provider: string, folder: string])[] = [
  ['azure', 'azure'],
  ['mistral', 'mistral'],
  ['deepseek', 'deepseek'],
  ['together_ai', 'groq'],
];

const RUNS = { numRuns: 100 };
/** Milliseconds: it is a hang that has to show, and no slow machine. */
const TIMEOUT = 60_000;

describe.each(FOLDERS)('spoilt answers of %s', (provider, folder) => {
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }));
  let replay: Replay;

  beforeAll(async () => {
    replay = await startReplay(5);
  });
  afterAll(async () => {
    await agent.destroy();
    await replay.close();
  });

  /** Short ones, so that a mutation hits something. */
  const chats = recordingsOf(folder, 'openai').filter(
    ({ body, document }) => body.length < 12_000 && !document?.data,
  );
  const index = fc.nat({ max: Math.max(0, chats.length - 1) });

  /** A result, or an error with a type: nothing else, and it ends. */
  async function check(recording: Recording): Promise<void> {
    replay.play(recording);
    const options = { apiKey: 'key', baseURL: replay.origin, retry: { maxRetries: 0 } };
    const request: ChatRequest = { model: `${provider}/m`, messages: [{ role: 'user', content: 'Hi' }] };
    try {
      const completion = recording.streamed
        ? await (await llm.completion({ ...request, stream: true }, options)).final()
        : await llm.completion({ ...request, stream: false }, options);
      expect(completion.choices).toBeInstanceOf(Array);
    } catch (error) {
      expect(error).toBeInstanceOf(LlmError);
    }
  }

  it(
    'with spoilt bytes end in a result or a typed error',
    async () => {
      const mutations = fc.array(byteMutation, { minLength: 1, maxLength: 2 });
      await fc.assert(
        fc.asyncProperty(index, mutations, (at, spoil) => {
          const recording = chats[at]!;
          return check({ ...recording, body: spoil.reduce(mutateBytes, recording.body) });
        }),
        RUNS,
      );
    },
    TIMEOUT,
  );

  it(
    'with values of another shape end in a result or a typed error',
    async () => {
      const mutations = fc.array(valueMutation, { minLength: 1, maxLength: 2 });
      await fc.assert(
        fc.asyncProperty(index, mutations, (at, spoil) => {
          const recording = chats[at]!;
          const value = spoil.reduce<unknown>(mutateValue, recording.events ?? recording.document);
          const body =
            recording.events === undefined
              ? Buffer.from(JSON.stringify(value) ?? '')
              : frame(Array.isArray(value) ? value : [value], 'openai');
          return check({ ...recording, body });
        }),
        { numRuns: 300 },
      );
    },
    TIMEOUT,
  );
});
