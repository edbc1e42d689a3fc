import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LLMock } from '@copilotkit/aimock';
import { Agent } from 'undici';
import { LlmHandler, LlmService, type ChatMessage, type ChatRequest } from '../../../lib/index.js';

/** What of a provider aimock knows, where that is less than the provider itself has. */
interface Peer {
  readonly provider: string;
  readonly path: string;
  readonly model: string;
  /** Absent where aimock has no embeddings. */
  readonly embeddings?: string;
  /** aimock gives none for Cohere, and for Ollama in a field that Ollama does not have. */
  readonly reasoning?: true;
}

const PEERS: readonly Peer[] = [
  {
    provider: 'bedrock',
    path: '',
    model: 'anthropic.claude-3-7-sonnet-20250219-v1:0',
    reasoning: true,
  },
  { provider: 'cohere', path: '/v2', model: 'command-a', embeddings: 'embed-v4.0' },
  { provider: 'ollama', path: '', model: 'qwen3', embeddings: 'nomic-embed-text' },
];

const TOOLS: ChatRequest['tools'] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'The weather of a city',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];

/** An implementation of the providers' APIs that is not ours, as a server. */
describe.each(PEERS)('aimock as $provider', ({ provider, path, model, embeddings, reasoning }) => {
  const mock = new LLMock({ port: 0 });
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }), {
    providers: { bedrock: { region: 'us-east-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 's' } },
  });
  let options: { baseURL: string; apiKey?: string; retry: { maxRetries: number } };

  beforeAll(async () => {
    await mock.start();
    options = {
      baseURL: `${mock.url}${path}`,
      retry: { maxRetries: 0 },
      ...(provider !== 'bedrock' && { apiKey: 'key' }),
    };
  });
  beforeEach(() => {
    mock.reset();
  });
  afterAll(async () => {
    await agent.destroy();
    await mock.stop();
  });

  const both = [false, true];

  async function complete(stream: boolean, request: Omit<ChatRequest, 'model'>) {
    const whole = { model: `${provider}/${model}`, ...request };
    if (!stream) return llm.completion({ ...whole, stream: false }, options);
    return (await llm.completion({ ...whole, stream: true }, options)).final();
  }

  it.each(both)('answers with text (stream: %s)', async (stream) => {
    mock.onMessage('Say hello', { content: 'Hello, wörld 👋' });
    const { choices } = await complete(stream, { messages: [{ role: 'user', content: 'Say hello' }] });
    expect(choices).toHaveLength(1);
    expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Hello, wörld 👋' } });
  });

  if (reasoning)
    it.each(both)('answers with reasoning (stream: %s)', async (stream) => {
      mock.onMessage('2 + 2?', { content: '4', reasoning: 'Two and two.' });
      const { choices } = await complete(stream, { messages: [{ role: 'user', content: '2 + 2?' }] });
      expect(choices[0]!.message).toMatchObject({ content: '4', reasoning_content: 'Two and two.' });
    });

  it.each(both)('answers with tool calls (stream: %s)', async (stream) => {
    mock.onMessage('Weather?', {
      toolCalls: [
        { name: 'get_weather', arguments: '{"city":"Paris"}' },
        { name: 'get_weather', arguments: '{"city":"Oslo"}' },
      ],
    });
    const { choices } = await complete(stream, {
      messages: [{ role: 'user', content: 'Weather?' }],
      tools: TOOLS,
    });
    const { message, finish_reason } = choices[0]!;
    expect(finish_reason).toBe('tool_calls');
    const calls: any[] = message.tool_calls!;
    expect(calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)])).toEqual([
      ['get_weather', { city: 'Paris' }],
      ['get_weather', { city: 'Oslo' }],
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
  });

  it('understands a whole conversation', async () => {
    mock.onMessage('And Oslo?', { content: 'Rain.' });
    const messages: ChatMessage[] = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Weather in Paris?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            id: 'call_1',
            type: 'function',
            function: { name: 'get_weather', arguments: '{"city":"Paris"}' },
          },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'Sunny' },
      { role: 'assistant', content: 'It is sunny.' },
      { role: 'user', content: 'And Oslo?' },
    ];
    await complete(false, { messages, tools: TOOLS, temperature: 0.5, max_tokens: 50 });
    // aimock says in OpenAI's form what it understood.
    const understood: any = mock.getLastRequest()!.body;
    const essence = (list: any[]) =>
      list.map(({ role, content, tool_calls }) => [
        role,
        content || null,
        (tool_calls ?? []).map((call: any) => [
          call.function.name,
          typeof call.function.arguments === 'string'
            ? JSON.parse(call.function.arguments)
            : call.function.arguments,
        ]),
      ]);
    expect(essence(understood.messages)).toEqual(essence(messages));
    expect(understood.temperature).toBe(0.5);
    expect(understood.max_tokens).toBe(50);
    expect(understood.tools[0].function.name).toBe('get_weather');
  });

  it.each(both)('refuses with a typed error (stream: %s)', async (stream) => {
    mock.onMessage('Too much', {
      error: { message: 'Rate limit exceeded', type: 'rate_limit_error', code: 'rate_limit' },
      status: 429,
    });
    await expect(
      complete(stream, { messages: [{ role: 'user', content: 'Too much' }] }),
    ).rejects.toMatchObject({
      name: 'RateLimitError',
      status: 429,
      provider,
    });
  });

  if (embeddings !== undefined)
    it('embeds', async () => {
      mock.onEmbedding('Hello', { embedding: [0.25, -0.5, 1] });
      const { data } = await llm.embedding({ model: `${provider}/${embeddings}`, input: 'Hello' }, options);
      expect(data).toEqual([{ object: 'embedding', index: 0, embedding: [0.25, -0.5, 1] }]);
    });
});
