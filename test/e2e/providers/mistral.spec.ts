import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import {
  BadRequestError,
  ChatStream,
  LlmHandler,
  LlmService,
  UnprocessableEntityError,
  type ChatRequest,
} from '../../../lib/index.js';
import { actualOf, expectedOf, kindOf, type Kind } from '../../support/openai-oracle.js';
import { frame, recordingsOf, type Recording } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';

const SEEDS = [1, 2, 3];
const MESSAGES = [{ role: 'user' as const, content: 'Hi' }];

function recorded(kind: Kind): (readonly [string, Recording])[] {
  return recordingsOf('mistral', 'openai')
    .filter((recording) => kindOf(recording) === kind)
    .map((recording) => [recording.name, recording] as const);
}

const agent = new Agent();
const llm = new LlmService(new LlmHandler({ session: agent }));
let replay: Replay;
const options = () => ({ apiKey: 'key', baseURL: `${replay.origin}/v1` });

afterAll(() => agent.destroy());

describe('recorded exchanges of Mistral', () => {
  describe.each(SEEDS)('cut by seed %i', (seed) => {
    beforeAll(async () => {
      replay = await startReplay(seed);
    });
    afterAll(() => replay.close());

    it.each(recorded('completion'))('%s', async (_name, recording) => {
      replay.play(recording);
      const request = { model: 'mistral/m', messages: MESSAGES };
      const completion = recording.streamed
        ? await (await llm.completion({ ...request, stream: true }, options())).final()
        : await llm.completion(request, options());
      expect(actualOf(completion)).toEqual(expectedOf(recording));
      expect(completion).not.toHaveProperty('p');
    });
  });

  describe('in whole', () => {
    beforeAll(async () => {
      replay = await startReplay();
    });
    afterAll(() => replay.close());

    it.each(recorded('embedding'))('%s', async (_name, recording) => {
      replay.play(recording);
      const { input } = recording.request!.body;
      const answer = await llm.embedding({ model: 'mistral/mistral-embed', input }, options());
      const { data, usage } = recording.document;
      expect(answer.data.map(({ embedding }) => embedding)).toEqual(
        data.map(({ embedding }: any) => embedding),
      );
      expect(answer.usage).toMatchObject(usage);
      expect(replay.requests.at(-1)).toMatchObject({
        path: '/v1/embeddings',
        body: recording.request!.body,
      });
    });

    const asked = recorded('completion').filter(([, { request }]) => request !== undefined);

    it.each(asked)('%s: the request is the recorded one', async (_name, recording) => {
      const { body } = recording.request!;
      replay.play(recording);
      const request: ChatRequest = { ...body, model: `mistral/${body.model}` };
      const answer = await llm.completion(request, options());
      if (answer instanceof ChatStream) await answer.final();
      expect(replay.requests.at(-1)!.body).toEqual(body);
    });

    it('goes on from its own answers', async () => {
      for (const [, recording] of recorded('completion')) {
        if (recording.streamed) continue;
        replay.play(recording);
        const request = { model: 'mistral/m', messages: MESSAGES };
        const { message } = (await llm.completion(request, options())).choices[0]!;
        const results = (message.tool_calls ?? []).map(({ id }) => ({
          role: 'tool' as const,
          tool_call_id: id,
          content: 'ok',
        }));
        const next = [...MESSAGES, message, ...results, ...MESSAGES];
        await llm.completion({ model: 'mistral/m', messages: next }, options());
        const [, answer, ...rest] = replay.requests.at(-1)!.body.messages;
        const theirs = recording.document.choices[0].message;
        // Mistral refuses a user right after a tool.
        const between = results.length > 0 ? ['assistant'] : [];
        expect(rest.map(({ role }: any) => role)).toEqual([...results.map(() => 'tool'), ...between, 'user']);
        expect(answer.role).toBe('assistant');
        if (Array.isArray(theirs.content)) {
          const parts = answer.content.map(({ closed: _closed, ...part }: any) => part);
          expect(parts).toEqual(theirs.content);
        } else expect(answer.content).toBe(theirs.content ?? '');
        const calls = (answer.tool_calls ?? []).map(({ type: _type, ...call }: any) => call);
        expect(calls).toEqual(theirs.tool_calls ?? []);
      }
    });
  });
});

describe('mistral', () => {
  beforeAll(async () => {
    replay = await startReplay();
  });
  afterAll(() => replay.close());

  const headers = { 'content-type': 'text/event-stream' };
  const chunk = (delta: object, reason: string | null = null) => ({
    id: 'cmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: reason }],
  });

  it('keeps references, and what model_length means', async () => {
    const reference = { type: 'reference', reference_ids: [0, 2] };
    const events = [
      chunk({ role: 'assistant', content: 'Paris' }),
      chunk({ content: [reference, { type: 'text', text: '.' }] }, 'model_length'),
    ];
    replay.play({ status: 200, headers, body: frame(events, 'openai') });
    const request = { model: 'mistral/m', messages: MESSAGES, stream: true as const };
    const [choice] = (await (await llm.completion(request, options())).final()).choices;
    expect(choice).toEqual({
      index: 0,
      finish_reason: 'length',
      logprobs: null,
      message: {
        role: 'assistant',
        content: 'Paris.',
        refusal: null,
        provider_specific_fields: { mistral: { content: [reference] } },
      },
    });
  });

  it('does not take a stream without [DONE] for whole', async () => {
    const body = Buffer.from(`data: ${JSON.stringify(chunk({ content: 'Par' }))}\n\n`);
    replay.play({ status: 200, headers, body });
    const stream = await llm.completion({ model: 'mistral/m', messages: MESSAGES, stream: true }, options());
    await expect(stream.final()).rejects.toMatchObject({ code: 'stream_interrupted' });
  });

  const error = (status: number, body: object) => ({
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body)),
  });

  it('reads a list of problems inside of the message', async () => {
    replay.play(
      error(422, {
        object: 'error',
        message: {
          detail: [{ type: 'extra_forbidden', loc: ['body', 'foo'], msg: 'Extra inputs are not permitted' }],
        },
        type: 'invalid_request_error',
        param: null,
        code: null,
      }),
    );
    const failed = llm.completion({ model: 'mistral/m', messages: MESSAGES }, options());
    await expect(failed).rejects.toBeInstanceOf(UnprocessableEntityError);
    await expect(failed).rejects.toMatchObject({
      type: 'invalid_request_error',
      message: expect.stringContaining('body.foo: Extra inputs are not permitted'),
    });
  });

  it('reads a message without an envelope', async () => {
    const message =
      'Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant';
    replay.play(
      error(400, {
        object: 'error',
        message,
        type: 'invalid_request_message_order',
        param: null,
        code: '3230',
      }),
    );
    const failed = llm.completion({ model: 'codestral/m', messages: MESSAGES }, options());
    await expect(failed).rejects.toBeInstanceOf(BadRequestError);
    await expect(failed).rejects.toMatchObject({ code: '3230', message: expect.stringContaining(message) });
  });
});
