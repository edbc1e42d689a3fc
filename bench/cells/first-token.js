/** From the call to the first piece of content, one call at a time. */
import { performance } from 'node:perf_hooks';
import { openCell, report } from './open.js';

await report(async (cell) => {
  const call = await openCell({ ...cell, row: 'first-token' });
  const delays = [];
  const count = Math.round(300 * (cell.scale ?? 1));
  for (let index = 0; index < count * 1.5; index++) {
    const before = performance.now();
    let first;
    await call(() => (first = performance.now()));
    if (index >= count / 2) delays.push((first - before) * 1000);
  }
  delays.sort((a, b) => a - b);
  return { p50: delays[delays.length >> 1], p99: delays[Math.floor(delays.length * 0.99)] };
});
