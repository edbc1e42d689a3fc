/**
 * CPU, rate and event-loop delay of one contender on one row. Warms up, then measures a batch at each message: the
 * contenders of a row take turns with their batches, so that they see the same machine.
 */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { rowOf } from '../rows.js';
import { openCell, run, takeOrders } from './open.js';

const WARM_UP = 32;
const RESOLUTION_MS = 5;

await takeOrders(async (cell) => {
  const row = rowOf(cell.row);
  const call = await openCell(cell);
  if (call === undefined) return undefined;
  const units = row.unit === 'chunk' ? row.expected.pieces : 1;
  await run(call, cell.warmUp, WARM_UP);
  let opened = WARM_UP;
  return async ({ parallel, count }) => {
    // Opening the connections is not what is measured.
    if (parallel > opened) await run(call, parallel, parallel);
    opened = Math.max(opened, parallel);
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delay.enable();
    const cpuBefore = process.cpuUsage();
    const before = performance.now();
    await run(call, count, parallel);
    const seconds = (performance.now() - before) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    delay.disable();
    return {
      cpu: (user + system) / (count * units),
      rate: (count * units) / seconds,
      loopDelayP50: Math.max(0, delay.percentile(50) / 1e6 - RESOLUTION_MS),
      loopDelayP99: Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS),
    };
  };
});
