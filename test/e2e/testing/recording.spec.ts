import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import { BUILT_IN_ADAPTERS } from '../../../lib/catalog.js';
import { LlmHandler, LlmService, type HttpSession, type LlmOptions } from '../../../lib/index.js';
import { recordingSession, replaySession, UnexpectedRequestError } from '../../../lib/testing/index.js';
import { failureOf, withEnv } from '../../support/llm.js';
import { wireOf } from '../../support/provider-wires.js';
import { startUpstream, type Upstream } from '../../support/upstream.js';

let upstream: Upstream;
let directory: string;
let file: string;
let agent: Agent;

beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nestjs-llm-recording-'));
  file = join(directory, 'chat.json');
  agent = new Agent();
});
afterEach(async () => {
  await agent.destroy();
  rmSync(directory, { recursive: true });
});

const over = (session: HttpSession, options: LlmOptions = {}) =>
  new LlmService(new LlmHandler({ session }), { ...options, defaults: { retry: { maxRetries: 0 } } });
const ours = (): LlmOptions => ({
  providers: { openai: { apiKey: 'sk-CANARY-0123456789', baseURL: upstream.baseURL } },
});
const ask = (content: string, stream = false) => ({
  model: 'openai/m',
  messages: [{ role: 'user' as const, content }],
  stream,
});
const allOf = () =>
  readdirSync(directory)
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('\n');

/** Answers that repeat the request, as a gateway that is being debugged does, in pieces that cut a key in two. */
function echo(): void {
  upstream.answer(({ method, path, headers, body }, response) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
    const all = `${method} ${path} ${lines.join(' ')} ${JSON.stringify(body)}`;
    const text = `data: ${JSON.stringify({ all, url: `https://files/a?X-Amz-Signature=CANARY&x=1` })}\n\n`;
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'set-cookie': 'session=CANARY',
      'openai-organization': 'CANARY-organisation',
      'x-request-id': all.slice(0, 4000),
    });
    const middle = Math.max(1, text.indexOf('CANARY') + 3);
    response.write(text.slice(0, middle), () => setImmediate(() => response.end(text.slice(middle))));
  });
}

describe('a recording has nothing of the credentials', () => {
  it.each(BUILT_IN_ADAPTERS.map(({ provider }) => provider))('of %s', async (provider) => {
    echo();
    const key = 'k-CANARY-0123456789';
    const options = {
      ...wireOf(provider).options,
      ...('apiKey' in wireOf(provider).options && { apiKey: key }),
      ...('secretAccessKey' in wireOf(provider).options && {
        secretAccessKey: key,
        sessionToken: `${key}-session`,
      }),
      ...('accessToken' in wireOf(provider).options && { accessToken: key }),
      ...(provider === 'watsonx' && { apiKey: undefined, token: key }),
      baseURL: `${upstream.origin}/v1?key=${key}`,
      headers: { cookie: `a=${key}`, 'x-team': key, 'openai-organization': `${key}-org` },
    };
    const llm = over(recordingSession(agent, file), { providers: { [provider]: options } });
    const messages = [{ role: 'user' as const, content: 'see https://files/b?sig=CANARY%2F&se=1' }];
    for (const stream of [false, true]) {
      const call = llm.completion({ model: `${provider}/m`, messages, stream });
      await call.then((result) => ('final' in result ? result.final() : result)).catch(() => {});
    }
    await llm.embedding({ model: `${provider}/m`, input: 'a' }).catch(() => {});
    const text = allOf();
    expect(text).toContain('***');
    expect(text.slice(Math.max(0, text.indexOf('CANARY') - 80)).match(/CANARY.*/)?.[0]).toBeUndefined();
    expect(text).not.toContain(Buffer.from(key).toString('base64').slice(2, 12));
    for (const { chunks } of JSON.parse(
      `[${readdirSync(directory)
        .map((name) => readFileSync(join(directory, name), 'utf8'))
        .join()}]`,
    ).map((one: { response: object }) => one.response))
      for (const { base64 } of chunks)
        if (base64 !== undefined)
          expect(Buffer.from(base64, 'base64').toString('latin1')).not.toContain('CANARY');
  });

  it('also where the body is compressed', async () => {
    upstream.answer((request, response) => {
      const body = JSON.stringify({ error: { message: String(request.headers['authorization']) } });
      response.writeHead(401, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(gzipSync(body));
    });
    await failureOf(over(recordingSession(agent, file), ours()).completion(ask('q')));
    expect(allOf()).not.toContain('CANARY');
    expect(allOf()).toContain('"error');
  });

  it('and requests for credentials are not recorded', async () => {
    upstream.answer((_request, response) => void response.end('{"access_token":"CANARY","expires_in":3600}'));
    const credentials = {
      type: 'authorized_user',
      client_id: 'c',
      client_secret: 'CANARYs',
      refresh_token: 'CANARYr',
      token_uri: `${upstream.origin}/token`,
    };
    const vertex = { project: 'secret-project', baseURL: `${upstream.origin}/v1`, credentials };
    const llm = over(recordingSession(agent, file), { providers: { vertex_ai: vertex } });
    await failureOf(llm.completion({ ...ask('q'), model: 'vertex_ai/gemini-x' }));
    expect(readdirSync(directory)).toEqual(['chat.json']);
    expect(allOf()).not.toMatch(/CANARY|secret-project/);
  });
});

describe('a replay', () => {
  const event = (content: string) =>
    `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;
  const END = `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`;

  /** Records two exchanges: a stream in pieces, and a limit. */
  async function record(): Promise<void> {
    let count = 0;
    upstream.answer((_request, response) => {
      if (count++ === 1) {
        response.writeHead(429, { 'retry-after': '7' }).end('{"error":{"message":"slow down"}}');
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const bytes = Buffer.from(event('Zür') + event('ich'));
      const cut = bytes.indexOf(0xc3) + 1;
      response.write(bytes.subarray(0, cut), () =>
        setTimeout(() => {
          response.write(bytes.subarray(cut), () => setTimeout(() => response.end(END), 40));
        }, 40),
      );
    });
    const llm = over(recordingSession(agent, file), ours());
    const stream = await llm.completion({ ...ask('one'), stream: true });
    expect((await stream.final()).choices[0]!.message.content).toBe('Zürich');
    await failureOf(llm.completion(ask('two')));
  }

  /** Sizes of the body's chunks. */
  async function chunksOf(session: HttpSession, body: object): Promise<number[]> {
    const sizes: number[] = [];
    const path = new URL(`${upstream.baseURL}/chat/completions`).pathname;
    await new Promise<void>((resolve, reject) =>
      session.dispatch(
        {
          origin: 'http://h',
          path,
          method: 'POST',
          headers: {},
          body: JSON.stringify(body),
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        {
          onRequestStart: () => {},
          onResponseStart: () => {},
          onResponseData: (_controller, chunk) => void sizes.push(chunk.length),
          onResponseEnd: () => resolve(),
          onResponseError: (_controller, error) => reject(error),
        },
      ),
    );
    return sizes;
  }

  it('needs no key and no network, keeps the boundaries of chunks, and is one file an exchange', async () => {
    await record();
    expect(readdirSync(directory).sort()).toEqual(['chat-2.json', 'chat.json']);
    const { request, response } = JSON.parse(readFileSync(file, 'utf8'));
    expect(request).toMatchObject({ method: 'POST', body: { messages: [{ role: 'user', content: 'one' }] } });
    expect(response.chunks.at(-1).text).toContain('data: [DONE]');

    await withEnv({ OPENAI_API_KEY: undefined }, async () => {
      const llm = over(replaySession(file), { providers: { openai: { baseURL: upstream.baseURL } } });
      const count = upstream.requests.length;
      const limited = await failureOf(llm.completion(ask('two')));
      expect(limited).toMatchObject({ status: 429, retryAfterMs: 7000 });
      const stream = await llm.completion({ ...ask('one'), stream: true });
      expect((await stream.final()).choices[0]!.message.content).toBe('Zürich');
      expect(upstream.requests).toHaveLength(count);
    });

    const sizes = await chunksOf(
      replaySession(file),
      Object.fromEntries(Object.entries(request.body).reverse()),
    );
    expect(sizes).toEqual([
      Buffer.from(event('Zür')).indexOf(0xc3) + 1,
      Buffer.from(event('Zür') + event('ich')).length - (Buffer.from(event('Zür')).indexOf(0xc3) + 1),
      Buffer.from(END).length,
    ]);
  });

  it('keeps the times where it is asked to', async () => {
    await record();
    const { request } = JSON.parse(readFileSync(file, 'utf8'));
    const started = performance.now();
    await chunksOf(replaySession(file, { speed: 1 }), request.body);
    expect(performance.now() - started).toBeGreaterThan(70);
  });

  it('fails at once for a request that was not recorded, with the nearest one', async () => {
    await record();
    const llm = over(replaySession(file), ours());
    const error = await failureOf(llm.completion(ask('three')));
    expect(error).toBeInstanceOf(UnexpectedRequestError);
    expect(error.attempts).toHaveLength(1);
    expect(error.message).toContain(
      `the nearest is ${join(directory, 'chat-2.json')}, which differs in messages[0].content. RECORD=1`,
    );
    await failureOf(llm.completion(ask('two')));
    expect((await failureOf(llm.completion(ask('two')))).message).toContain('has been replayed already');
  });

  it('is what recordingSession does when there are recordings, until RECORD=1', async () => {
    await record();
    const before = upstream.requests.length;
    expect(recordingSession(agent, file).needsNoCredentials).toBe(true);
    await failureOf(over(recordingSession(agent, file), ours()).completion(ask('two')));
    expect(upstream.requests).toHaveLength(before);
    await withEnv({ RECORD: '1' }, async () => {
      upstream.answer((_request, response) => void response.writeHead(500).end());
      await failureOf(over(recordingSession(agent, file), ours()).completion(ask('new')));
    });
    expect(readdirSync(directory)).toEqual(['chat.json']);
    expect(JSON.parse(readFileSync(file, 'utf8')).response.status).toBe(500);
  });

  it('says what is wrong with its file', () => {
    expect(() => replaySession(file)).toThrow(
      /there is no recording .*chat\.json: make it with recordingSession/,
    );
    writeFileSync(file, '{}');
    expect(() => replaySession(file)).toThrow(/is no recording of this package/);
  });

  it('of a connection that broke breaks', async () => {
    upstream.answer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event('a'), () => setImmediate(() => response.destroy()));
    });
    const run = async (session: HttpSession) => {
      const stream = await over(session, ours()).completion({ ...ask('q'), stream: true });
      return failureOf(stream.final());
    };
    const recorded = await run(recordingSession(agent, file));
    expect(await run(replaySession(file))).toMatchObject({ name: recorded.name, code: recorded.code });
  });
});
