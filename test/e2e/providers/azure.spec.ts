import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import {
  AuthenticationError,
  ChatStream,
  ContentPolicyViolationError,
  LlmConfigurationError,
  LlmHandler,
  LlmService,
  NotFoundError,
  UnsupportedParamsError,
  type ChatRequest,
} from '../../../lib/index.js';
import { actualOf, expectedOf, kindOf, type Kind } from '../../support/openai-oracle.js';
import { frame, recordingsOf, type Recording } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';

const SEEDS = [1, 2, 3];
const MESSAGES = [{ role: 'user' as const, content: 'Hi' }];
const VERSION = '2024-02-01';

function recorded(kind: Kind): (readonly [string, Recording])[] {
  return recordingsOf('azure', 'openai')
    .filter((recording) => kindOf(recording) === kind)
    .map((recording) => [recording.name, recording] as const);
}

const agent = new Agent();
let replay: Replay;

function service(options: Record<string, unknown> = { apiVersion: VERSION }): LlmService {
  const azure = { apiKey: 'key', baseURL: replay.origin, ...options };
  return new LlmService(new LlmHandler({ session: agent }), { providers: { azure } });
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

const ANSWER = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(
    JSON.stringify({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4.1-mini',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
    }),
  ),
};

afterAll(() => agent.destroy());

describe('recorded exchanges of Azure', () => {
  describe.each(SEEDS)('cut by seed %i', (seed) => {
    beforeAll(async () => {
      replay = await startReplay(seed);
    });
    afterAll(() => replay.close());

    it.each(recorded('completion'))('%s', async (_name, recording) => {
      replay.play(recording);
      const request = { model: 'azure/a-deployment', messages: MESSAGES };
      const completion = recording.streamed
        ? await (await service().completion({ ...request, stream: true })).final()
        : await service().completion(request);
      expect(actualOf(completion)).toEqual(expectedOf(recording));
    });
  });

  describe('in whole', () => {
    beforeAll(async () => {
      replay = await startReplay();
    });
    afterAll(() => replay.close());

    it.each(recorded('completion'))('%s: what the content filter found is kept', async (_name, recording) => {
      replay.play(recording);
      const { events = [], document } = recording;
      const prompt = (document ?? events.find((event) => event.prompt_filter_results))?.prompt_filter_results;
      const reports: object[] = (document === undefined ? events : [document])
        .flatMap(({ choices = [] }) => choices)
        .map((choice: any) => choice.content_filter_results ?? {});
      const last = reports.findLast((report) => Object.keys(report).length > 0);
      const request = { model: 'azure/a-deployment', messages: MESSAGES };
      const completion = recording.streamed
        ? await (await service().completion({ ...request, stream: true })).final()
        : await service().completion(request);
      expect((completion as any).prompt_filter_results ?? undefined).toEqual(prompt ?? undefined);
      const kept = (completion.choices[0] as any).content_filter_results ?? {};
      expect(kept).toEqual(last ?? {});
    });

    const asked = [...recorded('completion'), ...recorded('embedding')].filter(
      ([, { request }]) => request !== undefined,
    );

    it.each(asked)('%s: the request is the recorded one', async (_name, recording) => {
      const { url, body } = recording.request!;
      const { pathname, search, searchParams } = new URL(url);
      const [, deployment] = /deployments\/([^/]+)\//.exec(pathname)!;
      replay.play(recording);
      const llm = service({ apiVersion: searchParams.get('api-version') });
      const model = `azure/${deployment}`;
      if (pathname.endsWith('/embeddings')) await llm.embedding({ ...body, model });
      else {
        const request: ChatRequest = { ...body, model };
        const answer = await llm.completion(request);
        if (answer instanceof ChatStream) await answer.final();
      }
      const sent = replay.requests.at(-1)!;
      expect(sent.path).toBe(pathname + search);
      expect(sent.headers['api-key']).toBe('key');
      expect(sent.headers).not.toHaveProperty('authorization');
      expect(sent.body).toEqual({ ...body, model: deployment });
    });

    it.each(recorded('embedding'))('%s', async (_name, recording) => {
      replay.play(recording);
      const answer = await service().embedding({ model: 'azure/e', input: 'a', encoding_format: 'base64' });
      const [expected] = recording.document.data;
      expect(answer.data[0]!.embedding).toBe(expected.embedding);
      expect(answer.usage).toEqual(recording.document.usage);
      const floats = await service().embedding({ model: 'azure/e', input: 'a' });
      const bytes = Buffer.from(expected.embedding, 'base64');
      expect(floats.data[0]!.embedding).toHaveLength(bytes.length / 4);
      expect(floats.data[0]!.embedding[1]).toBe(bytes.readFloatLE(4));
    });

    it.each(recorded('error'))('%s', async (_name, recording) => {
      replay.play(recording);
      const error = await failureOf(service().completion({ model: 'azure/a', messages: MESSAGES }));
      const { code, message, status } = recording.document.error;
      const expected = {
        401: AuthenticationError,
        404: NotFoundError,
        400: ContentPolicyViolationError,
      }[(status ?? recording.status) as 400];
      expect(error).toBeInstanceOf(expected);
      expect(error).toMatchObject({
        status: status ?? recording.status,
        code: code === '401' ? 'invalid_api_key' : code,
        message: expect.stringContaining(message),
      });
    });
  });
});

describe('azure', () => {
  beforeAll(async () => {
    replay = await startReplay();
  });
  afterAll(() => replay.close());

  const path = '/chat/completions';
  const cases: [string, string, string | undefined, string][] = [
    ['an endpoint', '', VERSION, `/openai/deployments/d%2F1${path}?api-version=${VERSION}`],
    ['an endpoint without a version', '', undefined, `/openai/v1${path}`],
    ['the version v1', '', 'v1', `/openai/v1${path}`],
    ['the version preview', '/', 'preview', `/openai/v1${path}?api-version=preview`],
    ['the v1 endpoint', '/openai/v1/', undefined, `/openai/v1${path}`],
    ['the v1 endpoint and a dated version', '/openai/v1', VERSION, `/openai/v1${path}`],
    ['/openai', '/openai', VERSION, `/openai/deployments/d%2F1${path}?api-version=${VERSION}`],
    [
      'one deployment',
      '/openai/deployments/own',
      VERSION,
      `/openai/deployments/own${path}?api-version=${VERSION}`,
    ],
    [
      'a version in the URL',
      `/gateway/openai?api-version=${VERSION}`,
      undefined,
      `/gateway/openai/deployments/d%2F1${path}?api-version=${VERSION}`,
    ],
  ];

  it.each(cases)('finds its way by %s', async (_name, suffix, apiVersion, expected) => {
    replay.play(ANSWER);
    const llm = service({ baseURL: replay.origin + suffix, ...(apiVersion !== undefined && { apiVersion }) });
    await llm.completion({ model: 'azure/d/1', messages: MESSAGES });
    expect(replay.requests.at(-1)).toMatchObject({ path: expected, body: { model: 'd/1' } });
  });

  it('asks the token provider before each call', async () => {
    replay.play(ANSWER);
    let calls = 0;
    const llm = service({ apiKey: undefined, tokenProvider: () => Promise.resolve(`token-${++calls}`) });
    await llm.completion({ model: 'azure/d', messages: MESSAGES });
    await llm.completion({ model: 'azure/d', messages: MESSAGES });
    const sent = replay.requests.slice(-2);
    expect(sent.map(({ headers }) => headers['authorization'])).toEqual(['Bearer token-1', 'Bearer token-2']);
    for (const { headers } of sent) expect(headers).not.toHaveProperty('api-key');
  });

  it('says what is missing', async () => {
    const llm = new LlmService(new LlmHandler({ session: agent }));
    const call = (options: object) =>
      failureOf(llm.completion({ model: 'azure/d', messages: MESSAGES }, options));
    const noEndpoint = await call({ apiKey: 'key' });
    expect(noEndpoint).toBeInstanceOf(LlmConfigurationError);
    expect(noEndpoint).toMatchObject({ message: expect.stringContaining('AZURE_API_BASE') });
    const noKey = await call({ baseURL: replay.origin });
    expect(noKey).toBeInstanceOf(AuthenticationError);
    expect(noKey).toMatchObject({ message: expect.stringContaining('tokenProvider') });
  });

  it('sends max_tokens to a reasoning model under its new name, and refuses what that lacks', async () => {
    replay.play(ANSWER);
    const request = { model: 'azure/gpt-5-nano', messages: MESSAGES, max_tokens: 9 };
    await service().completion(request);
    expect(replay.requests.at(-1)!.body).toEqual({
      model: 'gpt-5-nano',
      messages: MESSAGES,
      max_completion_tokens: 9,
    });
    expect(await failureOf(service().completion({ ...request, temperature: 0.5 }))).toBeInstanceOf(
      UnsupportedParamsError,
    );
  });

  it('ends at [DONE], after the report on content that follows the finish reason', async () => {
    const chunk = (choices: object[], more = {}) => ({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices,
      ...more,
    });
    const events = [
      chunk([{ index: 0, delta: { role: 'assistant', content: 'Hello' }, finish_reason: null }]),
      chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]),
      chunk([
        {
          index: 0,
          finish_reason: null,
          content_filter_offsets: { check_offset: 5 },
          content_filter_results: { hate: { filtered: false, severity: 'safe' } },
        },
      ]),
    ];
    const headers = { 'content-type': 'text/event-stream' };
    replay.play({ status: 200, headers, body: frame(events, 'openai') });
    const stream = await service().completion({ model: 'azure/d', messages: MESSAGES, stream: true });
    expect((await stream.final()).choices).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello', refusal: null },
        finish_reason: 'stop',
        logprobs: null,
        content_filter_offsets: { check_offset: 5 },
        content_filter_results: { hate: { filtered: false, severity: 'safe' } },
      },
    ]);
  });
});
