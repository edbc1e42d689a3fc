import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Agent } from 'undici';
import { LlmError, LlmHandler, LlmService, type ChatCompletion } from '../../../lib/index.js';
import { byteMutation, mutateBytes, mutateValue, valueMutation } from '../../support/mutations.js';
import { fewestOf, frame, type Recording } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';
import { responsesRecordings } from '../../support/responses-oracle.js';

describe('spoilt answers of the Responses API', () => {
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }));
  let replay: Replay;

  beforeAll(async () => {
    replay = await startReplay(11);
  });
  afterAll(async () => {
    await agent.destroy();
    await replay.close();
  });

  /** Short ones, so that a mutation hits something. */
  const recordings = responsesRecordings().filter(({ body }) => body.length < 9000);

  async function check(
    recording: Pick<Recording, 'status' | 'headers' | 'body' | 'streamed'>,
  ): Promise<'answer' | 'error'> {
    replay.play(recording);
    const options = { apiKey: 'key', baseURL: `${replay.origin}/v1`, retry: { maxRetries: 0 } };
    const request = { model: 'openai/responses/m', messages: [{ role: 'user' as const, content: 'Hi' }] };
    const outcome: ChatCompletion | LlmError = await (
      recording.streamed
        ? llm.completion({ ...request, stream: true }, options).then((stream) => stream.final())
        : llm.completion(request, options)
    ).catch((error: LlmError) => error);
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(LlmError);
      return 'error';
    }
    const { message, finish_reason } = outcome.choices[0]!;
    expect(message.content === null || typeof message.content === 'string').toBe(true);
    for (const call of message.tool_calls ?? []) expect(call.id).not.toBe('');
    expect(['stop', 'length', 'tool_calls', 'content_filter']).toContain(finish_reason);
    return 'answer';
  }

  it('end in an answer or in a typed error when bytes are wrong', async () => {
    expect(recordings.length).toBeGreaterThanOrEqual(fewestOf(41));
    const seen = { answer: 0, error: 0 };
    const mutations = fc.array(byteMutation, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...recordings), mutations, async (recording, list) => {
        seen[await check({ ...recording, body: list.reduce(mutateBytes, recording.body) })]++;
      }),
      { numRuns: 300 },
    );
    expect(seen.error).toBeGreaterThan(0);
    expect(seen.answer).toBeGreaterThan(0);
  }, 60_000);

  it('end in an answer or in a typed error when fields are wrong', async () => {
    const seen = { answer: 0, error: 0 };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...recordings), valueMutation, async (recording, mutation) => {
        const { events, document } = recording;
        const body =
          events === undefined
            ? Buffer.from(JSON.stringify(mutateValue(document, mutation)))
            : frame((mutateValue(events, mutation) as unknown[]).filter(Boolean), 'named-sse');
        seen[await check({ ...recording, body })]++;
      }),
      { numRuns: 800 },
    );
    expect(seen.error).toBeGreaterThan(0);
    expect(seen.answer).toBeGreaterThan(0);
  }, 60_000);
});
