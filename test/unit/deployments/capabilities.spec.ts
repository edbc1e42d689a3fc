import { afterAll, describe, expect, it } from '@jest/globals';
import {
  LlmHandler,
  LlmService,
  UnknownProviderError,
  type CompletionCapabilities,
} from '../../../lib/index.js';

const handler = new LlmHandler();
const llm = new LlmService(handler);

afterAll(() => handler.close());

describe('the capabilities of a model', () => {
  it.each<[string, Partial<CompletionCapabilities>]>([
    ['anthropic/claude-sonnet-5', { structuredOutput: 'native', reasoning: true, promptCaching: true }],
    [
      'anthropic/claude-3-5-haiku-20241022',
      { structuredOutput: 'tool', reasoning: false, promptCaching: true },
    ],
    ['anthropic/claude-2.1', { structuredOutput: 'tool', reasoning: false, promptCaching: false }],
    ['vertex_ai/claude-3-7-sonnet@20250219', { structuredOutput: 'tool', reasoning: true }],
    ['bedrock/anthropic.claude-3-haiku-20240307-v1:0', { reasoning: false }],
    ['gemini/gemini-2.5-pro', { tools: true, structuredOutput: 'native', reasoning: true }],
    ['gemini/gemini-1.5-flash', { tools: true, reasoning: false }],
    ['gemini/gemma-3-27b-it', { tools: false, structuredOutput: false, reasoning: false }],
    ['openai/gpt-4o', { tools: true, structuredOutput: 'native', reasoning: false, audio: true }],
    ['gpt-4o', { audio: true }],
    ['openrouter/openai/gpt-4o', { reasoning: false }],
    ['openrouter/openai/gpt-5', { reasoning: true }],
    ['groq/a-model-of-tomorrow', { reasoning: true }],
  ])('%s', (model, expected) => {
    expect(llm.capabilities(model).completion).toMatchObject(expected);
  });

  it('come with where the model is, and whether its provider embeds', () => {
    expect(llm.capabilities('anthropic/claude-sonnet-5')).toMatchObject({
      provider: 'anthropic',
      model: 'claude-sonnet-5',
      embedding: false,
    });
    expect(llm.capabilities('voyage/voyage-3.5')).toEqual({
      provider: 'voyage',
      model: 'voyage-3.5',
      completion: undefined,
      embedding: true,
    });
  });

  it('are refused of a provider that nobody knows', () => {
    expect(() => llm.capabilities('antropic/claude-sonnet-5')).toThrow(UnknownProviderError);
  });
});
