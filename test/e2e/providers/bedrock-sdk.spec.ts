import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { Agent } from 'undici';
import { LlmHandler, LlmService, type ChatRequest } from '../../../lib/index.js';
import { recordingsOf, type Recording } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';

const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' };
const IMAGE = Buffer.from('not really a picture');

/** AWS's own SDK on the same server, with the same bytes. */
describe('Bedrock beside the SDK of AWS', () => {
  let replay: Replay;
  let sdk: BedrockRuntimeClient;
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }), {
    providers: { bedrock: { region: 'eu-central-1', ...CREDENTIALS } },
  });
  const options = () => ({ baseURL: replay.origin });

  beforeAll(async () => {
    replay = await startReplay();
    sdk = new BedrockRuntimeClient({
      region: 'eu-central-1',
      endpoint: replay.origin,
      credentials: CREDENTIALS,
      maxAttempts: 1,
      // Its own default is HTTP/2, which the server here does not speak.
      requestHandler: new NodeHttpHandler(),
    });
  });
  afterAll(async () => {
    sdk.destroy();
    await agent.destroy();
    await replay.close();
  });

  const COMPLETION = {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{"output":{"message":{"role":"assistant","content":[]}},"stopReason":"end_turn"}'),
  };

  it.each([
    'anthropic.claude-3-haiku-20240307-v1:0',
    'arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0',
  ])('sends the same request to %s', async (model) => {
    replay.play(COMPLETION);
    await sdk.send(
      new ConverseCommand({
        modelId: model,
        system: [{ text: 'Be brief.' }, { cachePoint: { type: 'default' } }],
        messages: [
          {
            role: 'user',
            content: [{ text: 'Grüße, 世界' }, { image: { format: 'png', source: { bytes: IMAGE } } }],
          },
          { role: 'assistant', content: [{ toolUse: { toolUseId: 'a', name: 'f', input: { x: 1 } } }] },
          { role: 'user', content: [{ toolResult: { toolUseId: 'a', content: [{ text: '2' }] } }] },
        ],
        inferenceConfig: { maxTokens: 10, temperature: 0.5, stopSequences: ['x'] },
        toolConfig: {
          tools: [{ toolSpec: { name: 'f', inputSchema: { json: { type: 'object', properties: {} } } } }],
          toolChoice: { any: {} },
        },
        requestMetadata: { team: 'x' },
      }),
    );
    const theirs = replay.requests.at(-1)!;
    const request: ChatRequest = {
      model: `bedrock/${model}`,
      messages: [
        {
          role: 'system',
          content: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
        },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Grüße, 世界' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${IMAGE.toString('base64')}` } },
          ],
        },
        {
          role: 'assistant',
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }],
        },
        { role: 'tool', tool_call_id: 'a', content: '2' },
      ],
      max_tokens: 10,
      temperature: 0.5,
      stop: 'x',
      tools: [{ type: 'function', function: { name: 'f' } }],
      tool_choice: 'required',
      metadata: { team: 'x' },
    };
    await llm.completion({ ...request, stream: false }, options());
    const ours = replay.requests.at(-1)!;
    expect(ours.path).toBe(theirs.path);
    expect(ours.body).toEqual(theirs.body);
    const scopeOf = (authorization: string) => /Credential=\w+\/\d{8}(\/[^,]+)/.exec(authorization)![1];
    expect(scopeOf(ours.headers['authorization']!)).toBe(scopeOf(theirs.headers['authorization']!));
    expect(ours.headers['x-amz-security-token']).toBe(theirs.headers['x-amz-security-token']);
  });

  const recordings = recordingsOf('bedrock', 'aws');
  const titleOf = (recording: Recording) => [recording.name, recording] as const;

  /** What the SDK makes of an exchange: text, thoughts, the inputs of tools, the reason, the usage. */
  async function readWithSdk(recording: Recording) {
    const command = { modelId: 'm', messages: [{ role: 'user' as const, content: [{ text: 'Hi' }] }] };
    if (!recording.streamed) {
      const { output, stopReason, usage } = await sdk.send(new ConverseCommand(command));
      const blocks = output!.message!.content!;
      return {
        text: blocks.map(({ text }) => text ?? '').join(''),
        thoughts: blocks.map((block) => block.reasoningContent?.reasoningText?.text ?? '').join(''),
        tools: blocks.flatMap(({ toolUse }) =>
          toolUse ? [[toolUse.toolUseId, toolUse.name, toolUse.input]] : [],
        ),
        stopReason,
        usage,
      };
    }
    const { stream } = await sdk.send(new ConverseStreamCommand(command));
    const read = {
      text: '',
      thoughts: '',
      tools: [] as unknown[][],
      stopReason: undefined as string | undefined,
      usage: undefined as { inputTokens?: number; outputTokens?: number } | undefined,
    };
    const inputs = new Map<number, string>();
    const tools = new Map<number, [string?, string?]>();
    for await (const event of stream!) {
      const { contentBlockStart: start, contentBlockDelta: delta } = event;
      const tool = start?.start?.toolUse;
      if (tool) tools.set(start.contentBlockIndex!, [tool.toolUseId, tool.name]);
      read.text += delta?.delta?.text ?? '';
      read.thoughts += delta?.delta?.reasoningContent?.text ?? '';
      const input = delta?.delta?.toolUse?.input;
      const block = delta?.contentBlockIndex ?? 0;
      if (input !== undefined) inputs.set(block, (inputs.get(block) ?? '') + input);
      read.stopReason ??= event.messageStop?.stopReason;
      read.usage ??= event.metadata?.usage;
    }
    read.tools = [...tools].map(([block, [id, name]]) => [id, name, JSON.parse(inputs.get(block) || '{}')]);
    return read;
  }

  it.each(recordings.map(titleOf))('reads the same out of %s', async (_name, recording) => {
    replay.play(recording);
    const theirs = await readWithSdk(recording);
    const request = {
      model: 'bedrock/m',
      messages: [{ role: 'user' as const, content: 'Hi' }],
      stream_options: { include_usage: true },
    };
    const ours = recording.streamed
      ? await (await llm.completion({ ...request, stream: true }, options())).final()
      : await llm.completion(request, options());
    const { message, finish_reason } = ours.choices[0]!;
    expect({
      text: message.content ?? '',
      thoughts: message.reasoning_content ?? '',
      tools: (message.tool_calls ?? []).map((call: any) => [
        call.id,
        call.function.name,
        JSON.parse(call.function.arguments),
      ]),
      finish_reason,
      usage: ours.usage && [ours.usage.prompt_tokens, ours.usage.completion_tokens],
    }).toEqual({
      text: theirs.text,
      thoughts: theirs.thoughts,
      tools: theirs.tools,
      finish_reason: { end_turn: 'stop', tool_use: 'tool_calls', guardrail_intervened: 'content_filter' }[
        theirs.stopReason!
      ],
      usage: theirs.usage && [theirs.usage.inputTokens, theirs.usage.outputTokens],
    });
  });
});
