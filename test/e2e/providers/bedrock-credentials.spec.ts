import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Agent } from 'undici';
import { LlmHandler, LlmService, type LlmError, type LlmOptions } from '../../../lib/index.js';
import { sendJson, startUpstream, type Answer, type Upstream } from '../../support/upstream.js';

const COMPLETION = {
  output: { message: { role: 'assistant', content: [{ text: 'Hello' }] } },
  stopReason: 'end_turn',
  usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
};
const REQUEST = { model: 'bedrock/m', messages: [{ role: 'user' as const, content: 'Hi' }] };
const HOUR = 3_600_000;

/** What the container and the EC2 metadata services answer. */
function credentials(key: string, lifeMs = HOUR): object {
  return {
    AccessKeyId: key,
    SecretAccessKey: 'secret',
    Token: `token-of-${key}`,
    Expiration: new Date(Date.now() + lifeMs).toISOString(),
  };
}

function stsAnswer(action: string, key: string): string {
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result><Credentials><AccessKeyId>${key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token-of-${key}</SessionToken><Expiration>${new Date(Date.now() + HOUR).toISOString()}</Expiration></Credentials></${action}Result></${action}Response>`;
}

describe('the credentials of Bedrock', () => {
  const saved = process.env;
  let upstream: Upstream;
  let agent: Agent;
  let home: string;

  /** Answers for Bedrock itself; `others` answers for the services that give credentials. */
  function serve(others: Answer): void {
    upstream.answer((request, response) =>
      request.path.startsWith('/model/') ? sendJson(response, COMPLETION) : others(request, response),
    );
  }

  function make(bedrock: Record<string, unknown> = {}): LlmService {
    const options: LlmOptions = { providers: { bedrock }, defaults: { retry: { maxRetries: 0 } } };
    return new LlmService(new LlmHandler({ session: agent }), options);
  }

  /** Makes a call. @returns the access key, or the bearer token, that Bedrock was called with, and the session token */
  async function keyOf(llm: LlmService): Promise<[key: string | undefined, token: unknown]> {
    await llm.completion(REQUEST);
    const { authorization = '', 'x-amz-security-token': token } = upstream.requests.findLast(({ path }) =>
      path.startsWith('/model/'),
    )!.headers;
    return [/Credential=([^/]+)/.exec(authorization)?.[1] ?? authorization, token];
  }

  const asked = () => upstream.requests.filter(({ path }) => !path.startsWith('/model/'));

  beforeEach(async () => {
    upstream = await startUpstream();
    agent = new Agent();
    home = mkdtempSync(join(tmpdir(), 'bedrock-'));
    serve((_request, response) => sendJson(response, {}, 404));
    process.env = {
      HOME: home,
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: upstream.origin,
      AWS_ENDPOINT_URL_STS: upstream.origin,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: upstream.origin,
      AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials'),
      AWS_CONFIG_FILE: join(home, 'config'),
    };
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    process.env = saved;
    await agent.destroy();
    await upstream.close();
    rmSync(home, { recursive: true });
  });

  const inFile = (name: string, text: string): string => {
    const path = join(home, name);
    writeFileSync(path, text);
    return path;
  };

  it('come from the options before the environment', async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 's' });
    expect(await keyOf(make({ accessKeyId: 'AKIAOPT', secretAccessKey: 's', sessionToken: 't' }))).toEqual([
      'AKIAOPT',
      't',
    ]);
  });

  it('come from the environment before a profile', async () => {
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: 'AKIAENV',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_SESSION_TOKEN: 't',
    });
    inFile('credentials', '[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n');
    expect(await keyOf(make())).toEqual(['AKIAENV', 't']);
  });

  it('come from the profile that the environment names', async () => {
    process.env['AWS_PROFILE'] = 'work';
    inFile(
      'credentials',
      '# keys\n[default]\naws_access_key_id=AKIADEFAULT\naws_secret_access_key=s\n\n[work]\r\naws_access_key_id = AKIAWORK\r\naws_secret_access_key = a=b/c+d\r\naws_session_token = t\r\n',
    );
    expect(await keyOf(make())).toEqual(['AKIAWORK', 't']);
  });

  it('take the region of the profile, too', async () => {
    delete process.env['AWS_REGION'];
    inFile('credentials', '[default]\naws_access_key_id=AKIADEFAULT\naws_secret_access_key=s\n');
    inFile(
      'config',
      '[default]\nregion = ap-south-1\ns3 =\n  region = us-east-2\n[profile work]\nregion = us-west-1\n',
    );
    await make().completion(REQUEST);
    expect(upstream.requests[0]!.headers.authorization).toContain('/ap-south-1/bedrock/aws4_request');
  });

  it('are a bearer token where there is one', async () => {
    process.env['AWS_BEARER_TOKEN_BEDROCK'] = 'bedrock-api-key-1';
    expect(await keyOf(make())).toEqual(['Bearer bedrock-api-key-1', undefined]);
    expect(await keyOf(make({ apiKey: 'own' }))).toEqual(['Bearer own', undefined]);
    expect(await keyOf(make({ accessKeyId: 'AKIAOPT', secretAccessKey: 's' }))).toEqual([
      'AKIAOPT',
      undefined,
    ]);
  });

  it('come from the container, with its token, once for many calls', async () => {
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `${upstream.origin}/v1/credentials`;
    process.env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] = inFile('token', 'eks-token\n');
    serve((_request, response) => sendJson(response, credentials('ASIAPOD')));
    const llm = make();
    const keys = await Promise.all([keyOf(llm), keyOf(llm), keyOf(llm)]);
    keys.push(await keyOf(llm));
    for (const key of keys) expect(key).toEqual(['ASIAPOD', 'token-of-ASIAPOD']);
    expect(asked()).toHaveLength(1);
    expect(asked()[0]).toMatchObject({ path: '/v1/credentials', headers: { authorization: 'eks-token' } });
  });

  /** Lets time pass for what reads the clock. */
  const pass = (ms: number) => jest.spyOn(Date, 'now').mockReturnValue(Date.now() + ms);

  it('are asked for again beside the calls, before they expire', async () => {
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `${upstream.origin}/v1/credentials`;
    let count = 0;
    serve((_request, response) => sendJson(response, credentials(`ASIA${++count}`, 60_000)));
    const llm = make();
    expect((await keyOf(llm))[0]).toBe('ASIA1');
    expect((await keyOf(llm))[0]).toBe('ASIA1');
    expect(asked()).toHaveLength(1);
    pass(50_000);
    // The first one that comes does not wait for the new ones.
    const keys: unknown[] = [];
    while (keys.at(-1) !== 'ASIA2') keys.push((await keyOf(llm))[0]);
    expect(keys[0]).toBe('ASIA1');
    expect(asked()).toHaveLength(2);
  });

  it('stay in use for as long as they live when new ones cannot be had', async () => {
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `${upstream.origin}/v1/credentials`;
    serve((_request, response) => sendJson(response, credentials('ASIAOLD', 60_000)));
    const llm = make();
    await llm.completion(REQUEST);
    pass(50_000);
    let hanging: (() => void) | undefined;
    const refused = new Promise<void>((resolve) => {
      serve((_request, response) => {
        hanging = () => sendJson(response, {}, 503);
        resolve();
      });
    });
    for (let call = 0; call < 3; call++) expect((await keyOf(llm))[0]).toBe('ASIAOLD');
    await refused;
    expect(asked()).toHaveLength(2);
    hanging!();
    expect((await keyOf(llm))[0]).toBe('ASIAOLD');
    pass(70_000);
    serve((_request, response) => sendJson(response, {}, 503));
    expect(await llm.completion(REQUEST).catch((error: Error) => error.name)).toBe('AuthenticationError');
  });

  it.each(['ExpiredTokenException', 'UnrecognizedClientException'])(
    'are dropped when Bedrock answers %s, and asked for again once',
    async (name) => {
      process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `${upstream.origin}/v1/credentials`;
      let count = 0;
      const refuses = new Set(['ASIA1', 'ASIA3']);
      upstream.answer(({ path, headers }, response) => {
        if (!path.startsWith('/model/')) return sendJson(response, credentials(`ASIA${++count}`));
        const key = /Credential=([^/]+)/.exec(headers.authorization!)![1]!;
        if (!refuses.has(key)) return sendJson(response, COMPLETION);
        sendJson(response, { message: 'no longer' }, 403, { 'x-amzn-errortype': `${name}:http://x` });
      });
      const llm = make();
      refuses.delete('ASIA1');
      expect((await keyOf(llm))[0]).toBe('ASIA1');
      refuses.add('ASIA1');
      expect((await keyOf(llm))[0]).toBe('ASIA2');
      // What was just given is no better the next time.
      refuses.add('ASIA2');
      const error = await llm.completion(REQUEST).catch((failure: LlmError) => failure);
      expect(error).toMatchObject({ status: 403, attempts: { length: 2 } });
      expect(asked()).toHaveLength(3);
    },
  );

  it('that do not expire are not asked for again', async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 's' });
    upstream.answer((_request, response) => sendJson(response, { __type: 'ExpiredTokenException' }, 403));
    const llm = make();
    for (let call = 0; call < 2; call++) await llm.completion(REQUEST).catch(() => {});
    expect(upstream.requests).toHaveLength(2);
  });

  it('are signed by the clock of AWS, once it has said that ours is wrong', async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 's' });
    const ahead = Date.now() + HOUR;
    upstream.answer(({ headers }, response) => {
      const signedAt = String(headers['x-amz-date']).replace(
        /(....)(..)(..)T(..)(..)(..)Z/,
        '$1-$2-$3T$4:$5:$6Z',
      );
      const date = new Date(ahead).toUTCString();
      if (Math.abs(Date.parse(signedAt) - ahead) < 5 * 60_000) return sendJson(response, COMPLETION);
      sendJson(response, { message: `Signature expired: ${signedAt}` }, 403, {
        'x-amzn-errortype': 'InvalidSignatureException',
        date,
      });
    });
    const llm = make();
    const { meta } = await llm.completion(REQUEST);
    expect(meta.attempts.map(({ status }) => status)).toEqual([403, 200]);
    expect((await llm.completion(REQUEST)).meta.attempts).toHaveLength(1);
  });

  it('with a wrong signature are sent once when the clock is right', async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 's' });
    upstream.answer((_request, response) =>
      sendJson(response, { message: 'The signature does not match' }, 403, {
        'x-amzn-errortype': 'InvalidSignatureException',
      }),
    );
    await make()
      .completion(REQUEST)
      .catch(() => {});
    expect(upstream.requests).toHaveLength(1);
  });

  it('go to the other calls when the one that asked for them is aborted', async () => {
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `${upstream.origin}/v1/credentials`;
    let release!: () => void;
    serve((_request, response) => {
      release = () => sendJson(response, credentials('ASIAPOD'));
    });
    const llm = make();
    const abort = new AbortController();
    const request = upstream.nextRequest();
    const first = llm.completion(REQUEST, { signal: abort.signal }).catch((error: Error) => error.name);
    await request;
    const second = keyOf(llm);
    abort.abort();
    expect(await first).toBe('APIUserAbortError');
    release();
    expect((await second)[0]).toBe('ASIAPOD');
    expect(asked()).toHaveLength(1);
  });

  it('are not asked for from an address that would see the token in the clear', async () => {
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = 'http://credentials.example.com/';
    await expect(make().completion(REQUEST)).rejects.toMatchObject({
      name: 'LlmConfigurationError',
      message: expect.stringContaining('AWS_CONTAINER_CREDENTIALS_FULL_URI'),
    });
  });

  it('come from the EC2 metadata service, version 2, when nothing else gives any', async () => {
    serve(({ method, path, headers }, response) => {
      if (path === '/latest/api/token' && method === 'PUT') {
        expect(headers['x-aws-ec2-metadata-token-ttl-seconds']).toBe('21600');
        response.end('imds-token');
        return;
      }
      expect(headers['x-aws-ec2-metadata-token']).toBe('imds-token');
      if (path === '/latest/meta-data/iam/security-credentials/') response.end('my-role');
      else sendJson(response, { Code: 'Success', ...credentials('ASIAEC2') });
    });
    expect(await keyOf(make())).toEqual(['ASIAEC2', 'token-of-ASIAEC2']);
    expect(asked().at(-1)!.path).toBe('/latest/meta-data/iam/security-credentials/my-role');
  });

  it('come from a role assumed with a web identity', async () => {
    process.env['AWS_WEB_IDENTITY_TOKEN_FILE'] = inFile('jwt', 'the.jwt');
    process.env['AWS_ROLE_ARN'] = 'arn:aws:iam::123456789012:role/pod';
    process.env['AWS_ROLE_SESSION_NAME'] = 'session';
    serve((_request, response) => void response.end(stsAnswer('AssumeRoleWithWebIdentity', 'ASIAROLE')));
    expect(await keyOf(make())).toEqual(['ASIAROLE', 'token-of-ASIAROLE']);
    const [request] = asked();
    expect(Object.fromEntries(new URLSearchParams(request!.body))).toEqual({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: 'arn:aws:iam::123456789012:role/pod',
      RoleSessionName: 'session',
      WebIdentityToken: 'the.jwt',
    });
    expect(request!.headers.authorization).toBeUndefined();
  });

  it('come from a role assumed with the keys of another profile', async () => {
    inFile('credentials', '[base]\naws_access_key_id=AKIABASE\naws_secret_access_key=s\n');
    inFile(
      'config',
      '[profile app]\nrole_arn = arn:aws:iam::1:role/app\nsource_profile = base\nexternal_id = x1\n',
    );
    serve((_request, response) => void response.end(stsAnswer('AssumeRole', 'ASIAAPP')));
    expect((await keyOf(make({ profile: 'app' })))[0]).toBe('ASIAAPP');
    const [request] = asked();
    expect(request!.headers.authorization).toMatch(
      /Credential=AKIABASE\/\d{8}\/eu-west-1\/sts\/aws4_request/,
    );
    expect(new URLSearchParams(request!.body).get('ExternalId')).toBe('x1');
  });

  it('of an assumed role are asked for by the clock of AWS, once it has said that ours is wrong', async () => {
    inFile('credentials', '[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n');
    inFile('config', '[profile app]\nrole_arn = arn:aws:iam::1:role/app\nsource_profile = base\n');
    const ahead = Date.now() + HOUR;
    serve(({ headers }, response) => {
      const date = new Date(ahead).toUTCString();
      const hour = String(headers['x-amz-date']).slice(0, 11);
      if (hour === new Date(ahead).toISOString().replace(/[:-]/g, '').slice(0, 11))
        return void response.end(stsAnswer('AssumeRole', 'ASIAAPP'));
      response.writeHead(403, { date }).end('<Error><Code>SignatureDoesNotMatch</Code></Error>');
    });
    expect((await keyOf(make({ profile: 'app' })))[0]).toBe('ASIAAPP');
    expect(asked()).toHaveLength(2);
  });

  it.each([
    ['sso_session = corp', 'asks for sso_session'],
    ['credential_process = /bin/keys', 'asks for credential_process'],
    ['role_arn = arn:aws:iam::1:role/a', 'neither source_profile nor credential_source'],
    ['role_arn = arn:aws:iam::1:role/a\nsource_profile = b', 'there is no AWS profile "b"'],
    ['output = json', 'has no credentials'],
  ])('of a profile with %s end in a clear error', async (settings, message) => {
    inFile('config', `[profile a]\n${settings}\n`);
    await expect(make({ profile: 'a' }).completion(REQUEST)).rejects.toMatchObject({
      name: 'LlmConfigurationError',
      message: expect.stringContaining(message),
    });
    expect(upstream.requests).toHaveLength(0);
  });

  it('of a profile that is not there end in an error that names the files', async () => {
    process.env['AWS_PROFILE'] = 'nowhere';
    await expect(make().completion(REQUEST)).rejects.toMatchObject({
      name: 'LlmConfigurationError',
      message: expect.stringContaining(join(home, 'credentials')),
    });
  });

  it.each([
    ['with the metadata service switched off', { AWS_EC2_METADATA_DISABLED: 'true' }],
    ['with a metadata service that has no role', {}],
    // Port 9 of the loopback address: nothing listens there.
    ['without a metadata service', { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9' }],
    ['and no region', { AWS_REGION: '', AWS_ENDPOINT_URL_BEDROCK_RUNTIME: '' }],
  ])('that are missing, %s, end in an error that says what may be set', async (_title, env) => {
    Object.assign(process.env, env);
    const error: any = await make()
      .completion(REQUEST)
      .catch((reason) => reason);
    expect(error).toMatchObject({ name: 'AuthenticationError', code: 'missing_credentials' });
    for (const name of [
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_PROFILE',
      'AWS_BEARER_TOKEN_BEDROCK',
      'AWS_REGION',
      'accessKeyId',
    ])
      expect(error.message).toContain(name);
    expect(upstream.requests.filter(({ path }) => path.startsWith('/model/'))).toHaveLength(0);
  });

  it('without a region end in an error that says what may be set', async () => {
    process.env['AWS_REGION'] = '';
    process.env['AWS_ENDPOINT_URL_BEDROCK_RUNTIME'] = '';
    await expect(
      make({ accessKeyId: 'AKIAOPT', secretAccessKey: 's' }).completion(REQUEST),
    ).rejects.toMatchObject({ code: 'missing_region', message: expect.stringContaining('AWS_REGION') });
  });

  it('of which only one half is set end in a clear error', async () => {
    await expect(make({ accessKeyId: 'AKIAOPT' }).completion(REQUEST)).rejects.toMatchObject({
      name: 'LlmConfigurationError',
      message: expect.stringContaining('secretAccessKey'),
    });
  });

  it('never show in an error', async () => {
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: 'AKIASECRETIVE',
      AWS_SECRET_ACCESS_KEY: 'verysecretkey',
      AWS_SESSION_TOKEN: 'verysecrettoken',
    });
    upstream.answer(({ headers }, response) =>
      sendJson(
        response,
        { message: `bad: ${String(headers['x-amz-security-token'])} ${headers.authorization}` },
        403,
      ),
    );
    const error: any = await make()
      .completion(REQUEST)
      .catch((reason) => reason);
    expect(error.status).toBe(403);
    expect(JSON.stringify([error.message, error.stack, error])).not.toMatch(/verysecret/);
  });
});
