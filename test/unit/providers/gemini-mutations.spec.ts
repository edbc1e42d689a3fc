import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Agent } from 'undici';
import { LlmError, LlmHandler, LlmService, type ChatCompletion } from '../../../lib/index.js';
import { geminiRecordings } from '../../support/gemini-oracle.js';
import { fewestOf, frame, type Recording } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';

interface Mutation {
  readonly kind: 'flip' | 'cut' | 'repeat' | 'drop';
  /** Place in the body, as a share of it. */
  readonly at: number;
  /** In bytes. */
  readonly length: number;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'repeat', 'drop'),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  length: fc.integer({ min: 1, max: 400 }),
});

function mutate(body: Buffer, { kind, at, length }: Mutation): Buffer {
  const start = Math.floor(at * body.length);
  const end = Math.min(start + length, body.length);
  if (kind === 'cut') return body.subarray(0, start);
  if (kind === 'drop') return Buffer.concat([body.subarray(0, start), body.subarray(end)]);
  if (kind === 'repeat') return Buffer.concat([body.subarray(0, end), body.subarray(start)]);
  const flipped = Buffer.from(body);
  flipped[start] = flipped[start]! ^ (1 << (length % 8));
  return flipped;
}

/** Puts `value` where a walk through the fields, led by `steps`, ends. */
function replaceSome(root: unknown, steps: readonly number[], value: unknown): unknown {
  const copy: any = structuredClone(root);
  let parent = copy;
  for (const [index, step] of steps.entries()) {
    const keys = Object.keys(parent);
    if (keys.length === 0) break;
    const key = keys[step % keys.length]!;
    const child = parent[key];
    if (index === steps.length - 1 || typeof child !== 'object' || child === null) {
      parent[key] = value;
      break;
    }
    parent = child;
  }
  return copy;
}

describe('spoilt answers of Gemini', () => {
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
  const recordings = (['gemini', 'vertex'] as const)
    .flatMap((folder) => Object.values(geminiRecordings(folder)).flat())
    .filter(({ body }) => body.length < 12_000);

  async function check(recording: Pick<Recording, 'status' | 'headers' | 'body' | 'streamed'>) {
    replay.play(recording);
    const options = { apiKey: 'key', baseURL: `${replay.origin}/v1`, retry: { maxRetries: 0 } };
    const request = {
      model: 'gemini/gemini-2.5-flash',
      messages: [{ role: 'user' as const, content: 'Hi' }],
    };
    const outcome: ChatCompletion | LlmError = await (
      recording.streamed
        ? llm.completion({ ...request, stream: true }, options).then((stream) => stream.final())
        : llm.completion(request, options)
    ).catch((error: LlmError) => error);
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(LlmError);
      return 'error';
    }
    for (const { message, finish_reason } of outcome.choices) {
      expect(['string', 'null']).toContain(message.content === null ? 'null' : typeof message.content);
      expect(['stop', 'length', 'tool_calls', 'content_filter']).toContain(finish_reason);
      for (const call of message.tool_calls ?? []) {
        expect(typeof (call as any).function.name).toBe('string');
        expect(typeof JSON.parse((call as any).function.arguments)).toBe('object');
      }
    }
    return 'answer';
  }

  it('end in an answer or in a typed error when bytes are wrong', async () => {
    expect(recordings.length).toBeGreaterThanOrEqual(fewestOf(101));
    const seen = { answer: 0, error: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...recordings),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        async (recording, list) => {
          seen[await check({ ...recording, body: list.reduce(mutate, recording.body) })]++;
        },
      ),
      { numRuns: 400 },
    );
    expect(seen.error).toBeGreaterThan(0);
    expect(seen.answer).toBeGreaterThan(0);
  }, 60_000);

  it('end in an answer or in a typed error when fields are wrong', async () => {
    const seen = { answer: 0, error: 0 };
    const steps = fc.array(fc.nat(1000), { minLength: 1, maxLength: 9 });
    const values = fc.constantFrom<unknown>(null, 0, 1e9, '', 'x', true, [], [null], [7], {}, { text: 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...recordings.filter(({ document, events }) => events ?? document?.candidates)),
        steps,
        values,
        async (recording, path, value) => {
          const { events, document } = recording;
          const body =
            events === undefined
              ? Buffer.from(JSON.stringify(replaceSome(document, path, value)))
              : frame(replaceSome(events, path, value) as unknown[], 'gemini');
          seen[await check({ ...recording, body })]++;
        },
      ),
      { numRuns: 800 },
    );
    expect(seen.error).toBeGreaterThan(0);
    expect(seen.answer).toBeGreaterThan(0);
  }, 60_000);
});
