import { describe, expect, it } from '@jest/globals';
import { LlmHandler, LlmService, type HttpDispatchOptions } from '../../../lib/index.js';
import { awsMessage, awsPayloadParts, frame } from '../../support/framing.js';
import { failureOf, MESSAGES, TEST_KEY, withEnv } from '../../support/llm.js';
import { TEXT, VECTOR, wireOf } from '../../support/provider-wires.js';
import { RecordingSession } from '../../support/recording-session.js';

type Options = Readonly<Record<string, unknown>>;

/** What a call sends when the provider has these options, as its own API would answer it. */
function connected(provider: string, options: Options = wireOf(provider).options) {
  const session = new RecordingSession((request) => wireOf(provider).answer(request));
  const llm = new LlmService(new LlmHandler({ session }), { providers: { [provider]: options } });
  return {
    llm,
    session,
    last: (): HttpDispatchOptions & { fields: Record<string, unknown>; url: string } => {
      const request = session.requests.at(-1)!;
      return {
        ...request,
        url: `${request.origin}${request.path}`,
        fields: JSON.parse(String(request.body)) as Record<string, unknown>,
      };
    },
  };
}

async function completes(provider: string, model: string, options?: Options) {
  const { llm, last } = connected(provider, options);
  const request = { model: `${provider}/${model}`, messages: MESSAGES, max_tokens: 5 };
  const unary = await llm.completion(request);
  expect(unary.choices[0]!.message.content).toBe(TEXT.join(''));
  const sent = last();
  const stream = await llm.completion({ ...request, stream: true });
  expect((await stream.final()).choices[0]!.message.content).toBe(TEXT.join(''));
  return { unary: sent, streamed: last() };
}

describe('azure_ai', () => {
  const RESOURCE = 'https://r.services.ai.azure.com';

  it.each([
    ['gpt-4o', RESOURCE, undefined, `${RESOURCE}/openai/v1/chat/completions`],
    ['DeepSeek-V3.1', `${RESOURCE}/`, undefined, `${RESOURCE}/openai/v1/chat/completions`],
    ['grok-4', `${RESOURCE}/openai/v1`, undefined, `${RESOURCE}/openai/v1/chat/completions`],
    ['grok-4', `${RESOURCE}/api/projects/p`, undefined, `${RESOURCE}/openai/v1/chat/completions`],
    [
      'Phi-4',
      `${RESOURCE}/models`,
      undefined,
      `${RESOURCE}/models/chat/completions?api-version=2024-05-01-preview`,
    ],
    [
      'Phi-4',
      `${RESOURCE}/models/chat/completions?api-version=2025-04-01`,
      undefined,
      `${RESOURCE}/models/chat/completions?api-version=2025-04-01`,
    ],
    ['Phi-4', RESOURCE, '2025-04-01', `${RESOURCE}/models/chat/completions?api-version=2025-04-01`],
    ['claude-sonnet-4-5', RESOURCE, undefined, `${RESOURCE}/anthropic/v1/messages`],
    ['claude-sonnet-4-5', `${RESOURCE}/anthropic`, undefined, `${RESOURCE}/anthropic/v1/messages`],
    ['claude-sonnet-4-5', `${RESOURCE}/models`, undefined, `${RESOURCE}/anthropic/v1/messages`],
    [
      'mistral',
      'https://m.eastus.models.ai.azure.com',
      undefined,
      'https://m.eastus.models.ai.azure.com/chat/completions',
    ],
    ['mistral', 'https://gateway.test/v1', undefined, 'https://gateway.test/v1/chat/completions'],
  ])('%s at %s goes, with the version %s, to %s', async (model, baseURL, apiVersion, url) => {
    const { unary, streamed } = await completes('azure_ai', model, { apiKey: TEST_KEY, baseURL, apiVersion });
    expect([unary.url, streamed.url]).toEqual([url, url]);
    expect(unary.fields['model']).toBe(model);
    const isResource = baseURL.startsWith(RESOURCE);
    expect(unary.headers[isResource ? 'api-key' : 'authorization']).toBe(
      isResource ? TEST_KEY : `Bearer ${TEST_KEY}`,
    );
    expect(unary.headers['anthropic-version']).toBe(url.endsWith('/messages') ? '2023-06-01' : undefined);
  });

  it('embeds, with a token of Entra ID', async () => {
    const options = { baseURL: RESOURCE, tokenProvider: () => Promise.resolve('entra') };
    const { llm, last } = connected('azure_ai', options);
    const { data } = await llm.embedding({ model: 'azure_ai/embed-v-4-0', input: 'a' });
    expect(data[0]!.embedding).toEqual(VECTOR);
    expect(last().url).toBe(`${RESOURCE}/openai/v1/embeddings`);
    expect(last().headers).toMatchObject({ authorization: 'Bearer entra' });
    expect(last().headers['api-key']).toBeUndefined();
  });

  it('without an endpoint or a key says what to set', async () => {
    const request = { model: 'azure_ai/gpt-4o', messages: MESSAGES };
    const unset = { AZURE_AI_API_BASE: undefined, AZURE_AI_API_KEY: undefined, AZURE_AD_TOKEN: undefined };
    await withEnv(unset, async () => {
      const noBase = await failureOf(connected('azure_ai', {}).llm.completion(request));
      expect(noBase).toMatchObject({ code: 'missing_base_url', message: /AZURE_AI_API_BASE/ as never });
      const noKey = await failureOf(connected('azure_ai', { baseURL: RESOURCE }).llm.completion(request));
      expect(noKey.message).toContain('set AZURE_AI_API_KEY');
    });
  });
});

describe('snowflake', () => {
  const HOST = 'https://org-acct.snowflakecomputing.com';

  it.each([
    ['llama4-maverick', `${HOST}/api/v2/cortex/v1/chat/completions`],
    ['claude-sonnet-4-5', `${HOST}/api/v2/cortex/v1/messages`],
  ])('%s goes to %s', async (model, url) => {
    const options = { account: 'org-acct', apiKey: 'pat/secret' };
    const { unary, streamed } = await completes('snowflake', model, options);
    expect([unary.url, streamed.url]).toEqual([url, url]);
    expect(unary.fields).toMatchObject({ model });
    expect(unary.headers).toMatchObject({
      authorization: 'Bearer secret',
      'x-snowflake-authorization-token-type': 'PROGRAMMATIC_ACCESS_TOKEN',
    });
    expect(unary.headers['anthropic-version']).toBe(url.endsWith('/messages') ? '2023-06-01' : undefined);
  });

  // A body made from Snowflake's documentation of the API.
  it('embeds, with a JSON Web Token', async () => {
    const { llm, last } = connected('snowflake', { apiKey: () => 'jwt', baseURL: `${HOST}/api/v2` });
    const { data, usage } = await llm.embedding({ model: 'snowflake/e5-base-v2', input: ['a'] });
    expect(data.map(({ embedding }) => embedding)).toEqual([VECTOR]);
    expect(usage.total_tokens).toBe(1);
    expect(last().url).toBe(`${HOST}/api/v2/cortex/inference:embed`);
    expect(last().fields).toEqual({ model: 'e5-base-v2', text: ['a'] });
    expect(last().headers).toMatchObject({ 'x-snowflake-authorization-token-type': 'KEYPAIR_JWT' });
  });

  it.each([undefined, 'evil.test/'])('with the account %s says what to set', async (account) => {
    const unset = { SNOWFLAKE_ACCOUNT_ID: undefined, SNOWFLAKE_API_BASE: undefined };
    const { llm } = connected('snowflake', { apiKey: TEST_KEY, account });
    const error = await withEnv(unset, () =>
      failureOf(llm.completion({ model: 'snowflake/m', messages: MESSAGES })),
    );
    expect(error).toMatchObject({ name: 'LlmConfigurationError', code: 'missing_base_url' });
    expect(error.message).toContain('SNOWFLAKE_ACCOUNT_ID');
  });
});

describe('watsonx', () => {
  const BASE = 'https://eu-de.ml.cloud.ibm.com/ml/v1';
  const { options } = wireOf('watsonx');
  const UNSET = { WATSONX_PROJECT_ID: undefined, WX_PROJECT_ID: undefined, WATSONX_SPACE_ID: undefined };

  it('completes with a token for its key, which is asked for once', async () => {
    const { llm, session } = connected('watsonx');
    const request = { model: 'watsonx/ibm/granite-4-h-small', messages: MESSAGES, max_completion_tokens: 5 };
    await llm.completion(request);
    await (await llm.completion({ ...request, stream: true })).final();
    expect(session.requests.map(({ origin, path }) => `${origin}${path}`)).toEqual([
      'https://iam.cloud.ibm.com/identity/token',
      `${BASE}/text/chat?version=2024-03-13`,
      `${BASE}/text/chat_stream?version=2024-03-13`,
    ]);
    const [exchanged, ...sent] = session.requests;
    expect(String(exchanged!.body)).toBe(
      `grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=${TEST_KEY}`,
    );
    for (const { headers, body } of sent) {
      expect(headers).toMatchObject({ authorization: 'Bearer token-of-iam' });
      expect(JSON.parse(String(body))).toEqual({
        model_id: 'ibm/granite-4-h-small',
        project_id: 'test-project',
        messages: MESSAGES,
        max_tokens: 5,
      });
    }
  });

  it.each([
    ['required', { tool_choice_option: 'required' }],
    [
      { type: 'function' as const, function: { name: 'f' } },
      { tool_choice: { type: 'function', function: { name: 'f' } } },
    ],
  ])('chooses tools by %j', async (tool_choice, sent) => {
    const { llm, last } = connected('watsonx', { ...options, token: 'own', spaceId: 's' });
    const tools = [{ type: 'function' as const, function: { name: 'f', strict: true } }];
    await llm.completion({ model: 'watsonx/m', messages: MESSAGES, tools, tool_choice } as never);
    expect(last().fields).toEqual({
      model_id: 'm',
      project_id: 'test-project',
      messages: MESSAGES,
      tools: [{ type: 'function', function: { name: 'f' } }],
      ...sent,
    });
    expect(last().headers).toMatchObject({ authorization: 'Bearer own' });
  });

  it('has a deployment, and a project or space from the environment', async () => {
    const ofEnv = { ...options, projectId: undefined, zenApiKey: 'zen' };
    await withEnv({ ...UNSET, WATSONX_SPACE_ID: 'space-of-env' }, async () => {
      const { llm, last } = connected('watsonx', ofEnv);
      await llm.completion({ model: 'watsonx/deployment/my-id', messages: MESSAGES });
      expect(last().url).toBe(`${BASE}/deployments/my-id/text/chat?version=2024-03-13`);
      expect(last().fields).toEqual({ messages: MESSAGES });
      expect(last().headers).toMatchObject({ authorization: 'ZenApiKey zen' });
      await llm.embedding({ model: 'watsonx/ibm/slate-125m', input: ['a'] });
      expect(last().url).toBe(`${BASE}/text/embeddings?version=2024-03-13`);
      expect(last().fields).toEqual({ model_id: 'ibm/slate-125m', space_id: 'space-of-env', inputs: ['a'] });
    });
  });

  it('without a project says what to set', async () => {
    const { llm } = connected('watsonx', { ...options, projectId: undefined });
    const error = await withEnv(
      { ...UNSET, WATSONX_DEPLOYMENT_SPACE_ID: undefined, WX_SPACE_ID: undefined },
      () => failureOf(llm.completion({ model: 'watsonx/m', messages: MESSAGES })),
    );
    expect(error).toMatchObject({ name: 'LlmConfigurationError', code: 'missing_project' });
    expect(error.message).toContain('WATSONX_PROJECT_ID');
  });

  it('reads its errors', async () => {
    const session = new RecordingSession(() => ({
      status: 404,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        errors: [{ code: 'model_not_supported', message: 'Model x is not supported' }],
      }),
    }));
    const llm = new LlmService(new LlmHandler({ session }), {
      providers: { watsonx: { ...options, token: 'own' } },
    });
    const error = await failureOf(llm.completion({ model: 'watsonx/x', messages: MESSAGES }));
    expect(error).toMatchObject({ name: 'NotFoundError', code: 'model_not_supported' });
    expect(error.message).toContain('Model x is not supported');
  });
});

describe("vertex_ai's Model Garden", () => {
  const BASE =
    'https://europe-west4-aiplatform.googleapis.com/v1/projects/test-project/locations/europe-west4';
  const OPENAPI = '/endpoints/openapi/chat/completions';

  it.each([
    ['meta/llama-4-maverick-17b-128e-instruct-maas', OPENAPI, undefined],
    ['llama-3.3-70b-instruct-maas', OPENAPI, 'meta/llama-3.3-70b-instruct-maas'],
    ['deepseek-ai/deepseek-v3.1-maas', OPENAPI, undefined],
    ['qwen/qwen3-coder-480b-a35b-instruct-maas', OPENAPI, undefined],
    ['openai/gpt-oss-120b-maas', OPENAPI, undefined],
    ['xai/grok-4.1-fast-non-reasoning', OPENAPI, undefined],
    ['openai/5464397967697903616', '/endpoints/5464397967697903616/chat/completions', ''],
    ['mistral-medium-3@001', '/publishers/mistralai/models/mistral-medium-3@001', 'mistral-medium-3'],
    ['mistralai/mistral-medium-3', '/publishers/mistralai/models/mistral-medium-3', 'mistral-medium-3'],
    ['codestral-2', '/publishers/mistralai/models/codestral-2', undefined],
    ['jamba-1.5-large@001', '/publishers/ai21/models/jamba-1.5-large@001', 'jamba-1.5-large'],
  ])('%s goes to %s', async (model, path, name = model) => {
    const { unary, streamed } = await completes('vertex_ai', model);
    const verb = (one: string) => (path.startsWith('/publishers') ? `:${one}` : '');
    expect(unary.url).toBe(BASE + path + verb('rawPredict'));
    expect(streamed.url).toBe(BASE + path + verb('streamRawPredict'));
    expect(unary.fields).toMatchObject({ model: name, messages: MESSAGES, max_tokens: 5 });
    expect(unary.headers).toMatchObject({ authorization: `Bearer ${TEST_KEY}` });
  });

  it.each(['mistral-a?b', 'mistralai/mistral..%2f', 'jamba/../x'])(
    '%s is no name of a model',
    async (model) => {
      const { llm } = connected('vertex_ai');
      const error = await failureOf(llm.completion({ model: `vertex_ai/${model}`, messages: MESSAGES }));
      expect(error).toMatchObject({ name: 'BadRequestError', param: 'model' });
    },
  );

  it('leaves Claude and Gemini where they are', async () => {
    const claude = await completes('vertex_ai', 'claude-sonnet-4-5');
    expect(claude.unary.url).toBe(`${BASE}/publishers/anthropic/models/claude-sonnet-4-5:rawPredict`);
    const gemini = await completes('vertex_ai', 'google/gemini-2.5-pro');
    expect(gemini.unary.url).toBe(`${BASE}/publishers/google/models/gemini-2.5-pro:generateContent`);
  });

  it('embeds', async () => {
    const { llm, last } = connected('vertex_ai');
    const model = 'intfloat/multilingual-e5-large-instruct-maas';
    const { data } = await llm.embedding({ model: `vertex_ai/${model}`, input: 'a' });
    expect(data[0]!.embedding).toEqual(VECTOR);
    expect(last().url).toBe(`${BASE}/endpoints/openapi/embeddings`);
    expect(last().fields['model']).toBe(model);
  });
});

describe('bedrock', () => {
  const NOVA = 'amazon.nova-lite-v1:0';
  const hostOf = (region: string) => `https://bedrock-runtime.${region}.amazonaws.com`;
  const ARN = 'arn:aws:bedrock:ap-south-1:1234:inference-profile/x';

  it.each([
    [NOVA, hostOf('eu-central-1'), NOVA],
    [`us-west-2/${NOVA}`, hostOf('us-west-2'), NOVA],
    [`us-gov-west-1/${NOVA}`, hostOf('us-gov-west-1'), NOVA],
    [`converse/us-west-2/${NOVA}`, hostOf('us-west-2'), NOVA],
    [`us-west-2/converse/${NOVA}`, hostOf('us-west-2'), NOVA],
    [`invoke/${NOVA}`, hostOf('eu-central-1'), NOVA],
    [ARN, hostOf('ap-south-1'), ARN],
    [`llama/${ARN}`, hostOf('ap-south-1'), ARN],
  ])('%s goes to %s', async (name, origin, model) => {
    const { unary, streamed } = await completes('bedrock', name);
    const path = `/model/${encodeURIComponent(model)}`;
    expect([unary.url, streamed.url]).toEqual([
      `${origin}${path}/converse`,
      `${origin}${path}/converse-stream`,
    ]);
    // A signature is good in its region alone.
    expect(unary.headers['authorization']).toContain(`/${/runtime\.([\w-]+)\./.exec(origin)![1]!}/bedrock/`);
  });

  it('keeps the regions apart, with keys of single calls, too', async () => {
    const { llm, last } = connected('bedrock');
    for (const apiKey of [undefined, 'key', () => 'key']) {
      for (const region of ['us-west-2', 'eu-west-3', 'us-west-2']) {
        const request = { model: `bedrock/${region}/${NOVA}`, messages: MESSAGES };
        const { meta } = await llm.completion(request, apiKey === undefined ? {} : { apiKey });
        expect(last().origin).toBe(hostOf(region));
        expect(meta.model).toBe(NOVA);
      }
    }
  });

  it('embeds in a region', async () => {
    const { llm, last } = connected('bedrock');
    await llm.embedding({ model: 'bedrock/us-east-1/amazon.titan-embed-text-v2:0', input: 'a' });
    expect(last().origin).toBe(hostOf('us-east-1'));
  });

  it.each(['agent/A1/B2', 'agentcore/arn', 'async_invoke/twelvelabs.x'])('%s is no model', async (name) => {
    const { llm } = connected('bedrock');
    const error = await failureOf(llm.completion({ model: `bedrock/${name}`, messages: MESSAGES }));
    expect(error).toMatchObject({ name: 'BadRequestError', param: 'model' });
    expect(error.message).toContain('another API');
  });

  it('in a region is allowed where the region is', async () => {
    const session = new RecordingSession((request) => wireOf('bedrock').answer(request));
    const llm = new LlmService(new LlmHandler({ session }), {
      providers: { bedrock: wireOf('bedrock').options },
      allow: ['bedrock/eu-west-1/*'],
    });
    await llm.completion({ model: `bedrock/eu-west-1/${NOVA}`, messages: MESSAGES });
    for (const model of [`bedrock/us-east-1/${NOVA}`, `bedrock/${NOVA}`]) {
      const error = await failureOf(llm.completion({ model, messages: MESSAGES }));
      expect(error.code).toBe('model_not_allowed');
    }
    expect(session.requests).toHaveLength(1);
  });
});

describe('openai', () => {
  it.each(['openai', 'text-completion-openai'])(
    '%s says of a model without a chat what it is',
    async (prefix) => {
      const { llm } = connected('openai', { apiKey: TEST_KEY });
      const model = `${prefix}/gpt-3.5-turbo-instruct`;
      const error = await failureOf(llm.completion({ model, messages: MESSAGES }));
      expect(error).toMatchObject({ name: 'BadRequestError', param: 'model' });
      expect(error.message).toContain('the completions API');
    },
  );
});

describe('bedrock_mantle', () => {
  const HOST = 'https://bedrock-mantle.eu-central-1.api.aws';

  it.each([
    ['openai.gpt-oss-120b', `${HOST}/v1/chat/completions`],
    ['openai.gpt-5.4', `${HOST}/openai/v1/chat/completions`],
    ['google.gemma-4-27b-it', `${HOST}/openai/v1/chat/completions`],
    ['anthropic.claude-opus-4-7', `${HOST}/anthropic/v1/messages`],
  ])('%s goes to %s, signed', async (model, url) => {
    const { unary, streamed } = await completes('bedrock_mantle', model);
    expect([unary.url, streamed.url]).toEqual([url, url]);
    expect(unary.fields['model']).toBe(model);
    expect(unary.headers['authorization']).toContain('/eu-central-1/bedrock-mantle/aws4_request');
    expect(unary.headers['anthropic-version']).toBe(url.endsWith('/messages') ? '2023-06-01' : undefined);
  });

  it('goes to its default region, with a key', async () => {
    const unset = Object.fromEntries(
      ['BEDROCK_MANTLE_REGION', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_REGION_NAME', 'AWS_PROFILE'].map(
        (name) => [name, undefined],
      ),
    );
    await withEnv({ ...unset, AWS_CONFIG_FILE: '/nowhere' }, async () => {
      const { unary } = await completes('bedrock_mantle', 'openai.gpt-oss-20b', { apiKey: TEST_KEY });
      expect(unary.url).toBe('https://bedrock-mantle.us-east-1.api.aws/v1/chat/completions');
      expect(unary.headers).toMatchObject({ authorization: `Bearer ${TEST_KEY}` });
    });
  });

  it('keeps to a base URL with a path', async () => {
    const options = { apiKey: TEST_KEY, baseURL: 'https://gateway.test/mantle/v1' };
    const { unary } = await completes('bedrock_mantle', 'openai.gpt-oss-20b', options);
    expect(unary.url).toBe('https://gateway.test/mantle/v1/chat/completions');
  });
});

describe('huggingface', () => {
  it.each([
    ['together/deepseek-ai/DeepSeek-R1', 'deepseek-ai/DeepSeek-R1:together'],
    ['deepseek-ai/DeepSeek-R1', 'deepseek-ai/DeepSeek-R1'],
    ['deepseek-ai/DeepSeek-R1:novita', 'deepseek-ai/DeepSeek-R1:novita'],
  ])('%s is %s to the router', async (model, sent) => {
    const { unary } = await completes('huggingface', model);
    expect(unary.url).toBe('https://router.huggingface.co/v1/chat/completions');
    expect(unary.fields['model']).toBe(sent);
    expect(unary.headers).toMatchObject({ authorization: `Bearer ${TEST_KEY}` });
  });

  it.each([
    ['https://x.endpoints.huggingface.cloud/v1', 'https://x.endpoints.huggingface.cloud/v1/chat/completions'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/chat/completions'],
  ])('at %s of one’s own chats by %s and embeds at its root', async (baseURL, url) => {
    const options = { apiKey: TEST_KEY, baseURL };
    expect((await completes('huggingface', 'tgi', options)).unary.url).toBe(url);
    const session = new RecordingSession(() => ({
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([VECTOR, VECTOR]),
    }));
    const llm = new LlmService(new LlmHandler({ session }), { providers: { huggingface: options } });
    const { data } = await llm.embedding({ model: 'huggingface/tei', input: ['a', 'b'] });
    expect(data.map(({ embedding }) => embedding)).toEqual([VECTOR, VECTOR]);
    const [{ origin, path, body }] = session.requests as [HttpDispatchOptions];
    expect(origin + path).toBe(`${new URL(baseURL).origin}/`);
    expect(JSON.parse(String(body))).toEqual({ inputs: ['a', 'b'] });
  });

  // Bodies made from Hugging Face's documentation of the API.
  it('embeds by the feature extraction of its own inference', async () => {
    const { llm, last } = connected('huggingface');
    const { data } = await llm.embedding({ model: 'huggingface/intfloat/multilingual-e5-large', input: 'a' });
    expect(data[0]!.embedding).toEqual(VECTOR);
    expect(last().url).toBe(
      'https://router.huggingface.co/hf-inference/models/intfloat/multilingual-e5-large/pipeline/feature-extraction',
    );
    expect(last().fields).toEqual({ inputs: ['a'] });
  });

  it('refuses vectors of tokens', async () => {
    const session = new RecordingSession(() => ({
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([[VECTOR]]),
    }));
    const llm = new LlmService(new LlmHandler({ session }), {
      providers: { huggingface: { apiKey: TEST_KEY } },
    });
    const error = await failureOf(llm.embedding({ model: 'huggingface/a/b', input: 'a' }));
    expect(error.name).toBe('APIResponseValidationError');
  });
});

// Bodies made from AWS's documentation of the models.
describe("bedrock's embeddings", () => {
  it.each([
    ['amazon.titan-embed-text-v1', { inputText: 'a' }, { embedding: VECTOR, inputTextTokenCount: 1 }],
    ['amazon.titan-embed-text-v2:0', { inputText: 'a' }, { embedding: VECTOR, inputTextTokenCount: 1 }],
    ['amazon.titan-embed-image-v1', { inputText: 'a' }, { embedding: VECTOR, inputTextTokenCount: 1 }],
    [
      'us.twelvelabs.marengo-embed-2-7-v1:0',
      { inputType: 'text', inputText: 'a' },
      { data: [{ embedding: VECTOR }] },
    ],
    [
      'twelvelabs.marengo-embed-3-0-v1:0',
      { inputType: 'text', text: { inputText: 'a' } },
      { data: { embedding: VECTOR } },
    ],
    ['cohere.embed-english-v3', { texts: ['a'], input_type: 'search_document' }, { embeddings: [VECTOR] }],
    [
      'cohere.embed-v4:0',
      { texts: ['a'], input_type: 'search_document' },
      { embeddings: { float: [VECTOR] } },
    ],
  ])('%s', async (model, sent, document) => {
    const session = new RecordingSession(() => ({
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(document),
    }));
    const { options } = wireOf('bedrock');
    const llm = new LlmService(new LlmHandler({ session }), { providers: { bedrock: options } });
    const { data } = await llm.embedding({ model: `bedrock/${model}`, input: 'a' });
    expect(data[0]!.embedding).toEqual(VECTOR);
    expect(JSON.parse(String(session.requests[0]!.body))).toEqual(sent);
  });

  it.each(['amazon.titan-embed-text-v1', 'cohere.embed-english-v3', 'twelvelabs.marengo-embed-3-0-v1:0'])(
    '%s has no dimensions to choose',
    async (model) => {
      const { llm } = connected('bedrock');
      const error = await failureOf(llm.embedding({ model: `bedrock/${model}`, input: 'a', dimensions: 9 }));
      expect(error).toMatchObject({ name: 'UnsupportedParamsError', params: ['dimensions'] });
    },
  );
});

// Bodies made from AWS's documentation of the API.
describe('sagemaker_chat', () => {
  const ENDPOINT = 'https://runtime.sagemaker.eu-central-1.amazonaws.com/endpoints/my-llm';

  it('goes to the endpoint, signed', async () => {
    const { unary, streamed } = await completes('sagemaker_chat', 'my-llm');
    expect([unary.url, streamed.url]).toEqual([
      `${ENDPOINT}/invocations`,
      `${ENDPOINT}/invocations-response-stream`,
    ]);
    expect(unary.fields).toMatchObject({ model: 'my-llm', messages: MESSAGES, max_tokens: 5 });
    expect(unary.headers['authorization']).toContain('/eu-central-1/sagemaker/aws4_request');
  });

  const chunkOf = (content: string) => ({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
  });

  async function streamOf(body: Buffer) {
    const session = new RecordingSession(() => ({
      headers: { 'content-type': 'application/vnd.amazon.eventstream' },
      body,
    }));
    const { options } = wireOf('sagemaker_chat');
    const llm = new LlmService(new LlmHandler({ session }), { providers: { sagemaker_chat: options } });
    return llm.completion({ model: 'sagemaker_chat/my-llm', messages: MESSAGES, stream: true });
  }

  it.each([1, 2, 3, 50, 10_000])('streams what is cut every %i bytes', async (size) => {
    const text = 'Grüße, 世界 🎉';
    const finish = { ...chunkOf(''), choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
    const events = frame(
      text
        .split(' ')
        .map((word, index) => chunkOf(index === 0 ? word : ` ${word}`))
        .concat(finish as never),
      'openai',
    );
    const stream = await streamOf(awsPayloadParts(events, size));
    expect((await stream.final()).choices[0]!.message.content).toBe(text);
  });

  it('fails with the failure that its stream reports', async () => {
    const failure = awsMessage(
      { ':exception-type': 'ModelStreamError', ':message-type': 'exception' },
      { Message: 'the container died', ErrorCode: 'StreamBroken' },
    );
    const begun = awsPayloadParts(frame([chunkOf('a')], 'gemini'), 9);
    const stream = await streamOf(Buffer.concat([begun, failure]));
    const error = await failureOf(stream.final());
    expect(error).toMatchObject({
      status: 500,
      message: expect.stringContaining('the container died') as never,
    });
  });

  it('reads the error of the container', async () => {
    const session = new RecordingSession(() => ({
      status: 424,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ErrorCode: 'MODEL_ERROR',
        Message: 'Received client error (400) from primary',
        OriginalMessage: JSON.stringify({
          error: { message: 'max_tokens is too large', type: 'BadRequest' },
        }),
        OriginalStatusCode: 400,
      }),
    }));
    const { options } = wireOf('sagemaker_chat');
    const llm = new LlmService(new LlmHandler({ session }), { providers: { sagemaker_chat: options } });
    const error = await failureOf(llm.completion({ model: 'sagemaker_chat/my-llm', messages: MESSAGES }));
    expect(error.message).toContain('max_tokens is too large');
  });
});
