import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  BadRequestError,
  UnsupportedParamsError,
  type ChatMessage,
  type ChatRequest,
} from '../../../lib/index.js';
import { geminiAdapter } from '../../../lib/providers/gemini/gemini.adapter.js';
import type { FormatContext } from '../../../lib/providers/provider-adapter.interface.js';
import { conversation } from '../../support/conversations.js';
import { fewestOf, recordingsOf } from '../../support/recordings.js';

const HI: ChatMessage[] = [{ role: 'user', content: 'Hi' }];

function bodyOf(fields: Partial<ChatRequest>, more: Partial<FormatContext<ChatRequest>> = {}): any {
  const request: ChatRequest = { model: 'gemini-2.5-flash', messages: HI, ...fields };
  const context = {
    request,
    providerOptions: {},
    provider: 'gemini',
    model: request.model,
    dropParams: false,
    droppedParams: [],
    ...more,
  };
  return JSON.parse(String(geminiAdapter.completion!(request.model, request).request(request, context).body));
}

const SCHEMA = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] };
const tool = (name: string, more: object = {}) => ({
  type: 'function' as const,
  function: { name, description: `does ${name}`, parameters: SCHEMA, ...more },
});
const call = (id: string, name: string, args = '{"a":1}', more: object = {}) => ({
  id,
  type: 'function' as const,
  function: { name, arguments: args },
  ...more,
});
const partsOf = (content: unknown) =>
  bodyOf({ messages: [{ role: 'user', content } as never] }).contents[0].parts;

describe('the request of a chat to Gemini', () => {
  it('has no more than it was asked for', () => {
    expect(bodyOf({})).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] });
  });

  it('has every setting under its name', () => {
    const { generationConfig } = bodyOf({
      temperature: 0,
      top_p: 0.5,
      max_tokens: 10,
      stop: 'END',
      seed: 7,
      n: 2,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      logprobs: true,
      top_logprobs: 3,
      modalities: ['text', 'audio'],
    });
    expect(generationConfig).toEqual({
      temperature: 0,
      topP: 0.5,
      maxOutputTokens: 10,
      stopSequences: ['END'],
      seed: 7,
      candidateCount: 2,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      responseLogprobs: true,
      logprobs: 3,
      responseModalities: ['TEXT', 'AUDIO'],
    });
    expect(bodyOf({ max_tokens: 1, max_completion_tokens: 2, stop: ['a', 'b'] }).generationConfig).toEqual({
      maxOutputTokens: 2,
      stopSequences: ['a', 'b'],
    });
  });

  it.each([
    [{ logit_bias: { 1: 2 }, verbosity: 'low' as const }, ['logit_bias', 'verbosity']],
    [{ parallel_tool_calls: false }, ['parallel_tool_calls']],
    [{ service_tier: 'flex' as const }, ['service_tier']],
  ])('refuses %j, or drops it', (fields, params) => {
    expect(() => bodyOf(fields)).toThrow(UnsupportedParamsError);
    const droppedParams: string[] = [];
    expect(bodyOf(fields, { dropParams: true, droppedParams })).toEqual(bodyOf({}));
    expect(droppedParams).toEqual(params);
  });

  it.each([
    [{ type: 'text', text: 'a' }, { text: 'a' }],
    [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
    ],
    [
      { type: 'image_url', image_url: { url: 'https://x.example/a/cat.JPG?size=2' } },
      { fileData: { mimeType: 'image/jpeg', fileUri: 'https://x.example/a/cat.JPG?size=2' } },
    ],
    [
      { type: 'image_url', image_url: { url: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } },
      { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } },
    ],
    [
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
      { inlineData: { mimeType: 'audio/mp3', data: 'AAAA' } },
    ],
    [
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' } },
      { inlineData: { mimeType: 'application/pdf', data: 'AAAA' } },
    ],
    [
      { type: 'file', file: { file_id: 'gs://bucket/talk', filename: 'talk.mp4' } },
      { fileData: { mimeType: 'video/mp4', fileUri: 'gs://bucket/talk' } },
    ],
    [
      { type: 'file', file: { file_id: 'https://www.youtube.com/watch?v=1' } },
      { fileData: { mimeType: 'video/mp4', fileUri: 'https://www.youtube.com/watch?v=1' } },
    ],
  ])('sends %j', (part, expected) => {
    expect(partsOf([part])).toEqual([expected]);
  });

  it.each([
    [[{ type: 'video', video: {} }], '"video"'],
    [[{ type: 'file', file: {} }], 'file_data'],
    [[{ type: 'image_url', image_url: { url: 'cat.png' } }], 'data: URL'],
  ])('refuses %j by name', (content, hint) => {
    expect(() => partsOf(content)).toThrow(BadRequestError);
    expect(() => partsOf(content)).toThrow(hint);
  });

  it('puts what system and developer messages say into the instruction', () => {
    const messages: ChatMessage[] = [
      { role: 'system', content: 'a' },
      ...HI,
      { role: 'developer', content: [{ type: 'text', text: 'b' }] },
    ];
    expect(bodyOf({ messages })).toEqual({
      systemInstruction: { parts: [{ text: 'a' }, { text: 'b' }] },
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
    });
    expect(bodyOf({ messages: [{ role: 'system', content: 'alone' }] })).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'alone' }] }],
    });
  });

  it('declares functions, in JSON Schema where the model takes it', () => {
    const tools = [
      tool('f'),
      { type: 'function' as const, function: { name: 'g', parameters: { type: 'object', properties: {} } } },
    ];
    expect(bodyOf({ tools }).tools).toEqual([
      {
        functionDeclarations: [
          { name: 'f', description: 'does f', parametersJsonSchema: SCHEMA },
          { name: 'g' },
        ],
      },
    ]);
    expect(bodyOf({ tools: [tool('f')], model: 'gemini-1.5-pro' }).tools[0].functionDeclarations).toEqual([
      { name: 'f', description: 'does f', parameters: SCHEMA },
    ]);
    expect(() => bodyOf({ tools: [{ type: 'custom', custom: { name: 'c' } }] })).toThrow(BadRequestError);
  });

  it.each([
    ['none', { mode: 'NONE' }],
    ['auto', { mode: 'AUTO' }],
    ['required', { mode: 'ANY' }],
    [
      { type: 'function', function: { name: 'f' } },
      { mode: 'ANY', allowedFunctionNames: ['f'] },
    ],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
      },
      { mode: 'VALIDATED', allowedFunctionNames: ['f'] },
    ],
  ])('chooses by %j', (choice, functionCallingConfig) => {
    const body = bodyOf({ tools: [tool('f'), tool('g')], tool_choice: choice as never });
    expect(body.toolConfig).toEqual({ functionCallingConfig });
  });

  it('has strict functions checked', () => {
    expect(bodyOf({ tools: [tool('f', { strict: true })] }).toolConfig).toEqual({
      functionCallingConfig: { mode: 'VALIDATED' },
    });
    expect(bodyOf({ tools: [tool('f')] })).not.toHaveProperty('toolConfig');
  });

  it('asks for JSON by the means of the model', () => {
    const response_format = { type: 'json_schema' as const, json_schema: { name: 'x', schema: SCHEMA } };
    expect(bodyOf({ response_format }).generationConfig).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: SCHEMA,
    });
    expect(bodyOf({ response_format, model: 'gemini-1.5-flash' }).generationConfig).toEqual({
      responseMimeType: 'application/json',
      responseSchema: SCHEMA,
    });
    expect(bodyOf({ response_format: { type: 'json_object' } }).generationConfig).toEqual({
      responseMimeType: 'application/json',
    });
    expect(bodyOf({ response_format: { type: 'text' } })).toEqual(bodyOf({}));
  });

  it("rewrites JSON Schema as Gemini's own for old models", () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      additionalProperties: false,
      $defs: {
        node: {
          type: 'object',
          properties: { next: { $ref: '#/$defs/node' }, id: { type: 'string', format: 'uuid' } },
        },
      },
      properties: {
        node: { $ref: '#/$defs/node', description: 'a node' },
        maybe: { type: ['string', 'null'] },
        either: { anyOf: [{ type: 'string' }, { type: 'integer', enum: [1, 2] }, { type: 'null' }] },
        fixed: { const: 'x' },
        when: { type: 'string', format: 'date-time' },
        list: { type: 'array', items: { allOf: [{ type: 'number' }, { minimum: 1 }] } },
      },
    };
    const { responseSchema } = bodyOf({
      model: 'gemini-1.5-pro',
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
    }).generationConfig;
    expect(responseSchema).toEqual({
      type: 'object',
      properties: {
        node: {
          type: 'object',
          description: 'a node',
          properties: { next: {}, id: { type: 'string' } },
        },
        maybe: { type: 'string', nullable: true },
        either: { anyOf: [{ type: 'string' }, { type: 'integer' }], nullable: true },
        fixed: { type: 'string', enum: ['x'] },
        when: { type: 'string', format: 'date-time' },
        list: { type: 'array', items: { type: 'number', minimum: 1 } },
      },
    });
  });

  it.each([
    ['gemini-2.5-flash', { reasoning_effort: 'minimal' }, { includeThoughts: true, thinkingBudget: 128 }],
    [
      'gemini-2.5-flash-lite',
      { reasoning_effort: 'minimal' },
      { includeThoughts: true, thinkingBudget: 512 },
    ],
    ['gemini-2.5-flash', { reasoning_effort: 'low' }, { includeThoughts: true, thinkingBudget: 1024 }],
    ['gemini-2.5-flash', { reasoning_effort: 'medium' }, { includeThoughts: true, thinkingBudget: 2048 }],
    ['gemini-2.5-pro', { reasoning_effort: 'high' }, { includeThoughts: true, thinkingBudget: 4096 }],
    ['gemini-2.5-pro', { reasoning_effort: 'xhigh' }, { includeThoughts: true, thinkingBudget: 8192 }],
    ['gemini-2.5-pro', { reasoning_effort: 'max' }, { includeThoughts: true, thinkingBudget: 16384 }],
    ['gemini-2.5-flash', { reasoning_effort: 'none' }, { thinkingBudget: 0 }],
    ['gemini-2.5-pro', { reasoning_effort: 'none' }, { thinkingBudget: 128 }],
    ['gemini-3-flash-preview', { reasoning_effort: 'none' }, { thinkingLevel: 'minimal' }],
    [
      'gemini-3.1-pro-preview',
      { reasoning_effort: 'minimal' },
      { includeThoughts: true, thinkingLevel: 'low' },
    ],
    [
      'gemini-3.1-pro-preview',
      { reasoning_effort: 'medium' },
      { includeThoughts: true, thinkingLevel: 'medium' },
    ],
    [
      'gemini-3-pro-preview',
      { reasoning_effort: 'medium' },
      { includeThoughts: true, thinkingLevel: 'high' },
    ],
    ['gemini-3-flash-preview', { reasoning_effort: 'max' }, { includeThoughts: true, thinkingLevel: 'high' }],
    [
      'gemini-2.5-flash',
      { reasoning_effort: 'low', thinking: { type: 'enabled', budget_tokens: 77 } },
      { includeThoughts: true, thinkingBudget: 77 },
    ],
    ['gemini-2.5-flash', { thinking: { type: 'adaptive' } }, { includeThoughts: true, thinkingBudget: -1 }],
    ['gemini-2.5-flash', { thinking: { type: 'disabled' } }, { thinkingBudget: 0 }],
    ['gemini-2.0-flash', { reasoning_effort: 'none' }, undefined],
  ])('has %s think by %j', (model, fields, expected) => {
    expect(bodyOf({ model, ...(fields as object) }).generationConfig?.thinkingConfig).toEqual(expected);
  });

  it('refuses thinking for a model that has none', () => {
    expect(() => bodyOf({ model: 'gemini-2.0-flash', reasoning_effort: 'low' })).toThrow(
      UnsupportedParamsError,
    );
  });

  it('adds the fields that only Gemini has', () => {
    const own = {
      cachedContent: 'cachedContents/1',
      generationConfig: { topK: 3 },
      tools: [{ googleSearch: {} }],
      safetySettings: [{ category: 'X', threshold: 'BLOCK_NONE' }],
    };
    expect(
      bodyOf({
        temperature: 1,
        tools: [tool('f')],
        providerOptions: { gemini: own, vertex_ai: { ignored: true } },
      }),
    ).toMatchObject({
      cachedContent: 'cachedContents/1',
      generationConfig: { temperature: 1, topK: 3 },
      tools: [{ functionDeclarations: [{ name: 'f' }] }, { googleSearch: {} }],
      safetySettings: own.safetySettings,
    });
    expect(bodyOf({ web_search_options: {} }).tools).toEqual([{ googleSearch: {} }]);
  });

  it.each([
    ['gemini', ['s1', 's2', 's3', 's4']],
    // Signatures are bound to the endpoint: the other one answers 400 "Corrupted thought signature".
    ['vertex_ai', []],
  ])('hands back what came from it, not the signatures of another endpoint: %s', (maker, kept) => {
    const messages: ChatMessage[] = [
      ...HI,
      {
        role: 'assistant',
        content: 'Well.',
        thinking_blocks: [
          { type: 'thinking', thinking: 'hm', signature: 's1' },
          { type: 'redacted_thinking', data: 'x' },
        ],
        provider_specific_fields: { [maker]: { thoughtSignatures: ['s2', 's3'] } },
        tool_calls: [
          call('c1', 'f', '{}', { provider_specific_fields: { [maker]: { thoughtSignature: 's4' } } }),
        ],
      },
    ];
    const { parts } = bodyOf({ messages }).contents[1];
    expect(parts.flatMap(({ thoughtSignature }: any) => thoughtSignature ?? [])).toEqual(kept);
    expect(parts).toMatchObject([
      ...(kept.length > 0 ? [{ text: 'hm', thought: true }] : []),
      { text: 'Well.' },
      ...(kept.length > 0 ? [{ text: '' }] : []),
      { functionCall: { name: 'f', args: {} } },
    ]);
  });

  it('signs the calls of other models for those that refuse calls without a signature', () => {
    const messages: ChatMessage[] = [
      ...HI,
      { role: 'assistant', tool_calls: [call('c1', 'f'), call('c2', 'g')] },
    ];
    const signatures = (model: string) =>
      bodyOf({ model, messages }).contents[1].parts.map(({ thoughtSignature }: any) => thoughtSignature);
    expect(signatures('gemini-3-pro-preview')).toEqual(['skip_thought_signature_validator', undefined]);
    expect(signatures('gemini-2.5-pro')).toEqual([undefined, undefined]);
  });

  it('takes the results of calls in any order, and of functions as OpenAI once had them', () => {
    const messages: ChatMessage[] = [
      ...HI,
      { role: 'assistant', content: null, tool_calls: [call('c1', 'f'), call('c2', 'g', '')] },
      { role: 'tool', tool_call_id: 'c2', content: [{ type: 'text', text: '[1]' }] },
      { role: 'tool', tool_call_id: 'c1', content: '{"ok":true}' },
      { role: 'assistant', content: null, function_call: { name: 'h', arguments: '{}' } },
      { role: 'function', name: 'h', content: 'done' },
    ];
    expect(bodyOf({ messages }).contents.slice(1)).toEqual([
      {
        role: 'model',
        parts: [{ functionCall: { name: 'f', args: { a: 1 } } }, { functionCall: { name: 'g', args: {} } }],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'f', response: { ok: true } } },
          { functionResponse: { name: 'g', response: { output: '[1]' } } },
        ],
      },
      { role: 'model', parts: [{ functionCall: { name: 'h', args: {} } }] },
      { role: 'user', parts: [{ functionResponse: { name: 'h', response: { output: 'done' } } }] },
    ]);
  });

  it('says the same as the conversation, in the same order', () => {
    fc.assert(
      fc.property(conversation, (messages) => {
        const { contents, systemInstruction } = bodyOf({ messages });
        const names = new Map<string, string>();
        const said: unknown[] = [];
        const system: unknown[] = [];
        let results: { name: string; content: unknown; at: number }[] = [];
        let order: string[] = [];
        const flush = () => {
          said.push(
            ...results.toSorted((a, b) => a.at - b.at).map(({ name, content }) => ['result', name, content]),
          );
          results = [];
        };
        for (const message of messages as any[]) {
          if (message.role === 'tool') {
            results.push({
              name: names.get(message.tool_call_id)!,
              content: message.content,
              at: order.indexOf(message.tool_call_id),
            });
            continue;
          }
          flush();
          if (message.role === 'system' || message.role === 'developer') system.push(message.content);
          else if (message.content !== null)
            said.push([message.role === 'user' ? 'user' : 'model', message.content]);
          if (message.tool_calls) {
            order = message.tool_calls.map(({ id }: any) => id);
            for (const { id, function: called } of message.tool_calls) {
              names.set(id, called.name);
              said.push(['call', called.name, JSON.parse(called.arguments)]);
            }
          }
        }
        flush();
        const sent = contents.flatMap(({ role, parts }: any) =>
          parts.map(({ text, functionCall, functionResponse }: any) => {
            if (functionCall) return ['call', functionCall.name, functionCall.args];
            if (functionResponse) {
              const { response, name } = functionResponse;
              return ['result', name, 'output' in response ? response.output : JSON.stringify(response)];
            }
            return [role, text];
          }),
        );
        expect(sent).toEqual(said);
        expect(systemInstruction?.parts.map(({ text }: any) => text) ?? []).toEqual(system);
        for (const [index, { parts }] of contents.entries()) {
          const calls = parts.filter(({ functionCall }: any) => functionCall).length;
          if (calls > 0) expect(contents[index + 1].parts.length).toBe(calls);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** A recorded request of Google's SDK as one of OpenAI. */
function toOpenAI(body: any): Partial<ChatRequest> {
  const messages: any[] = (body.systemInstruction?.parts ?? []).map(({ text }: any) => ({
    role: 'system',
    content: text,
  }));
  let calls: any[] = [];
  for (const { role, parts } of body.contents) {
    const results = parts.filter(({ functionResponse }: any) => functionResponse);
    if (results.length > 0) {
      results.forEach(({ functionResponse }: any, index: number) =>
        messages.push({
          role: 'tool',
          tool_call_id: calls[index].id,
          content: JSON.stringify(functionResponse.response),
        }),
      );
      continue;
    }
    if (role === 'user') {
      messages.push({ role, content: parts.map(({ text }: any) => ({ type: 'text', text })) });
      continue;
    }
    calls = parts
      .filter(({ functionCall }: any) => functionCall)
      .map(({ functionCall: { name, args }, thoughtSignature }: any, index: number) => ({
        id: `c${messages.length}-${index}`,
        type: 'function',
        function: { name, arguments: JSON.stringify(args ?? {}) },
        ...(thoughtSignature && { provider_specific_fields: { gemini: { thoughtSignature } } }),
      }));
    const texts = parts.filter(({ text }: any) => text !== undefined);
    const signatures = texts.flatMap(({ thoughtSignature }: any) => thoughtSignature ?? []);
    messages.push({
      role: 'assistant',
      content: texts.map(({ text }: any) => text).join(''),
      ...(calls.length > 0 && { tool_calls: calls }),
      ...(signatures.length > 0 && {
        provider_specific_fields: { gemini: { thoughtSignatures: signatures } },
      }),
    });
  }
  const {
    temperature,
    maxOutputTokens,
    candidateCount,
    responseMimeType,
    responseJsonSchema,
    thinkingConfig,
  } = body.generationConfig ?? {};
  const declared = (body.tools ?? []).flatMap(({ functionDeclarations = [] }: any) => functionDeclarations);
  return {
    messages,
    temperature,
    max_tokens: maxOutputTokens,
    n: candidateCount,
    ...(thinkingConfig && { thinking: { type: 'enabled', budget_tokens: thinkingConfig.thinkingBudget } }),
    ...(responseMimeType && {
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: responseJsonSchema } },
    }),
    ...(declared.length > 0 && {
      tools: declared.map(({ name, description, parametersJsonSchema }: any) => ({
        type: 'function',
        function: { name, description, parameters: parametersJsonSchema },
      })),
    }),
  };
}

describe("the recorded requests of Google's own SDK", () => {
  // What OpenAI's shape has no words for, the caller gives under providerOptions.
  const beyond =
    /partialArgs|mcpServers|"parameters"|responseSchema|"functionResponse":\{"id"|toolConfig|responseJsonSchema":\{"\$schema[^]*functionDeclarations|codeExecution/;
  const recordings = [...recordingsOf('gemini', 'gemini'), ...recordingsOf('vertex', 'gemini')].filter(
    ({ request }) => request?.body?.contents && !beyond.test(JSON.stringify(request.body)),
  );

  it('are there', () => {
    expect(recordings.length).toBeGreaterThanOrEqual(fewestOf(41));
  });

  it.each(recordings.map(({ name, request }) => [name, request!.body] as const))(
    'are ours: %s',
    (_name, body) => {
      const ours = bodyOf(toOpenAI(body));
      const { generationConfig = {}, systemInstruction, ...rest } = structuredClone(body);
      const expected: any = { ...rest };
      // Functions without parameters have no schema with us, and parts of one text are one text.
      for (const { functionDeclarations = [] } of expected.tools ?? []) {
        for (const one of functionDeclarations) {
          delete one.responseJsonSchema;
          if (Object.keys(one.parametersJsonSchema?.properties ?? {}).length === 0)
            delete one.parametersJsonSchema;
        }
      }
      for (const content of expected.contents) {
        if (content.role !== 'model') continue;
        const calls = content.parts.filter(({ functionCall }: any) => functionCall);
        const texts = content.parts.filter(({ text }: any) => text !== undefined);
        const text = texts.map((part: any) => part.text).join('');
        const signature = texts.find(({ thoughtSignature }: any) => thoughtSignature)?.thoughtSignature;
        for (const { functionCall } of calls) functionCall.args ??= {};
        content.parts = [
          ...(text !== '' ? [{ text, ...(signature && { thoughtSignature: signature }) }] : []),
          ...calls,
        ];
      }
      expected.contents = expected.contents.filter(({ parts }: any) => parts.length > 0);
      if (systemInstruction) expected.systemInstruction = { parts: systemInstruction.parts };
      // A budget is asked for with its thoughts.
      if (generationConfig.thinkingConfig) generationConfig.thinkingConfig.includeThoughts = true;
      if (Object.keys(generationConfig).length > 0) expected.generationConfig = generationConfig;
      expect(ours).toEqual(expected);
    },
  );
});
