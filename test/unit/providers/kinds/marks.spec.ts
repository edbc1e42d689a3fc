import { describe, expect, it } from '@jest/globals';
import type { ChatRequest } from '../../../../lib/index.js';
import { translate } from '../../../support/translated.js';

const cache_control = { type: 'ephemeral' as const, ttl: '1h' as const };
const part = (text: string) => ({ type: 'text' as const, text, cache_control });
const tool = { type: 'function' as const, function: { name: 'look_up' } };
const MARKED: Pick<ChatRequest, 'messages' | 'tools'> = {
  messages: [
    { role: 'system', content: [part('Be brief.')] },
    { role: 'user', content: [part('Hi')] },
    // Beside the message, as LiteLLM has it.
    { role: 'user', content: 'Go on', cache_control } as any,
  ],
  tools: [{ ...tool, cache_control }],
};

describe('the marks of a prompt cache', () => {
  it.each<[string, number, string | undefined, boolean]>([
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 4, '1h', false],
    ['us.anthropic.claude-sonnet-4-20250514-v1:0', 4, undefined, false],
    ['us.amazon.nova-pro-v1:0', 3, undefined, true],
    ['us.meta.llama3-3-70b-instruct-v1:0', 0, undefined, true],
  ])('are points of %s: %i of them, of the lifetime %s', (model, points, ttl, isNamed) => {
    const { body, dropped } = translate({ model: `bedrock/${model}`, ...MARKED });
    const found = JSON.stringify(body).match(/"cachePoint":\{[^}]*\}/g) ?? [];
    expect(found).toHaveLength(points);
    const point = JSON.stringify({ type: 'default', ...(ttl && { ttl }) });
    for (const one of found) expect(one).toBe(`"cachePoint":${point}`);
    expect(dropped).toEqual(isNamed ? ['cache_control'] : []);
  });

  it('stand at Anthropic where they were', () => {
    const { body } = translate({ model: 'anthropic/claude-sonnet-4-5', ...MARKED });
    expect(JSON.stringify(body).match(/"cache_control"/g)).toHaveLength(4);
  });
});

describe('a document', () => {
  const file = {
    type: 'file' as const,
    file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
  };

  it.each([[[file]], [[{ type: 'text' as const, text: ' ' }, file]]])(
    'has a text beside it on Bedrock: %#',
    (content) => {
      const { body } = translate({
        model: 'bedrock/us.amazon.nova-pro-v1:0',
        messages: [{ role: 'user', content }],
      });
      expect(body.messages[0].content).toEqual([{ document: expect.anything() }, { text: '.' }]);
    },
  );
});

describe('the betas of Anthropic', () => {
  const own = (type: string): any => ({ type, name: 'own' });
  const mcp: any = {
    type: 'mcp',
    server_url: 'https://tools.test/sse',
    server_label: 'tools',
    headers: { Authorization: 'Bearer secret' },
    allowed_tools: ['look'],
  };
  const betasOf = (tools: any[]) =>
    translate({ model: 'anthropic/claude-opus-4-6', messages: [{ role: 'user', content: 'Hi' }], tools });

  it.each([
    ['computer-use-2025-11-24', own('computer_20251124')],
    ['computer-use-2025-01-24', own('computer_20250124')],
    ['mcp-client-2025-11-20', mcp],
    ['advanced-tool-use-2025-11-20', { ...tool, defer_loading: true }],
    [undefined, own('web_search_20250305')],
  ])('go with the tool that needs them: %s', (beta, one) => {
    expect(betasOf([one]).headers['anthropic-beta']).toBe(beta);
  });

  it('reaches a server of tools', () => {
    const { body } = betasOf([mcp]);
    expect(body.mcp_servers).toEqual([
      { type: 'url', url: 'https://tools.test/sse', name: 'tools', authorization_token: 'secret' },
    ]);
    expect(body.tools).toEqual([
      {
        type: 'mcp_toolset',
        mcp_server_name: 'tools',
        default_config: { enabled: false },
        configs: { look: { enabled: true } },
      },
    ]);
  });

  it('says so where the host calls no servers of tools', () => {
    const request = {
      model: 'vertex_ai/claude-sonnet-4-5',
      messages: [{ role: 'user' as const, content: 'Hi' }],
    };
    expect(() => translate({ ...request, tools: [mcp] })).toThrow('mcp');
  });
});
