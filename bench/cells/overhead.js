/**
 * Nanoseconds of a call or a chunk without sockets: the shortest of many batches, each short enough to run undisturbed
 * now and then. It repeats within a few hundredths on a machine where CPU times are worth nothing.
 */
import { replaySession } from '../replay.js';
import { rowOf } from '../rows.js';
import { openCell, report } from './open.js';

const MEASURE_MS = 3000;
const WARM_UP = 300;
const BATCH = { call: 200, chunk: 4 };

await report(async (cell) => {
  const row = rowOf(cell.row);
  const call = await openCell(cell, replaySession(row));
  for (let index = 0; index < WARM_UP; index++) await call();
  const units = BATCH[row.unit] * (row.unit === 'chunk' ? row.expected.pieces : 1);
  let least = Infinity;
  for (const until = performance.now() + MEASURE_MS; performance.now() < until;) {
    const before = process.hrtime.bigint();
    for (let index = 0; index < BATCH[row.unit]; index++) await call();
    least = Math.min(least, Number(process.hrtime.bigint() - before) / units);
  }
  return { ns: least };
});
