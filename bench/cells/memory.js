/** Heap and resident memory of a stream that is open and silent. Needs --expose-gc. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openCell, report } from './open.js';

const AT_ONCE = 50;

async function settled() {
  for (let index = 0; index < 4; index++) {
    globalThis.gc();
    await sleep(50);
  }
  return process.memoryUsage();
}

await report(async (cell) => {
  const call = await openCell({ ...cell, row: 'hold' });
  const open = () => new Promise((resolve, reject) => void call(resolve).catch(reject));
  for (let index = 0; index < 20; index++) await open();
  const before = await settled();
  for (let index = 0; index < cell.streams; index += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, open));
  }
  const after = await settled();
  const perStream = (name) => (after[name] - before[name]) / cell.streams / 1024;
  return { heap: perStream('heapUsed'), rss: perStream('rss') };
});
