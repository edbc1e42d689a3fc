import { describe, expect, it } from '@jest/globals';
import type { ChatRequest } from '../../../../lib/index.js';
import { translate } from '../../../support/translated.js';
import { WIRE_VIEWS } from '../../../support/wire-views.js';
import { CLAUDES, GEMINIS } from './hosts.js';

const messages: ChatRequest['messages'] = [{ role: 'user', content: 'Hi' }];
const text = { type: 'string' };
const toolOf = (parameters: Record<string, unknown>): ChatRequest['tools'] => [
  { type: 'function', function: { name: 'save', parameters } },
];

describe.each(CLAUDES)('the parameters of a tool for $model', ({ model, wire }) => {
  const schemaOf = (parameters: Record<string, unknown>) =>
    WIRE_VIEWS[wire].tools(translate({ model, messages, tools: toolOf(parameters) }).body)[0]!.schema;

  it('are one object, where they are a union', () => {
    const schema = schemaOf({
      $defs: { Zip: { type: 'object', properties: { zip: text, land: text }, required: ['zip', 'land'] } },
      anyOf: [
        { type: 'object', properties: { city: text, land: text }, required: ['city', 'land'] },
        { $ref: '#/$defs/Zip' },
        { type: 'null' },
      ],
    });
    expect(schema).toMatchObject({
      type: 'object',
      properties: { city: text, zip: text, land: text },
      required: ['land'],
      description: expect.stringContaining('"city"'),
    });
    expect(schema).not.toHaveProperty('anyOf');
  });

  it('are one object, where they are several at once', () => {
    const schema = schemaOf({
      allOf: [
        { properties: { a: text }, required: ['a'] },
        { properties: { b: text }, required: ['b'] },
      ],
    });
    expect(schema).toEqual({ type: 'object', properties: { a: text, b: text }, required: ['a', 'b'] });
  });

  it('are refused, where no object says the same', () => {
    expect(() => schemaOf({ anyOf: [text, { type: 'object' }] })).toThrow('union');
  });
});

describe.each(GEMINIS)('a schema for $model', ({ model }) => {
  const schema = {
    type: 'object',
    properties: {
      owner: { $ref: '#/$defs/Person', description: 'Who has it' },
      kind: { type: 'string', const: 'car' },
      both: { allOf: [{ $ref: '#/$defs/Person' }, { properties: { age: { type: 'integer' } } }] },
    },
    $defs: { Person: { type: 'object', properties: { name: text } } },
  };
  const expected = {
    type: 'object',
    properties: {
      owner: { anyOf: [{ $ref: '#/$defs/Person' }], description: 'Who has it' },
      kind: { type: 'string', enum: ['car'] },
      both: { type: 'object', properties: { name: text, age: { type: 'integer' } } },
    },
    $defs: { Person: { type: 'object', properties: { name: text } } },
  };

  it('has the words that Gemini reads: of parameters', () => {
    const { body } = translate({ model, messages, tools: toolOf(schema) });
    expect(WIRE_VIEWS.gemini.tools(body)[0]!.schema).toEqual(expected);
  });

  it('has the words that Gemini reads: of an answer', () => {
    const response_format = { type: 'json_schema' as const, json_schema: { name: 'a', schema } };
    const { body } = translate({ model, messages, response_format });
    expect(body.generationConfig.responseJsonSchema).toEqual(expected);
  });

  it('is not sent beside functions to a model that takes one of the two', () => {
    const request = {
      model,
      messages,
      tools: toolOf(schema),
      response_format: { type: 'json_object' as const },
    };
    if (model.includes('gemini-3')) {
      expect(translate(request).body.generationConfig.responseMimeType).toBe('application/json');
      return;
    }
    expect(() => translate(request)).toThrow('response_format');
    const { body, dropped } = translate(request, { dropParams: true });
    expect(dropped).toEqual(['response_format']);
    expect(body.generationConfig?.responseMimeType).toBeUndefined();
  });

  it('in the result of a tool is no reference of the provider’s', () => {
    const content = '{"$ref":"#/somewhere"}';
    const { body } = translate({
      model,
      messages: [
        ...messages,
        {
          role: 'assistant',
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'save', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'a', content },
      ],
    });
    expect(body.contents[2].parts[0].functionResponse.response).toEqual({ output: content });
  });
});

describe('Gemma', () => {
  const model = 'gemini/gemma-3-27b-it';

  it('reads the instructions before what the user says', () => {
    const { body } = translate({ model, messages: [{ role: 'system', content: 'Be brief.' }, ...messages] });
    expect(body).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Be brief.' }, { text: 'Hi' }] }] });
  });

  it.each<[string, Partial<ChatRequest>]>([
    ['tools', { tools: toolOf({}) }],
    ['response_format', { response_format: { type: 'json_object' } }],
    ['reasoning_effort', { reasoning_effort: 'low' }],
  ])('is not sent %s, which it lacks', (name, fields) => {
    expect(() => translate({ model, messages, ...fields })).toThrow(name);
    expect(translate({ model, messages, ...fields }, { dropParams: true }).dropped).toEqual([name]);
  });
});
