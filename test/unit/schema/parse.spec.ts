import 'reflect-metadata';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import { Type } from 'class-transformer';
import { IsArray, IsIn, IsNumber, IsOptional, IsString, Min, ValidateNested } from 'class-validator';
import * as v from 'valibot';
import { z } from 'zod';
import { LlmHandler, LlmService } from '../../../lib/index.js';
import { LlmOutputError, parse, parseStream, type AnswerSchema } from '../../../lib/schema/index.js';
import { wireOf } from '../../support/provider-wires.js';
import { RecordingSession, type WireAnswer } from '../../support/recording-session.js';
import { completionOf } from '../../support/upstream.js';

const MESSAGES = [{ role: 'user' as const, content: 'The invoice, please' }];

class Item {
  @IsString() name!: string;
  @IsNumber() @Min(0) price!: number;
}

class Invoice {
  @IsString() no!: string;
  @IsIn(['paid', 'open']) state!: 'paid' | 'open';
  @IsOptional() @IsString() note?: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
}

const Zod = z.object({
  no: z.string(),
  state: z.enum(['paid', 'open']),
  note: z.string().optional(),
  items: z.array(z.object({ name: z.string(), price: z.number().min(0) })),
});

const VALUE = { no: 'R-1', state: 'paid', items: [{ name: 'a "b"', price: 1.5 }] };
/** As strict modes have the model say it. */
const SAID = JSON.stringify({ ...VALUE, note: null });

function serviceOf(answer: (body: any, call: number) => WireAnswer, provider = 'openai') {
  let calls = 0;
  const session = new RecordingSession(({ body }) => answer(JSON.parse(String(body)), calls++));
  const llm = new LlmService(new LlmHandler({ session }), {
    providers: { [provider]: wireOf(provider).options },
  });
  const sent = () => session.requests.map(({ body }) => JSON.parse(String(body)));
  return { llm, sent };
}

const json = (body: object): WireAnswer => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const saying = (text: string) => (): WireAnswer => json(completionOf(text));

/** A provider's own wire, saying another text than it does. */
function wireSaying(provider: string, text: string): RecordingSession {
  const third = Math.ceil(text.length / 3);
  const parts = [text.slice(0, third), text.slice(third, 2 * third), text.slice(2 * third)];
  return new RecordingSession((request) => {
    const answer = wireOf(provider).answer(request);
    const body = String(answer.body)
      .replace('"Hello, world"', () => JSON.stringify(text))
      .replace('"Hello"', () => JSON.stringify(parts[0]))
      .replace('", "', () => JSON.stringify(parts[1]))
      .replace('"world"', () => JSON.stringify(parts[2]));
    return { ...answer, body };
  });
}

describe('parse()', () => {
  it.each([
    ['openai/gpt-5'],
    ['anthropic/claude-sonnet-4-5'],
    ['gemini/gemini-2.5-pro'],
    ['cohere/command-a-03-2025'],
    ['mistral/mistral-large-latest'],
    ['ollama/qwen3'],
  ])('reads a value of zod and of a class from %s, streamed too', async (model) => {
    const provider = model.split('/', 1)[0]!;
    const session = wireSaying(provider, SAID);
    const llm = new LlmService(new LlmHandler({ session }), {
      providers: { [provider]: wireOf(provider).options },
    });
    const { data, completion } = await parse(llm, { model, messages: MESSAGES }, Zod);
    const total: number = data.items.reduce((sum, { price }) => sum + price, 0);
    expect({ data, total }).toEqual({ data: VALUE, total: 1.5 });
    expect(completion.meta.provider).toBe(provider);
    expect(JSON.stringify(JSON.parse(String(session.requests[0]!.body)))).toContain('"price"');

    const made = await parse(llm, { model, messages: MESSAGES }, Invoice);
    expect(made.data).toBeInstanceOf(Invoice);
    expect(made.data.items[0]).toBeInstanceOf(Item);
    expect(made.data).toEqual(Object.assign(new Invoice(), VALUE, { note: undefined }));

    const stream = await parseStream(llm, { model, messages: MESSAGES }, Zod);
    const seen: string[] = [];
    for await (const partial of stream) seen.push(JSON.stringify(partial));
    expect(seen.length).toBeGreaterThan(1);
    expect(JSON.parse(seen.at(-1)!)).toEqual(JSON.parse(SAID));
    expect((await stream.final()).data).toEqual(VALUE);
  });

  it.each<[string, AnswerSchema<unknown>]>([
    ['arktype', type({ no: 'string', state: "'paid' | 'open'", 'note?': 'string', items: 'object[]' })],
    [
      'valibot',
      toStandardJsonSchema(
        v.object({
          no: v.string(),
          state: v.picklist(['paid', 'open']),
          note: v.optional(v.string()),
          items: v.array(v.looseObject({ name: v.string() })),
        }),
      ),
    ],
    [
      'a schema and a function',
      { schema: { type: 'object', properties: { no: { type: 'string' } } }, validate: (value) => value },
    ],
    ['a class with a static schema', Object.assign(class {}, { schema: Zod })],
  ])('takes %s', async (_name, schema) => {
    const { llm } = serviceOf(saying(JSON.stringify(VALUE)));
    expect((await parse(llm, { model: 'openai/m', messages: MESSAGES }, schema)).data).toEqual(VALUE);
  });

  it('sends what strict modes take, and reads null for what is optional', async () => {
    const { llm, sent } = serviceOf(saying(SAID));
    await parse(llm, { model: 'openai/gpt-5', messages: MESSAGES }, Zod, { name: 'invoice' });
    const { name, strict, schema } = sent()[0].response_format.json_schema;
    expect({ name, strict }).toEqual({ name: 'invoice', strict: true });
    expect(schema).toMatchObject({
      required: ['no', 'state', 'note', 'items'],
      additionalProperties: false,
      properties: { note: { type: ['string', 'null'] }, items: { items: { additionalProperties: false } } },
    });
    expect(JSON.stringify(schema)).not.toMatch(/\$schema|"default"/);
  });

  it('sends a schema of open objects as it is', async () => {
    const { llm, sent } = serviceOf(saying('{"counts":{"a":1}}'));
    const { data } = await parse(
      llm,
      { model: 'openai/m', messages: MESSAGES },
      z.object({ counts: z.record(z.string(), z.number()) }),
    );
    expect(data).toEqual({ counts: { a: 1 } });
    expect(sent()[0].response_format.json_schema.strict).toBe(false);
  });

  it('wraps a root that is no object, and takes it out again, streamed too', async () => {
    const { llm, sent } = serviceOf((body) =>
      body.stream === true
        ? {
            headers: { 'content-type': 'text/event-stream' },
            body: ['{"value":["a",', '"b"]}']
              .map(
                (content) =>
                  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`,
              )
              .concat(
                `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n`,
                'data: [DONE]\n\n',
              )
              .join(''),
          }
        : json(completionOf('{"value":["a","b"]}')),
    );
    const request = { model: 'openai/m', messages: MESSAGES };
    expect((await parse(llm, request, z.array(z.string()))).data).toEqual(['a', 'b']);
    expect(sent()[0].response_format.json_schema.schema.type).toBe('object');
    const stream = await parseStream(llm, request, z.array(z.string()));
    const seen: unknown[] = [];
    for await (const partial of stream) seen.push([...partial]);
    expect(seen.at(-1)).toEqual(['a', 'b']);
    expect((await stream.final()).data).toEqual(['a', 'b']);
  });

  it('has a provider without schemas answer in JSON mode, with the schema in the prompt', async () => {
    const { llm, sent } = serviceOf(saying('Here it is:\n```json\n{"no":"R-1"}\n```'), 'deepseek');
    const { data } = await parse(
      llm,
      { model: 'deepseek/deepseek-chat', messages: MESSAGES },
      z.object({ no: z.string() }),
    );
    expect(data).toEqual({ no: 'R-1' });
    expect(sent()[0]).toMatchObject({ response_format: { type: 'json_object' } });
    expect(JSON.stringify(sent()[0].messages)).toContain('JSON Schema');
  });

  it('can have the model call a tool instead', async () => {
    const call = { id: 'c1', type: 'function', function: { name: 'answer', arguments: '{"no":"R-1"}' } };
    const { llm, sent } = serviceOf(() =>
      json({
        id: 'c',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: null, tool_calls: [call] },
            finish_reason: 'tool_calls',
          },
        ],
      }),
    );
    const { data } = await parse(
      llm,
      { model: 'openai/m', messages: MESSAGES },
      z.object({ no: z.string() }),
      { mode: 'tool' },
    );
    expect(data).toEqual({ no: 'R-1' });
    expect(sent()[0]).toMatchObject({ tool_choice: { function: { name: 'answer' } } });
    expect(sent()[0]).not.toHaveProperty('response_format');
  });

  it('converts a schema once', async () => {
    let conversions = 0;
    const standard = Zod['~standard'];
    const counted = {
      '~standard': {
        ...standard,
        validate: standard.validate,
        jsonSchema: {
          input: (options: { target: never }) => {
            conversions++;
            return standard.jsonSchema.input(options);
          },
        },
      },
    };
    const { llm } = serviceOf(saying(SAID));
    for (let count = 0; count < 3; count++)
      await parse(llm, { model: 'openai/m', messages: MESSAGES }, counted as never);
    expect(conversions).toBe(1);
  });

  it.each([
    ['no schema', 5, /has to be a Standard Schema/],
    ['valibot by itself', v.object({}), /toStandardJsonSchema/],
    ['what JSON Schema cannot say', z.object({ at: z.date() }), /cannot be written as JSON Schema/],
    ['a class without decorators', class {}, /no field with a decorator/],
  ])('refuses %s in words', async (_name, schema, message) => {
    const { llm, sent } = serviceOf(saying('{}'));
    await expect(
      parse(llm, { model: 'openai/m', messages: MESSAGES }, schema as never),
    ).rejects.toMatchObject({
      name: 'LlmConfigurationError',
      message: expect.stringMatching(message),
    });
    expect(sent()).toEqual([]);
  });
});

describe('an answer that is no value of the schema', () => {
  const ask = async (answer: () => WireAnswer, options = {}) => {
    const { llm, sent } = serviceOf(answer);
    const error = await parse(llm, { model: 'openai/m', messages: MESSAGES }, Zod, options).catch(
      (one: unknown) => one,
    );
    return { error: error as LlmOutputError, sent: sent() };
  };
  const ended = (reason: string, message: object) => () =>
    json({
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [
        { index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason: reason },
      ],
    });

  it('is an error with the issues, the text and the completion, which no log shows', async () => {
    const { error } = await ask(saying('{"no":5,"state":"SECRET-ANSWER","items":[]}'));
    expect(error).toBeInstanceOf(LlmOutputError);
    expect(error).toMatchObject({
      name: 'LlmOutputError',
      fault: 'invalid',
      code: 'invalid',
      provider: 'openai',
      finishReason: 'stop',
    });
    expect(error.issues.map(({ path }) => path)).toEqual([['no'], ['state']]);
    expect(error.text).toContain('SECRET-ANSWER');
    expect(error.completion.choices).toHaveLength(1);
    expect(inspect(error) + JSON.stringify(error)).not.toContain('SECRET-ANSWER');
  });

  it.each([
    ['refused', ended('stop', { refusal: 'I cannot' })],
    ['refused', ended('content_filter', { content: '' })],
    ['length', ended('length', { content: '{"no":"R' })],
    ['not_json', saying('It is paid.')],
    ['not_json', saying('')],
  ])('tells %s apart', async (fault, answer) => {
    expect((await ask(answer)).error).toMatchObject({ fault });
  });

  it('is asked for again with what was wrong, where that is wanted', async () => {
    const { llm, sent } = serviceOf((_body, call) => json(completionOf(call === 0 ? '{"no":5}' : SAID)));
    const { data } = await parse(llm, { model: 'openai/m', messages: MESSAGES }, Zod, { retries: 1 });
    expect(data).toEqual(VALUE);
    const [, second] = sent();
    expect(second.messages).toHaveLength(3);
    expect(second.messages[1]).toMatchObject({ role: 'assistant', content: '{"no":5}' });
    expect(second.messages[2].content).toMatch(/not valid: .*no: /);
  });

  it('is asked for no more often than that, and never after a refusal', async () => {
    expect((await ask(saying('no'), { retries: 2 })).sent).toHaveLength(3);
    expect((await ask(ended('stop', { refusal: 'no' }), { retries: 2 })).sent).toHaveLength(1);
    expect((await ask(saying('no'))).sent).toHaveLength(1);
  });
});
