import { describe, expect, it } from '@jest/globals';
import { LlmHandler, LlmService, type ChatRequest } from '../../../lib/index.js';
import { TEST_KEY } from '../../support/llm.js';
import { RecordingSession } from '../../support/recording-session.js';

/** A name that OpenAI, and those who have its rule, refuse. */
const NAME = 'files.read/all v2';

/** Streams of one call, in two pieces, by the name that the request has for the tool. */
const STREAMS: Readonly<Record<string, (name: string) => readonly object[]>> = {
  'chat completions': (name) => {
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      id: 'c',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason }],
    });
    const piece = (called: object, more: object = {}) => ({
      tool_calls: [{ index: 0, ...more, function: called }],
    });
    return [
      chunk({ role: 'assistant', ...piece({ name, arguments: '{"a"' }, { id: 't', type: 'function' }) }),
      chunk(piece({ arguments: ':1}' })),
      chunk({}, 'tool_calls'),
    ];
  },
  responses: (name) => {
    const item = { type: 'function_call', id: 'fc', call_id: 't', name, arguments: '' };
    const response = {
      id: 'r',
      object: 'response',
      created_at: 1,
      model: 'm',
      status: 'in_progress',
      output: [],
    };
    const output = [{ ...item, arguments: '{"a":1}', status: 'completed' }];
    return [
      { type: 'response.created', response },
      { type: 'response.output_item.added', output_index: 0, item },
      { type: 'response.function_call_arguments.delta', output_index: 0, item_id: 'fc', delta: '{"a":1}' },
      { type: 'response.output_item.done', output_index: 0, item: output[0] },
      { type: 'response.completed', response: { ...response, status: 'completed', output } },
    ];
  },
};

describe.each([
  ['openai/gpt-4.1', 'chat completions'],
  ['openai/gpt-5-codex', 'responses'],
  ['mistral/mistral-large-latest', 'chat completions'],
  ['groq/llama-3.3-70b', 'chat completions'],
])('a stream of %s', (model, kind) => {
  it('calls a tool by the name that the caller has for it', async () => {
    const session = new RecordingSession(({ body }) => {
      const sent = JSON.parse(String(body)) as { tools: [{ name?: string; function?: { name: string } }] };
      const [tool] = sent.tools;
      const events = STREAMS[kind]!((tool.function?.name ?? tool.name)!);
      const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
      return {
        headers: { 'content-type': 'text/event-stream' },
        body: kind === 'responses' ? text : `${text}data: [DONE]\n\n`,
      };
    });
    const [provider] = model.split('/');
    const llm = new LlmService(new LlmHandler({ session }), {
      providers: { [provider!]: { apiKey: TEST_KEY } },
    });
    const tools: ChatRequest['tools'] = [{ type: 'function', function: { name: NAME } }];
    const request = { model, messages: [{ role: 'user' as const, content: 'Hi' }], tools };
    const stream = await llm.completion({ ...request, stream: true });
    const lines: string[] = [];
    for await (const piece of stream.toReadable()) lines.push(String(piece));
    expect(lines.join('')).toContain(JSON.stringify(NAME));

    const whole = await (await llm.completion({ ...request, stream: true })).final();
    const [call] = whole.choices[0]!.message.tool_calls!;
    expect(call).toMatchObject({ id: 't', function: { name: NAME, arguments: '{"a":1}' } });
    expect(String(session.requests[0]!.body)).not.toContain(NAME);
  });
});
