import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { jwtVerify } from 'jose';
import { Agent } from 'undici';
import {
  AuthenticationError,
  BadRequestError,
  LlmConfigurationError,
  LlmHandler,
  LlmService,
  RateLimitError,
} from '../../../lib/index.js';
import { recordingsOf } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';

const MESSAGES = [{ role: 'user' as const, content: 'Hi' }];
const REQUEST = { model: 'vertex_ai/gemini-2.5-flash', messages: MESSAGES };

const documentOf = (status: number, body: unknown) => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(body)),
});
const tokenOf = (value: string, seconds = 3600) =>
  documentOf(200, { access_token: value, expires_in: seconds, token_type: 'Bearer' });
const ANSWER = documentOf(200, {
  candidates: [{ content: { role: 'model', parts: [{ text: 'Yes' }] }, finishReason: 'STOP' }],
});
const REFUSED = documentOf(401, {
  error: { code: 401, message: 'invalid authentication credentials', status: 'UNAUTHENTICATED' },
});

describe('Vertex AI', () => {
  const agent = new Agent();
  const handler = new LlmHandler({ session: agent });
  const kept = { ...process.env };
  let publicKey: KeyObject;
  let privateKey: string;
  let replay: Replay;
  let folder: string;

  beforeAll(async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    publicKey = pair.publicKey;
    privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    folder = mkdtempSync(join(tmpdir(), 'vertex-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await agent.destroy();
  });
  beforeEach(async () => {
    for (const name of Object.keys(process.env))
      if (/^(VERTEX|GOOGLE|GCLOUD|GCE|CLOUDSDK|APPDATA)/.test(name)) delete process.env[name];
    process.env['HOME'] = folder;
    replay = await startReplay(5);
  });
  afterEach(async () => {
    process.env = { ...kept };
    await replay.close();
  });

  const serviceOf = (options: Record<string, unknown>) =>
    new LlmService(handler, {
      providers: {
        vertex_ai: { baseURL: `${replay.origin}/v1`, project: 'proj', retry: { baseDelay: 0 }, ...options },
      },
    });
  const accountOf = (more: object = {}) => ({
    type: 'service_account',
    project_id: 'of-the-account',
    client_email: 'me@proj.iam.gserviceaccount.com',
    private_key: privateKey,
    private_key_id: 'kid-1',
    token_uri: `${replay.origin}/token`,
    ...more,
  });
  const pathsAsked = () => replay.requests.map(({ path }) => path);
  const failureOf = (call: () => Promise<unknown>): Promise<any> =>
    call().then(
      () => undefined,
      (reason: unknown) => reason,
    );

  describe('where it is', () => {
    it.each([
      ['gemini-2.5-flash', '/publishers/google/models/gemini-2.5-flash:generateContent'],
      ['gemini/1234567890', '/endpoints/1234567890:generateContent'],
      ['publishers/google/models/gemini-3-pro', '/publishers/google/models/gemini-3-pro:generateContent'],
    ])('finds %s', async (model, path) => {
      replay.play(ANSWER);
      const llm = serviceOf({ accessToken: 'token', location: 'europe-west1' });
      await llm.completion({ model: `vertex_ai/${model}`, messages: MESSAGES });
      expect(pathsAsked()).toEqual([`/v1/projects/proj/locations/europe-west1${path}`]);
      expect(replay.requests[0]!.headers['authorization']).toBe('Bearer token');
    });

    it.each([
      ['us-central1', 'us-central1-aiplatform.googleapis.com'],
      ['global', 'aiplatform.googleapis.com'],
      [undefined, 'aiplatform.googleapis.com'],
      ['eu', 'aiplatform.eu.rep.googleapis.com'],
    ])('has the host of %s', async (location, host) => {
      const seen: string[] = [];
      const session = {
        dispatch({ origin, path }: { origin: string; path: string }) {
          seen.push(origin + path);
          throw new Error('no network here');
        },
        close: () => Promise.resolve(),
        destroy: () => Promise.resolve(),
      };
      const llm = serviceOf({ accessToken: 'token', location, baseURL: undefined, retry: { maxRetries: 0 } });
      await failureOf(() => llm.completion(REQUEST, { session }));
      expect(seen).toEqual([
        `https://${host}/v1/projects/proj/locations/${location ?? 'global'}/publishers/google/models/gemini-2.5-flash:generateContent`,
      ]);
    });

    it('reads project and location from the environment', async () => {
      process.env['VERTEXAI_PROJECT'] = 'of-litellm';
      process.env['GOOGLE_CLOUD_PROJECT'] = 'of-google';
      process.env['GOOGLE_CLOUD_LOCATION'] = 'asia-east1';
      replay.play(ANSWER);
      await serviceOf({ accessToken: 'token', project: undefined }).completion(REQUEST);
      expect(pathsAsked()[0]).toContain('/projects/of-litellm/locations/asia-east1/');
    });

    it('says that a project is missing, and that a location is none', async () => {
      const without = serviceOf({ accessToken: 'token', project: undefined, baseURL: undefined });
      expect(await failureOf(() => without.completion(REQUEST))).toMatchObject({ code: 'missing_project' });
      const wrong = serviceOf({ accessToken: 'token', location: 'evil.example/' });
      expect(await failureOf(() => wrong.completion(REQUEST))).toBeInstanceOf(LlmConfigurationError);
    });

    it('takes a key in place of a project', async () => {
      replay.play(ANSWER);
      await serviceOf({ apiKey: 'k3y', project: undefined }).completion(REQUEST);
      expect(pathsAsked()).toEqual(['/v1/publishers/google/models/gemini-2.5-flash:generateContent']);
      expect(replay.requests[0]!.headers['x-goog-api-key']).toBe('k3y');
    });
  });

  describe('credentials', () => {
    it('signs for a service account, once for all calls', async () => {
      replay.play(tokenOf('t-1'), ANSWER);
      const llm = serviceOf({ credentials: accountOf(), project: undefined });
      await llm.completion(REQUEST);
      await llm.completion(REQUEST, { timeout: { total: 60_000 } });
      await llm.completion(REQUEST, { headers: { 'x-own': '1' } });
      expect(replay.requests.map(({ headers }) => headers['authorization'])).toEqual([
        undefined,
        'Bearer t-1',
        'Bearer t-1',
        'Bearer t-1',
      ]);
      expect(pathsAsked()[1]).toContain('/projects/of-the-account/');
      const asked = replay.requests[0]!;
      expect(asked).toMatchObject({ method: 'POST', path: '/token' });
      const form = new URLSearchParams(asked.body as string);
      expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
      const { payload, protectedHeader } = await jwtVerify(form.get('assertion')!, publicKey);
      expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'kid-1' });
      expect(payload).toMatchObject({
        iss: 'me@proj.iam.gserviceaccount.com',
        aud: `${replay.origin}/token`,
        scope: 'https://www.googleapis.com/auth/cloud-platform',
      });
      expect(payload.exp! - payload.iat!).toBe(3600);
    });

    it('asks once for calls that begin together', async () => {
      replay.play(tokenOf('t-1'), ANSWER);
      const llm = serviceOf({ credentials: JSON.stringify(accountOf()) });
      await Promise.all(Array.from({ length: 5 }, () => llm.completion(REQUEST)));
      expect(pathsAsked().filter((path) => path === '/token').length).toBe(1);
    });

    it('asks again for a token that has ended', async () => {
      replay.play(tokenOf('t-1', 30), ANSWER, tokenOf('t-2'), ANSWER);
      const llm = serviceOf({ credentials: accountOf() });
      await llm.completion(REQUEST);
      jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 31_000);
      await llm.completion(REQUEST);
      jest.restoreAllMocks();
      expect(replay.requests.at(-1)!.headers['authorization']).toBe('Bearer t-2');
    });

    it('asks once for tokens of a short life, too', async () => {
      replay.play(tokenOf('t-1', 30), ANSWER, ANSWER, ANSWER);
      const llm = serviceOf({ credentials: accountOf() });
      for (let call = 0; call < 3; call++) await llm.completion(REQUEST);
      expect(pathsAsked().filter((path) => path === '/token').length).toBe(1);
    });

    it('renews a token that was refused, once', async () => {
      replay.play(tokenOf('t-1'), ANSWER, REFUSED, tokenOf('t-2'), ANSWER);
      const llm = serviceOf({ credentials: accountOf() });
      await llm.completion(REQUEST);
      const { meta } = await llm.completion(REQUEST);
      expect(replay.requests.at(-1)!.headers['authorization']).toBe('Bearer t-2');
      expect(meta.attempts.map(({ status }) => status)).toEqual([401, 200]);

      const before = replay.requests.length;
      replay.play(REFUSED, tokenOf('t-3'), REFUSED);
      expect(await failureOf(() => llm.completion(REQUEST))).toBeInstanceOf(AuthenticationError);
      expect(replay.requests.length - before).toBe(3);
    });

    it.each(['GOOGLE_APPLICATION_CREDENTIALS', 'VERTEXAI_CREDENTIALS'])(
      'reads the file of %s',
      async (name) => {
        const path = join(folder, 'account.json');
        writeFileSync(path, JSON.stringify(accountOf()));
        process.env[name] = path;
        replay.play(tokenOf('t-1'), ANSWER);
        await serviceOf({}).completion(REQUEST);
        expect(replay.requests[1]!.headers['authorization']).toBe('Bearer t-1');
      },
    );

    it('takes the credentials of the gcloud command', async () => {
      process.env['CLOUDSDK_CONFIG'] = folder;
      const user = {
        type: 'authorized_user',
        client_id: 'id',
        client_secret: 'secret',
        refresh_token: 'refresh',
        quota_project_id: 'pays',
        token_uri: `${replay.origin}/token`,
      };
      writeFileSync(join(folder, 'application_default_credentials.json'), JSON.stringify(user));
      replay.play(tokenOf('t-1'), ANSWER);
      await serviceOf({}).completion(REQUEST);
      expect(Object.fromEntries(new URLSearchParams(replay.requests[0]!.body as string))).toEqual({
        grant_type: 'refresh_token',
        client_id: 'id',
        client_secret: 'secret',
        refresh_token: 'refresh',
      });
      expect(replay.requests[1]!.headers).toMatchObject({
        authorization: 'Bearer t-1',
        'x-goog-user-project': 'pays',
      });
    });

    it('asks the metadata server when nothing else is given', async () => {
      process.env['GCE_METADATA_HOST'] = new URL(replay.origin).host;
      replay.play(tokenOf('t-1'), ANSWER);
      await serviceOf({}).completion(REQUEST);
      expect(replay.requests[0]).toMatchObject({
        method: 'GET',
        path: '/computeMetadata/v1/instance/service-accounts/default/token',
        headers: { 'metadata-flavor': 'Google' },
      });
      expect(replay.requests[1]!.headers['authorization']).toBe('Bearer t-1');
    });

    it('says what to set when there is nothing at all', async () => {
      const gone = await startReplay();
      process.env['GCE_METADATA_HOST'] = new URL(gone.origin).host;
      await gone.close();
      const error = await failureOf(() => serviceOf({}).completion(REQUEST));
      expect(error).toBeInstanceOf(AuthenticationError);
      expect(error).toMatchObject({ code: 'missing_credentials' });
      expect(error.message).toContain('GOOGLE_APPLICATION_CREDENTIALS');
    });

    it.each([
      ['a path that is not there', () => '/nowhere/at-all.json', 'ENOENT'],
      ['no JSON', () => '{"private_key": "SECRET', 'no JSON'],
      [
        'a type that is not known',
        () => ({ type: 'external_account', audience: 'SECRET' }),
        'external_account',
      ],
      ['fields that are missing', () => ({ type: 'service_account', private_key: 'SECRET' }), 'client_email'],
      ['a key that is none', () => accountOf({ private_key: 'SECRET' }), 'private_key'],
    ])('refuses %s without quoting it', async (_what, credentials, hint) => {
      replay.play(ANSWER);
      const error = await failureOf(() => serviceOf({ credentials: credentials() }).completion(REQUEST));
      expect(error).toBeInstanceOf(LlmConfigurationError);
      expect(error.message).toContain(hint);
      expect(error.message + String(error.cause)).not.toContain('SECRET');
    });

    it('reports what the token endpoint says, without the assertion', async () => {
      replay.play(documentOf(400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }));
      const error = await failureOf(() => serviceOf({ credentials: accountOf() }).completion(REQUEST));
      expect(error).toBeInstanceOf(AuthenticationError);
      expect(error).toMatchObject({ status: 400, retryable: false });
      expect(error.message).toContain('Invalid JWT Signature.');
      expect(replay.requests.length).toBe(1);
    });

    it('lets others wait for a token no longer than the call that asked for it', async () => {
      replay.play(tokenOf('t-1'), ANSWER);
      const llm = serviceOf({ credentials: accountOf() });
      const abort = new AbortController();
      const first = failureOf(() => llm.completion(REQUEST, { signal: abort.signal }));
      const second = llm.completion(REQUEST);
      abort.abort();
      expect(await first).toMatchObject({ name: 'APIUserAbortError' });
      expect((await second).choices[0]!.message.content).toBe('Yes');
    });
  });

  describe('embeddings', () => {
    const llmOf = () => serviceOf({ accessToken: 'token', location: 'us-central1' });
    const base = '/v1/projects/proj/locations/us-central1/publishers/google/models';

    it('asks for predictions, with the fields of texts and of the request apart', async () => {
      replay.play(
        documentOf(200, {
          predictions: [
            { embeddings: { values: [1, 2], statistics: { token_count: 3 } } },
            { embeddings: { values: [3, 4], statistics: { token_count: 4 } } },
          ],
        }),
      );
      const { data, usage } = await llmOf().embedding({
        model: 'vertex_ai/text-embedding-005',
        input: ['a', 'b'],
        dimensions: 2,
        providerOptions: { vertex_ai: { taskType: 'CLUSTERING', autoTruncate: false } },
      });
      expect(data.map(({ embedding }) => embedding)).toEqual([
        [1, 2],
        [3, 4],
      ]);
      expect(usage).toEqual({ prompt_tokens: 7, total_tokens: 7 });
      expect(replay.requests[0]).toMatchObject({
        path: `${base}/text-embedding-005:predict`,
        body: {
          instances: [
            { content: 'a', task_type: 'CLUSTERING' },
            { content: 'b', task_type: 'CLUSTERING' },
          ],
          parameters: { outputDimensionality: 2, autoTruncate: false },
        },
      });
    });

    it('asks the models that take one text for one at a time', async () => {
      const prediction = (value: number) =>
        documentOf(200, { predictions: [{ embeddings: { values: [value] } }] });
      replay.play(prediction(1), prediction(2));
      const { data } = await llmOf().embedding({
        model: 'vertex_ai/gemini-embedding-001',
        input: ['a', 'b'],
      });
      expect(data.map(({ embedding }) => embedding)).toEqual([[1], [2]]);
      replay.play(documentOf(200, { embedding: { values: [5] } }));
      await llmOf().embedding({ model: 'vertex_ai/gemini-embedding-2', input: 'a' });
      expect(pathsAsked()).toEqual([
        `${base}/gemini-embedding-001:predict`,
        `${base}/gemini-embedding-001:predict`,
        `${base}/gemini-embedding-2:embedContent`,
      ]);
    });

    it('reads every recorded one', async () => {
      const recordings = recordingsOf('vertex', 'gemini').filter(({ document }) => document?.predictions);
      expect(recordings.length).toBe(2);
      for (const recording of recordings) {
        replay.play(recording);
        const input = recording.document.predictions.map((_one: unknown, index: number) => `text ${index}`);
        const { data, usage } = await llmOf().embedding({ model: 'vertex_ai/text-embedding-004', input });
        const asked = recording.document.predictions.map(({ embeddings }: any) => embeddings);
        expect(data.map(({ embedding }) => embedding)).toEqual(asked.map(({ values }: any) => values));
        expect(usage.prompt_tokens).toBe(
          asked.reduce((sum: number, { statistics }: any) => sum + statistics.token_count, 0),
        );
      }
    });
  });

  describe('Claude', () => {
    const request = {
      model: 'vertex_ai/claude-sonnet-4@20250514',
      messages: MESSAGES,
      max_tokens: 100,
    };
    const llmOf = () => serviceOf({ accessToken: 'token', location: 'global' });
    const base = '/v1/projects/proj/locations/global/publishers/anthropic/models/claude-sonnet-4@20250514';

    it('reads every recorded exchange', async () => {
      const recordings = recordingsOf('vertex-anthropic', 'named-sse');
      expect(recordings.length).toBe(5);
      for (const recording of recordings) {
        replay.play(recording);
        const { streamed } = recording;
        const llm = llmOf();
        const { choices, usage } = streamed
          ? await (
              await llm.completion({ ...request, stream: true, stream_options: { include_usage: true } })
            ).final()
          : await llm.completion(request);
        const blocks: any[] = streamed
          ? recording.events!.flatMap((event) => [event.content_block, event.delta].filter(Boolean))
          : recording.document.content;
        const { message } = choices[0]!;
        expect(message.content ?? '').toBe(blocks.map(({ text = '' }) => text).join(''));
        const calls = blocks.filter(({ type }) => type === 'tool_use');
        expect(message.tool_calls?.map(({ id }) => id) ?? []).toEqual(calls.map(({ id }) => id));
        const reason = streamed
          ? recording.events!.findLast((event) => event.delta?.stop_reason).delta.stop_reason
          : recording.document.stop_reason;
        expect(choices[0]!.finish_reason).toBe(reason === 'tool_use' ? 'tool_calls' : 'stop');
        expect(usage!.completion_tokens).toBeGreaterThan(0);
        expect(replay.requests.at(-1)).toMatchObject({
          path: `${base}:${streamed ? 'streamRawPredict' : 'rawPredict'}`,
          body: { anthropic_version: 'vertex-2023-10-16', max_tokens: 100 },
        });
        expect(replay.requests.at(-1)!.body).not.toHaveProperty('model');
      }
    });

    it.each([
      ['of the model', { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } }],
      ['of Google', [{ error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'slow down' } }]],
    ])('reads an error %s', async (_whose, body) => {
      replay.play(documentOf(429, body));
      const error = await failureOf(() =>
        serviceOf({ accessToken: 'token', retry: { maxRetries: 0 } }).completion(request),
      );
      expect(error).toBeInstanceOf(RateLimitError);
      expect(error.message).toContain('slow down');
    });
  });

  it('has to be told the media type of a file', async () => {
    replay.play(ANSWER);
    const ask = (url: string) =>
      serviceOf({ accessToken: 'token' }).completion({
        ...REQUEST,
        messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
      });
    await ask('gs://bucket/cat.webp');
    expect(replay.requests.at(-1)!.body.contents[0].parts).toEqual([
      { fileData: { mimeType: 'image/webp', fileUri: 'gs://bucket/cat.webp' } },
    ]);
    expect(await failureOf(() => ask('https://pictures.example/17'))).toBeInstanceOf(BadRequestError);
  });
});
