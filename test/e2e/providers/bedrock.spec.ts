import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import { LlmError, LlmHandler, LlmService, type ChatRequest } from '../../../lib/index.js';
import { fewestOf, awsMessage, frame, recordingsOf, type Recording } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';

const SEEDS = [1, 2, 3];

/** What an exchange says, read without the library. */
interface Expected {
  text: string;
  reasoning: string;
  signatures: string[];
  redacted: string[];
  tools: { id: string; name: string; input: unknown }[];
  stopReason: string;
  usage: { input: number; output: number; cacheRead: number; cacheWrite: number } | undefined;
}

function usageOf(usage: any): Expected['usage'] {
  return (
    usage && {
      input: usage.inputTokens,
      output: usage.outputTokens,
      cacheRead: usage.cacheReadInputTokens ?? 0,
      cacheWrite: usage.cacheWriteInputTokens ?? 0,
    }
  );
}

function readDocument(document: any): Expected {
  const blocks: any[] = document.output.message.content;
  const reasoning = blocks.flatMap((block) => block.reasoningContent ?? []);
  return {
    text: blocks.map((block) => block.text ?? '').join(''),
    reasoning: reasoning.map((one) => one.reasoningText?.text ?? '').join(''),
    signatures: reasoning.flatMap((one) => one.reasoningText?.signature ?? []),
    redacted: reasoning.flatMap((one) => one.redactedContent ?? []),
    tools: blocks.flatMap(({ toolUse }) =>
      toolUse ? { id: toolUse.toolUseId, name: toolUse.name, input: toolUse.input } : [],
    ),
    stopReason: document.stopReason,
    usage: usageOf(document.usage),
  };
}

function readEvents(events: readonly any[]): Expected {
  const deltas = events.flatMap((event) => event.contentBlockDelta ?? []);
  const starts = events.flatMap((event) => event.contentBlockStart ?? []);
  const joined = (read: (delta: any) => string | undefined): string =>
    deltas.map(({ delta }) => read(delta) ?? '').join('');
  return {
    text: joined((delta) => delta.text),
    reasoning: joined((delta) => delta.reasoningContent?.text),
    signatures: deltas.flatMap(({ delta }) => delta.reasoningContent?.signature ?? []),
    redacted: deltas.flatMap(({ delta }) => delta.reasoningContent?.redactedContent ?? []),
    tools: starts.flatMap(({ start, contentBlockIndex }) => {
      if (!start.toolUse) return [];
      const input = deltas
        .filter((delta) => delta.contentBlockIndex === contentBlockIndex)
        .map(({ delta }) => delta.toolUse?.input ?? '')
        .join('');
      return { id: start.toolUse.toolUseId, name: start.toolUse.name, input: JSON.parse(input || '{}') };
    }),
    stopReason: events.find((event) => event.messageStop).messageStop.stopReason,
    usage: usageOf(events.find((event) => event.metadata)?.metadata.usage),
  };
}

const FINISH: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  tool_use: 'tool_calls',
  guardrail_intervened: 'content_filter',
};

function checkUsage(usage: any, expected: Expected['usage']): void {
  if (expected === undefined) {
    expect(usage).toBeUndefined();
    return;
  }
  const prompt = expected.input + expected.cacheRead + expected.cacheWrite;
  expect(usage).toMatchObject({
    prompt_tokens: prompt,
    completion_tokens: expected.output,
    total_tokens: prompt + expected.output,
  });
  expect(usage.prompt_tokens_details?.cached_tokens ?? 0).toBe(expected.cacheRead);
}

const recordings = recordingsOf('bedrock', 'aws');
const titleOf = (recording: Recording) => [recording.name, recording] as const;

describe('Bedrock', () => {
  let replay: Replay;
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }), {
    providers: {
      bedrock: { region: 'us-east-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    },
  });
  const messages: ChatRequest['messages'] = [{ role: 'user', content: 'Hi' }];
  const request = { model: 'bedrock/anthropic.claude-3-haiku-20240307-v1:0', messages };
  const options = () => ({ baseURL: replay.origin });

  async function complete(recording: Recording, more: Partial<ChatRequest> = {}) {
    replay.play(recording);
    if (!recording.streamed) return llm.completion({ ...request, ...more, stream: false }, options());
    const stream_options = { include_usage: true };
    const stream = await llm.completion({ ...request, ...more, stream: true, stream_options }, options());
    return stream.final();
  }

  beforeAll(async () => {
    replay = await startReplay();
  });
  afterAll(async () => {
    await agent.destroy();
    await replay.close();
  });

  describe('recorded exchanges', () => {
    it('are all there', () => {
      expect(recordings.length).toBeGreaterThanOrEqual(fewestOf(33));
    });

    it.each(recordings.map(titleOf))('%s', async (_name, recording) => {
      const expected = recording.streamed ? readEvents(recording.events!) : readDocument(recording.document);
      for (const seed of SEEDS) {
        const server = await startReplay(seed);
        try {
          server.play(recording);
          const base = { ...request, stream_options: { include_usage: true } };
          const completion = recording.streamed
            ? await (await llm.completion({ ...base, stream: true }, { baseURL: server.origin })).final()
            : await llm.completion(base, { baseURL: server.origin });
          const { message, finish_reason } = completion.choices[0]!;
          expect(message.content ?? '').toBe(expected.text);
          expect(message.reasoning_content ?? '').toBe(expected.reasoning);
          const thinking = message.thinking_blocks ?? [];
          expect(thinking.flatMap((block) => ('signature' in block ? block.signature : []))).toEqual(
            expected.signatures,
          );
          expect(thinking.flatMap((block) => ('data' in block ? block.data : []))).toEqual(expected.redacted);
          expect(
            (message.tool_calls ?? []).map((call: any) => ({
              id: call.id,
              name: call.function.name,
              input: JSON.parse(call.function.arguments),
            })),
          ).toEqual(expected.tools);
          expect(finish_reason).toBe(FINISH[expected.stopReason]);
          checkUsage(completion.usage, expected.usage);
        } finally {
          await server.close();
        }
      }
    });

    const answers = recordings.filter(({ name }) => /json-/.test(name));

    it.each(answers.map(titleOf))('as a structured output: %s', async (_name, recording) => {
      const expected = recording.streamed ? readEvents(recording.events!) : readDocument(recording.document);
      const completion = await complete(recording, {
        response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' } } },
      });
      const { message, finish_reason } = completion.choices[0]!;
      const answer = expected.tools.find(({ name }) => name === 'json');
      const others = expected.tools.filter(({ name }) => name !== 'json');
      if (answer === undefined) expect(message.content ?? '').toBe(expected.text);
      else expect(JSON.parse(message.content!)).toEqual(answer.input);
      expect((message.tool_calls ?? []).map(({ id }) => id)).toEqual(others.map(({ id }) => id));
      expect(finish_reason).toBe(others.length > 0 ? 'tool_calls' : 'stop');
      const beside = (message.provider_specific_fields as any)?.bedrock?.text ?? '';
      if (answer !== undefined) expect(beside).toBe(expected.text);
    });

    it.each(recordings.filter(({ request: asked }) => asked !== undefined).map(titleOf))(
      'the same path and body as in %s',
      async (_name, recording) => {
        const { url, body } = recording.request!;
        const path = new URL(url).pathname;
        const model = decodeURIComponent(path.split('/')[2]!);
        replay.play(recording);
        const { messages: turns, system, inferenceConfig, toolConfig, ...own } = body;
        const asked: ChatRequest = {
          model: `bedrock/${model}`,
          messages: [
            ...(system ?? []).map(({ text }: any) => ({ role: 'system', content: text })),
            ...turns
              .flatMap((turn: any) => turn.content)
              .map((block: any) => ({ role: 'user', content: block.text ?? block.guardContent.text.text })),
          ],
          max_tokens: inferenceConfig?.maxTokens,
          temperature: inferenceConfig?.temperature,
          ...(toolConfig && {
            tools: toolConfig.tools.map(({ toolSpec: { name, description, inputSchema } }: any) => ({
              type: 'function',
              function: { name, description, parameters: inputSchema.json },
            })),
          }),
          providerOptions: { bedrock: own },
        };
        if (recording.streamed) await (await llm.completion({ ...asked, stream: true }, options())).final();
        else await llm.completion({ ...asked, stream: false }, options());
        const sent = replay.requests.at(-1)!;
        expect(sent.path).toBe(path);
        // One message a side, and OpenAI has no marks for what a guardrail looks at.
        const content = turns
          .flatMap((turn: any) => turn.content)
          .map((block: any) => ('guardContent' in block ? { text: block.guardContent.text.text } : block));
        expect(sent.body).toEqual({ ...body, messages: [{ role: 'user', content }] });
      },
    );
  });

  const EVENTS = [
    { messageStart: { role: 'assistant' } },
    { contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'Hel' } } },
    { contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'lo' } } },
    { contentBlockStop: { contentBlockIndex: 0 } },
  ];
  const STOP = { messageStop: { stopReason: 'end_turn' } };
  const METADATA = { metadata: { usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 } } };
  const streamOf = (body: Buffer) => ({
    status: 200,
    headers: { 'content-type': 'application/vnd.amazon.eventstream' },
    body,
  });

  async function chunksOf(body: Buffer, more: Partial<ChatRequest> = {}) {
    replay.play(streamOf(body));
    const chunks = [];
    for await (const chunk of await llm.completion({ ...request, ...more, stream: true }, options()))
      chunks.push(chunk);
    return chunks;
  }

  it.each([
    ['metadata last', [STOP, METADATA]],
    ['messageStop last', [METADATA, STOP]],
    ['no metadata', [STOP]],
  ])('writes clean chunks: %s', async (_title, tail) => {
    const chunks = await chunksOf(frame([...EVENTS, ...tail], 'aws'), {
      stream_options: { include_usage: true },
    });
    expect(chunks[0]!.choices[0]!.delta.role).toBe('assistant');
    const reasons = chunks.flatMap(({ choices }) => choices.flatMap((choice) => choice.finish_reason ?? []));
    expect(reasons).toEqual(['stop']);
    expect(chunks.at(-1)!.usage?.total_tokens).toBe(tail.length === 1 ? undefined : 5);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });

  it('streams the JSON of the hidden tool as it comes', async () => {
    const input = (text: string) => ({
      contentBlockDelta: { contentBlockIndex: 0, delta: { toolUse: { input: text } } },
    });
    const chunks = await chunksOf(
      frame(
        [
          {
            contentBlockStart: { contentBlockIndex: 0, start: { toolUse: { toolUseId: 't', name: 'json' } } },
          },
          input('{"a"'),
          input(':1}'),
          { contentBlockStop: { contentBlockIndex: 0 } },
          { messageStop: { stopReason: 'tool_use' } },
          METADATA,
        ],
        'aws',
      ),
      { response_format: { type: 'json_object' } },
    );
    expect(chunks.flatMap(({ choices }) => choices[0]?.delta.content ?? [])).toEqual(['{"a"', ':1}']);
    expect(chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? [])).toEqual(['stop']);
  });

  it.each([undefined, { type: 'json_object' as const }])(
    'puts a stream together to the unary answer: %j',
    async (response_format) => {
      const citation = {
        title: 'document',
        location: { documentPage: { documentIndex: 0, start: 1, end: 2 } },
      };
      const usage = {
        inputTokens: 3,
        outputTokens: 5,
        totalTokens: 15,
        cacheReadInputTokens: 4,
        cacheWriteInputTokens: 3,
        cacheDetails: [{ inputTokens: 3, ttl: '1h' }],
      };
      const rest = { usage, trace: { guardrail: { actionReason: 'none' } }, serviceTier: { type: 'flex' } };
      const additionalModelResponseFields = { delta: { stop_sequence: 'END' } };
      const start = (index: number, name: string) => ({
        contentBlockStart: { contentBlockIndex: index, start: { toolUse: { toolUseId: `t${index}`, name } } },
      });
      const delta = (index: number, piece: object) => ({
        contentBlockDelta: { contentBlockIndex: index, delta: piece },
      });
      const stop = (index: number) => ({ contentBlockStop: { contentBlockIndex: index } });
      const events = [
        { messageStart: { role: 'assistant' } },
        delta(0, { reasoningContent: { text: 'h' } }),
        delta(0, { reasoningContent: { text: 'm' } }),
        delta(0, { reasoningContent: { signature: 'sig' } }),
        stop(0),
        delta(1, { reasoningContent: { redactedContent: 'ZGF0YQ==' } }),
        stop(1),
        delta(2, { text: 'It ' }),
        stop(2),
        delta(3, { citation }),
        delta(3, { text: 'is' }),
        stop(3),
        start(4, 'json'),
        delta(4, { toolUse: { input: '{"a":' } }),
        delta(4, { toolUse: { input: '1}' } }),
        stop(4),
        start(5, 'f<|channel|>commentary'),
        delta(5, { toolUse: { input: '' } }),
        stop(5),
        { messageStop: { stopReason: 'stop_sequence', additionalModelResponseFields } },
        { metadata: rest },
      ];
      const document = {
        output: {
          message: {
            role: 'assistant',
            content: [
              { reasoningContent: { reasoningText: { text: 'hm', signature: 'sig' } } },
              { reasoningContent: { redactedContent: 'ZGF0YQ==' } },
              { text: 'It ' },
              { citationsContent: { content: [{ text: 'is' }], citations: [citation] } },
              { toolUse: { toolUseId: 't4', name: 'json', input: { a: 1 } } },
              { toolUse: { toolUseId: 't5', name: 'f<|channel|>commentary', input: {} } },
            ],
          },
        },
        stopReason: 'stop_sequence',
        additionalModelResponseFields,
        ...rest,
      };
      const both = { ...request, ...(response_format && { response_format }) };
      replay.play(streamOf(frame(events, 'aws')));
      const stream_options = { include_usage: true };
      const streamed = await (
        await llm.completion({ ...both, stream: true, stream_options }, options())
      ).final();
      replay.play({
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(document)),
      });
      const unary = await llm.completion(both, options());
      expect({ ...streamed, id: '', created: 0 }).toEqual({ ...unary, id: '', created: 0 });
      const { message, finish_reason } = unary.choices[0]!;
      expect(finish_reason).toBe('stop');
      expect(message.thinking_blocks).toEqual([
        { type: 'thinking', thinking: 'hm', signature: 'sig' },
        { type: 'redacted_thinking', data: 'ZGF0YQ==' },
      ]);
      expect(message.content).toBe(response_format ? '{"a":1}' : 'It is');
      expect(message.tool_calls!.map((call: any) => call.function.name)).toEqual(
        response_format ? ['f'] : ['json', 'f'],
      );
      expect(message.provider_specific_fields).toEqual({
        bedrock: {
          stopReason: 'stop_sequence',
          additionalModelResponseFields,
          trace: rest.trace,
          ...(response_format && { text: 'It is' }),
        },
      });
      expect(unary.citations).toEqual([citation]);
      expect(unary.service_tier).toBe('flex');
      expect(unary.usage).toEqual({
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
        cacheDetails: usage.cacheDetails,
      });
    },
  );

  it('takes a stream without messageStop for interrupted', async () => {
    const error: any = await chunksOf(frame([...EVENTS, METADATA], 'aws')).catch((reason) => reason);
    expect(error.name).toBe('StreamInterruptedError');
    expect(error.partial.choices[0]).toMatchObject({ finish_reason: null, message: { content: 'Hello' } });
  });

  it.each([
    ['throttlingException', 'RateLimitError', 429, 'Too many requests'],
    ['validationException', 'BadRequestError', 400, 'Malformed input'],
    ['validationException', 'ContextWindowExceededError', 400, 'Input is too long for requested model.'],
    ['modelStreamErrorException', 'APIError', 424, 'The model stream failed'],
    ['internalServerException', 'InternalServerError', 500, 'Something went wrong'],
    ['serviceUnavailableException', 'ServiceUnavailableError', 503, 'Try later'],
  ])('types the exception %s inside of a stream as %s', async (type, name, status, message) => {
    const exception = awsMessage(
      { ':message-type': 'exception', ':exception-type': type, ':content-type': 'application/json' },
      { message },
    );
    const error: any = await chunksOf(Buffer.concat([frame(EVENTS, 'aws'), exception])).catch(
      (reason) => reason,
    );
    expect({ name: error.name, status: error.status }).toEqual({ name, status });
    expect(error.message).toContain(message);
    expect(error.phase).toBe('body');
  });

  it('types an error message of the event stream itself', async () => {
    const failure = awsMessage({ ':message-type': 'error', ':error-code': 'InternalFailure' }, {});
    const error: any = await chunksOf(Buffer.concat([frame(EVENTS, 'aws'), failure])).catch(
      (reason) => reason,
    );
    expect(error).toMatchObject({ name: 'InternalServerError', status: 500 });
  });

  it.each([
    [400, 'Malformed input request', 'BadRequestError', 'invalid_request'],
    [400, 'The provided model identifier is invalid.', 'BadRequestError', 'model_not_found'],
    [400, 'prompt is too long: 250000 tokens > 200000 maximum', 'ContextWindowExceededError', undefined],
    [400, 'Output blocked by content filtering policy', 'ContentPolicyViolationError', undefined],
    [
      403,
      'You do not have access to the model with the specified model ID.',
      'PermissionDeniedError',
      undefined,
    ],
    [403, 'The security token included in the request is expired', 'AuthenticationError', undefined],
    [
      404,
      'Could not resolve the foundation model from the model identifier',
      'NotFoundError',
      'model_not_found',
    ],
    [424, 'The model failed', 'APIError', undefined],
    [429, 'Too many tokens, please wait before trying again.', 'RateLimitError', undefined],
    [429, 'Too many tokens per day, please wait before trying again.', 'RateLimitError', undefined],
    [500, 'Internal error', 'InternalServerError', undefined],
    [503, 'Bedrock is unable to process your request.', 'ServiceUnavailableError', undefined],
  ])('types %i "%s" as %s', async (status, message, name, code) => {
    replay.play({
      status,
      headers: { 'content-type': 'application/json', 'x-amzn-requestid': 'r-1' },
      body: Buffer.from(JSON.stringify({ message })),
    });
    const retry = { maxRetries: 0 };
    for (const stream of [false, true]) {
      const error: any = await llm
        .completion({ ...request, stream }, { ...options(), retry })
        .catch((reason) => reason);
      expect(error).toBeInstanceOf(LlmError);
      expect({ name: error.name, status: error.status, id: error.requestId }).toEqual({
        name,
        status,
        id: 'r-1',
      });
      expect(error.message).toContain(message);
      if (code !== undefined) expect(error.code).toBe(code);
      expect(error.retryable).toBe([429, 500, 503].includes(status) && !message.includes('per day'));
    }
  });

  it('signs the path and the exact body', async () => {
    replay.play(streamOf(frame([...EVENTS, STOP, METADATA], 'aws')));
    const stream = await llm.completion(
      { ...request, model: 'bedrock/arn:aws:bedrock:us-east-1:1:inference-profile/us.a-v1:0', stream: true },
      options(),
    );
    await stream.final();
    const { path, headers } = replay.requests.at(-1)!;
    expect(path).toBe(
      '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.a-v1%3A0/converse-stream',
    );
    expect(headers['accept']).toBe('application/vnd.amazon.eventstream');
    expect(headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/bedrock\/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}$/,
    );
  });

  it.each([
    ['amazon.titan-embed-text-v2:0', { embedding: [0.25, 0.5], inputTextTokenCount: 3 }, 2, 6],
    [
      'cohere.embed-english-v3',
      {
        embeddings: [
          [0.25, 0.5],
          [1, 2],
        ],
      },
      1,
      0,
    ],
    [
      'cohere.embed-v4:0',
      {
        embeddings: {
          float: [
            [0.25, 0.5],
            [1, 2],
          ],
        },
      },
      1,
      0,
    ],
    [
      'amazon.nova-2-multimodal-embeddings-v1:0',
      { embeddings: [{ embeddingType: 'TEXT', embedding: [0.25, 0.5] }] },
      2,
      0,
    ],
  ])('embeds with %s', async (model, document, calls, tokens) => {
    replay.play({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(document)),
    });
    const before = replay.requests.length;
    const result = await llm.embedding({ model: `bedrock/${model}`, input: ['a', 'b'] }, options());
    expect(replay.requests.length - before).toBe(calls);
    expect(replay.requests.at(-1)!.path).toBe(`/model/${encodeURIComponent(model)}/invoke`);
    expect(result.data.map(({ index }) => index)).toEqual([0, 1]);
    expect(result.data[0]!.embedding).toEqual([0.25, 0.5]);
    expect(result.usage.prompt_tokens).toBe(tokens);
  });

  it('embeds to base64', async () => {
    replay.play({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ embedding: [0.25, 0.5], inputTextTokenCount: 1 })),
    });
    const { data } = await llm.embedding(
      { model: 'bedrock/amazon.titan-embed-text-v2:0', input: 'a', encoding_format: 'base64' },
      options(),
    );
    const bytes = Buffer.from(data[0]!.embedding, 'base64');
    expect([bytes.readFloatLE(0), bytes.readFloatLE(4)]).toEqual([0.25, 0.5]);
  });
});
