import { expect, it } from '@jest/globals';
import type { ChatCompletionChunk } from '../../../../lib/index.js';
import { ChunkQueue } from '../../../../lib/operations/chat/chunk-queue.js';
import { chunkOf } from '../../../support/upstream.js';

it('keeps no chunk for a consumer that has read it, though it never catches up', async () => {
  const queue = new ChunkQueue();
  const queued = queue as unknown as { chunks: unknown[] };
  const push = (number: number) => queue.push(chunkOf({ content: String(number) }) as ChatCompletionChunk);
  for (let number = 0; number < 10; number++) push(number);
  let longest = 0;
  for (let number = 10; number < 2000; number++) {
    push(number);
    const { value } = await queue.next();
    expect(value!.choices[0]!.delta.content).toBe(String(number - 10));
    longest = Math.max(longest, queued.chunks.length);
  }
  expect(longest).toBeLessThan(200);
});
