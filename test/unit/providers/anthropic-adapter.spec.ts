import { describe, expect, it } from '@jest/globals';
import { AuthenticationError, LlmConfigurationError } from '../../../lib/index.js';
import { anthropicAdapter } from '../../../lib/providers/anthropic/anthropic.adapter.js';
import { readAnthropicError } from '../../../lib/providers/anthropic/anthropic.errors.js';
import { toOutputSchema } from '../../../lib/providers/kit/families/claude-schema.js';

describe('the connection to Anthropic', () => {
  const version = { 'anthropic-version': '2023-06-01' };

  it.each<[string, Record<string, unknown>, Record<string, string>, string, Record<string, string>]>([
    [
      'a key of the options',
      { apiKey: 'k' },
      { ANTHROPIC_API_KEY: 'other', ANTHROPIC_AUTH_TOKEN: 'token' },
      'https://api.anthropic.com/v1',
      { ...version, 'x-api-key': 'k' },
    ],
    [
      'a key of the environment',
      {},
      { ANTHROPIC_API_KEY: 'k', ANTHROPIC_AUTH_TOKEN: 'token' },
      'https://api.anthropic.com/v1',
      { ...version, 'x-api-key': 'k' },
    ],
    [
      'a token of the environment',
      {},
      { ANTHROPIC_AUTH_TOKEN: 'token' },
      'https://api.anthropic.com/v1',
      { ...version, authorization: 'Bearer token' },
    ],
    [
      'a token of the options, before a key of the environment',
      { authToken: 'token' },
      { ANTHROPIC_API_KEY: 'k' },
      'https://api.anthropic.com/v1',
      { ...version, authorization: 'Bearer token' },
    ],
    [
      'a base URL of the environment, as the SDK has it',
      { apiKey: 'k' },
      { ANTHROPIC_BASE_URL: 'https://gateway.example.com/anthropic/' },
      'https://gateway.example.com/anthropic/v1',
      { ...version, 'x-api-key': 'k' },
    ],
    [
      'a base URL of the environment that has its version',
      { apiKey: 'k' },
      { ANTHROPIC_BASE_URL: 'https://gateway.example.com/v1' },
      'https://gateway.example.com/v1',
      { ...version, 'x-api-key': 'k' },
    ],
    [
      'a base URL and headers of the options',
      { apiKey: 'k', baseURL: 'https://example.com/x', headers: { 'anthropic-beta': 'b' } },
      { ANTHROPIC_BASE_URL: 'https://gateway.example.com' },
      'https://example.com/x',
      { ...version, 'x-api-key': 'k', 'anthropic-beta': 'b' },
    ],
  ])('takes %s', (_name, options, env, baseURL, headers) => {
    expect(anthropicAdapter.connect(options, env)).toEqual({ baseURL, headers });
  });

  it('asks a function for its key before each attempt', async () => {
    let asked = 0;
    const { authorize, headers } = anthropicAdapter.connect({ apiKey: () => `k${++asked}` }, {});
    expect(headers).toEqual(version);
    const authorizable = { method: 'POST' as const, url: 'https://x', headers: {}, body: null };
    const exchange = () => Promise.reject(new Error('no request is needed'));
    expect(await authorize!(authorizable, exchange as never)).toEqual({ 'x-api-key': 'k1' });
    expect(await authorize!(authorizable, exchange as never)).toEqual({ 'x-api-key': 'k2' });
  });

  it('names the variables when there is neither a key nor a token', () => {
    const attempt = () => anthropicAdapter.connect({}, {});
    expect(attempt).toThrow(AuthenticationError);
    expect(attempt).toThrow('ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN');
  });

  it('refuses a key that no header may have, without saying it', () => {
    const attempt = () => anthropicAdapter.connect({ apiKey: 'secret\n' }, {});
    expect(attempt).toThrow(LlmConfigurationError);
    expect(attempt).not.toThrow('secret');
  });
});

describe('an error of Anthropic', () => {
  const bodyOf = (type: unknown, message: unknown) => ({ type: 'error', error: { type, message } });

  it.each([
    ['invalid_request_error', 'messages: required', undefined, 400],
    ['invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum', 'context_window', 400],
    [
      'invalid_request_error',
      'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
      'context_window',
      400,
    ],
    ['invalid_request_error', 'Output blocked by content filtering policy', 'content_policy', 400],
    ['invalid_request_error', 'Your credit balance is too low to access the API', 'quota', 400],
    ['billing_error', 'Check your billing', 'quota', 402],
    ['authentication_error', 'invalid x-api-key', undefined, 401],
    ['permission_error', 'no access', undefined, 403],
    ['not_found_error', 'model: x', undefined, 404],
    ['request_too_large', 'Request exceeds the maximum size', undefined, 413],
    ['rate_limit_error', 'prompt is too long for your rate', undefined, 429],
    ['api_error', 'Internal server error', undefined, 500],
    ['timeout_error', 'timed out', undefined, 504],
    ['overloaded_error', 'Overloaded', undefined, 529],
    ['new_error', 'x', undefined, undefined],
  ])('is read: %s, %s', (type, message, kind, status) => {
    expect(readAnthropicError(bodyOf(type, message))).toMatchObject({ type, message, kind, status });
  });

  it.each([[null], ['text'], [[]], [{}], [{ error: 'x' }], [{ error: {} }], [bodyOf(1, 2)]])(
    'is not found in %j',
    (body) => {
      expect(readAnthropicError(body)).toBeUndefined();
    },
  );

  it('has its type for a message when it has none', () => {
    expect(readAnthropicError(bodyOf('api_error', ''))).toMatchObject({ message: 'api_error' });
  });
});

describe('a schema for structured output', () => {
  it('is closed, and says in words what is not enforced', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      description: 'A person.',
      additionalProperties: true,
      minProperties: 1,
      properties: {
        // Names of properties that are keywords elsewhere.
        minimum: { type: 'number', minimum: 0 },
        oneOf: { oneOf: [{ type: 'string', format: 'email' }, { type: 'null' }] },
        tags: { type: 'array', minItems: 1, maxItems: 3, items: { type: 'string', format: 'slug' } },
        nested: { type: ['object', 'null'], properties: {} },
        of: { $ref: '#/$defs/of' },
      },
      required: ['minimum'],
      $defs: { of: { enum: ['a', 'b'] } },
    };
    const before = structuredClone(schema);
    expect(toOutputSchema(schema)).toEqual({
      type: 'object',
      description: 'A person.\n\n{minProperties: 1}',
      additionalProperties: false,
      properties: {
        minimum: { type: 'number', description: '{minimum: 0}' },
        oneOf: { anyOf: [{ type: 'string', format: 'email' }, { type: 'null' }] },
        tags: {
          type: 'array',
          minItems: 1,
          description: '{maxItems: 3}',
          items: { type: 'string', description: '{format: "slug"}' },
        },
        nested: { type: ['object', 'null'], properties: {}, additionalProperties: false },
        of: { $ref: '#/$defs/of' },
      },
      required: ['minimum'],
      $defs: { of: { enum: ['a', 'b'] } },
    });
    expect(schema).toEqual(before);
  });
});
