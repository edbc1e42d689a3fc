import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LlmService } from '../../../lib/index.js';
import { MESSAGES } from '../../support/llm.js';
import {
  answerEndless,
  answerStalled,
  startUpstream,
  type Answer,
  type Upstream,
} from '../../support/upstream.js';
import { ADAPTERS, openAIAt, startSample, type Sample } from './support/sample.js';

const UNARY = { messages: MESSAGES };
const STREAMED = { ...UNARY, stream: true };

const ANSWER = {
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
};

/** Never answers. */
const silent: Answer = () => {};

describe.each(ADAPTERS)('a client that leaves, on %s,', (adapter) => {
  let upstream: Upstream;
  let sample: Sample;

  beforeAll(async () => {
    upstream = await startUpstream();
    sample = await startSample({ adapter }, openAIAt(upstream));
  });

  afterAll(async () => {
    await sample.close();
    await upstream.close();
  });

  const stats = () => sample.app.get(LlmService).stats().calls;

  it.each([
    ['/chat/stream', UNARY],
    ['/v1/chat/completions', STREAMED],
  ])('stops an upstream that sends (%s)', async (path, body) => {
    upstream.answer(answerEndless());
    const { aborted } = stats();
    const incoming = upstream.nextRequest();
    const leave = new AbortController();
    const response = await sample.post(path, body, leave.signal);
    await response.body!.getReader().read();
    leave.abort();
    await (
      await incoming
    ).closed;
    expect(stats()).toMatchObject({ active: 0, aborted: aborted + 1 });
  });

  it.each([
    ['/chat/stream', UNARY],
    ['/v1/chat/completions', STREAMED],
  ])('stops an upstream that has stalled (%s)', async (path, body) => {
    upstream.answer(answerStalled());
    const incoming = upstream.nextRequest();
    const leave = new AbortController();
    const response = await sample.post(path, body, leave.signal);
    await response.body!.getReader().read();
    leave.abort();
    await (
      await incoming
    ).closed;
    expect(stats().active).toBe(0);
  });

  it.each([
    ['/chat', UNARY],
    ['/chat/stream', UNARY],
    ['/v1/chat/completions', UNARY],
    ['/v1/chat/completions', STREAMED],
    ['/v1/embeddings', { input: 'Hi' }],
  ])('stops an upstream that has not begun to answer (%s, %j)', async (path, body) => {
    upstream.answer(silent);
    const incoming = upstream.nextRequest();
    const leave = new AbortController();
    const response = sample.post(path, body, leave.signal);
    const { closed } = await incoming;
    leave.abort();
    await expect(response).rejects.toThrow('aborted');
    await closed;
    expect(stats().active).toBe(0);
  });

  it('and one that stays gets its answer after a while', async () => {
    upstream.answer((_request, response) => {
      // Longer than a request's own `close` takes to come, which is when its body has been read.
      setTimeout(() => response.end(JSON.stringify(ANSWER)), 50);
    });
    const response = await sample.post('/chat', UNARY);
    expect(await response.json()).toMatchObject(ANSWER);
  });
});
