/**
 * Heap allocated by a call: steadier than time, so a guard can be strict about it. Runs with a young generation that
 * is not collected meanwhile (--expose-gc --max-semi-space-size).
 */
import { rowOf } from '../rows.js';
import { openCell, report, run } from './open.js';

/** Few enough that the young generation holds it all. */
const CALLS = { call: 200, chunk: 20 };

await report(async (cell) => {
  const row = rowOf(cell.row);
  const call = await openCell(cell);
  const count = CALLS[row.unit];
  await run(call, count * 3, 8);
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  await run(call, count, 8);
  const after = process.memoryUsage().heapUsed;
  const units = count * (row.unit === 'chunk' ? row.expected.pieces : 1);
  return { bytes: (after - before) / units };
});
