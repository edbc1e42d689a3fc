import { Agent } from 'node:http';
import { BedrockRuntimeClient, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AWS_CREDENTIALS, AWS_REGION } from '../credentials.js';
import { TextReading } from '../formats/text-reading.js';

/** @param {import('./index.js').Context} context */
export async function open({ row, origin }) {
  const client = new BedrockRuntimeClient({
    region: AWS_REGION,
    credentials: AWS_CREDENTIALS,
    endpoint: `${origin}/${row.id}`,
    maxAttempts: 1,
    // The client's own handler speaks HTTP/2 alone, and this one's agent opens 50 connections.
    requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true }) }),
  });
  const input = { modelId: row.model, ...row.request };
  return {
    async stream(onFirst) {
      const reading = new TextReading(onFirst);
      const { stream } = await client.send(new ConverseStreamCommand(input));
      for await (const { contentBlockDelta, metadata } of stream) {
        if (contentBlockDelta?.delta.text) reading.piece(contentBlockDelta.delta.text);
        if (metadata) reading.tokens = metadata.usage.totalTokens;
      }
      return reading.outcome();
    },
  };
}
