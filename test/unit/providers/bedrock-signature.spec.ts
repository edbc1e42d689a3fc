import { describe, expect, it } from '@jest/globals';
import type { AuthorizableRequest } from '../../../lib/index.js';
import { signRequest } from '../../../lib/providers/bedrock/aws/sign-request.js';

const CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const DATE = new Date('2015-08-30T12:36:00Z');
const STS_TOKEN =
  'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==';

interface Case {
  name: string;
  request: AuthorizableRequest;
  sessionToken?: string;
  signed: string;
  signature: string;
}

/** AWS's Signature Version 4 test suite, by the names of its cases. */
const SUITE: Case[] = [
  {
    name: 'post-vanilla',
    request: { method: 'POST', url: 'https://example.amazonaws.com/', headers: {}, body: null },
    signed: 'host;x-amz-date',
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    name: 'get-vanilla-query-order-key-case',
    request: {
      method: 'GET',
      url: 'https://example.amazonaws.com/?Param2=value2&Param1=value1',
      headers: {},
      body: null,
    },
    signed: 'host;x-amz-date',
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    name: 'post-x-www-form-urlencoded',
    request: {
      method: 'POST',
      url: 'https://example.amazonaws.com/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Param1=value1',
    },
    signed: 'content-type;host;x-amz-date',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
  {
    name: 'post-sts-header-before',
    request: { method: 'POST', url: 'https://example.amazonaws.com/', headers: {}, body: null },
    sessionToken: STS_TOKEN,
    signed: 'host;x-amz-date;x-amz-security-token',
    signature: '85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead',
  },
  {
    name: 'get-vanilla-with-session-token',
    request: { method: 'GET', url: 'https://example.amazonaws.com/', headers: {}, body: null },
    sessionToken: '6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267',
    signed: 'host;x-amz-date;x-amz-security-token',
    signature: '07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8',
  },
];

describe('signRequest', () => {
  it.each(SUITE)(
    'signs $name as the test suite does',
    async ({ request, sessionToken, signed, signature }) => {
      const scope = { region: 'us-east-1', service: 'service' };
      const headers = await signRequest(request, { ...CREDENTIALS, sessionToken }, scope, DATE);
      expect(headers).toEqual({
        authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${signed}, Signature=${signature}`,
        'x-amz-date': '20150830T123600Z',
        ...(sessionToken && { 'x-amz-security-token': sessionToken }),
      });
    },
  );

  // Expected values from @smithy/signature-v4 5.7.5, the signer of AWS's own SDK.
  it.each([
    [
      '/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse',
      '89313139ae7b1dce0ea52d07bd3cbc485064af0c8722355e96f4f759102ddbd8',
    ],
    [
      '/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Ainference-profile%2Feu.amazon.nova-lite-v1%3A0/converse-stream',
      '1e60a0dd486c264879f03c7d267e26c921ec6818bf613f831d56b05088157d35',
    ],
  ])('signs %s, and text beyond ASCII, as the SDK does', async (path, signature) => {
    const text = '{"messages":[{"role":"user","content":[{"text":"Grüße, 世界"}]}]}';
    for (const body of [text, Buffer.from(text)]) {
      const request: AuthorizableRequest = {
        method: 'POST',
        url: `https://bedrock-runtime.eu-central-1.amazonaws.com${path}`,
        headers: { 'content-type': 'application/json', accept: '*/*', 'user-agent': 'nestjs-llm' },
        body,
      };
      const { authorization } = await signRequest(
        request,
        { ...CREDENTIALS, sessionToken: 'token==' },
        { region: 'eu-central-1', service: 'bedrock' },
        DATE,
      );
      expect(authorization).toBe(
        `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=${signature}`,
      );
    }
  });
});
