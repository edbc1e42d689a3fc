import * as zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLlm, failureOf, optionsFor, REQUEST, STREAMED, type StandaloneLlm } from '../support/llm.js';
import {
  answerText,
  completionOf,
  eventsOf,
  sendJson,
  startUpstream,
  type Answer,
  type Upstream,
} from '../support/upstream.js';

let upstream: Upstream;
let llm: StandaloneLlm;

beforeEach(async () => {
  upstream = await startUpstream();
  llm = createLlm(optionsFor(upstream, { retry: { maxRetries: 1, baseDelay: 1 } }));
});
afterEach(async () => {
  await llm.close();
  await upstream.close();
});

const { zstdCompressSync } = zlib as { zstdCompressSync?: (data: Buffer) => Buffer };

const codings: readonly (readonly [string, (data: Buffer) => Buffer])[] = [
  ['gzip', zlib.gzipSync],
  ['GZIP', zlib.gzipSync],
  ['x-gzip', zlib.gzipSync],
  ['deflate', zlib.deflateSync],
  ['deflate', zlib.deflateRawSync],
  ['Br', zlib.brotliCompressSync],
  ['gzip, br', (data) => zlib.brotliCompressSync(zlib.gzipSync(data))],
  ['identity, deflate , GZip', (data) => zlib.gzipSync(zlib.deflateSync(data))],
  // Labels that are wrong.
  ['gzip', (data) => data],
  ['deflate', (data) => data],
  ['br', (data) => data],
  ['gzip, br', (data) => data],
  ['utf-8', (data) => data],
  ...(zstdCompressSync === undefined
    ? []
    : ([
        ['zstd', zstdCompressSync],
        ['zstd', (data: Buffer) => data],
      ] as const)),
];

const coded =
  (coding: string, type: string, body: Buffer, status = 200): Answer =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': type, 'content-encoding': coding }).end(body);

describe.each(codings)('a body that is labelled as %s', (coding, encode) => {
  it('is read: a document, a stream, an error', async () => {
    const document = Buffer.from(JSON.stringify(completionOf('Hello')));
    upstream.answer(coded(coding, 'application/json', encode(document)));
    expect((await llm.completion(REQUEST)).choices[0]!.message.content).toBe('Hello');

    const events = Buffer.from(eventsOf(['Hel', 'lo']).join(''));
    upstream.answer(coded(coding, 'text/event-stream', encode(events)));
    const whole = await (await llm.completion(STREAMED)).final();
    expect(whole.choices[0]!.message.content).toBe('Hello');

    const failure = Buffer.from(JSON.stringify({ error: { message: 'no such model' } }));
    upstream.answer(coded(coding, 'application/json', encode(failure), 404));
    await expect(failureOf(llm.completion(REQUEST))).resolves.toMatchObject({
      name: 'NotFoundError',
      message: expect.stringContaining('no such model'),
    });
  });
});

describe('the status of an error is kept', () => {
  const broken: Answer = (request, response) => {
    response.writeHead(429, { 'content-type': 'application/json', 'content-length': 100 });
    response.write('{"error":');
    setImmediate(() => request.socket.destroy());
  };
  const cases: readonly (readonly [string, Answer])[] = [
    ['breaks off', broken],
    ['is labelled as gzip and empty', coded('gzip', 'application/json', Buffer.alloc(0), 429)],
    [
      'is cut off inside of its gzip',
      coded('gzip', 'application/json', zlib.gzipSync('{"error":{"message":"slow"}}').subarray(0, 20), 429),
    ],
    [
      'stalls before its first byte',
      (_request, response) => response.writeHead(429, { 'content-length': 100 }).flushHeaders(),
    ],
    ['stalls', (_request, response) => void response.writeHead(429, { 'content-length': 100 }).write('{')],
    ['is not there', (_request, response) => void response.writeHead(429).end()],
  ];

  it.each(cases)('when its body %s', async (_name, answer) => {
    let failures = 1;
    upstream.answer((request, response) =>
      failures-- > 0 ? answer(request, response) : answerText()(request, response),
    );
    const { meta } = await llm.completion(REQUEST);
    expect(meta.attempts.map(({ status, error }) => [status, error])).toEqual([
      [429, 'RateLimitError'],
      [200, undefined],
    ]);
    upstream.answer(answer);
    const error = await failureOf(llm.completion(STREAMED, { retry: { maxRetries: 0 } }));
    expect(error).toMatchObject({ name: 'RateLimitError', status: 429 });
  });

  it('though a body of success that breaks off is a broken connection', async () => {
    upstream.answer((request, response) => {
      sendJson(response, {}, 200, { 'content-length': 100 });
      setImmediate(() => request.socket.destroy());
    });
    await expect(failureOf(llm.completion(REQUEST))).resolves.toMatchObject({
      name: 'APIConnectionError',
      phase: 'body',
    });
  });
});
