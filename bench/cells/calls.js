/** CPU, rate and event-loop delay of one contender on one row, at each number of calls in parallel. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { rowOf } from '../rows.js';
import { openCell, report, run } from './open.js';

const WARM_UP = 32;

await report(async (cell) => {
  const row = rowOf(cell.row);
  const call = await openCell(cell);
  if (call === undefined) return null;
  const calls = cell.calls ?? row.calls;
  const parallels = Object.keys(calls)
    .map(Number)
    .filter((parallel) => cell.parallels === undefined || cell.parallels.includes(parallel));
  const scale = cell.scale ?? 1;
  const warm = calls[WARM_UP] ?? Object.values(calls)[0];
  await run(call, Math.ceil(warm * 0.6 * scale), WARM_UP);
  const figures = {};
  for (const parallel of parallels) {
    const count = Math.max(parallel, Math.round(calls[parallel] * scale));
    // Opens the connections.
    if (parallel > WARM_UP) await run(call, parallel, parallel);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const cpuBefore = process.cpuUsage();
    const before = performance.now();
    await run(call, count, parallel);
    const seconds = (performance.now() - before) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    delay.disable();
    const units = count * (row.unit === 'chunk' ? row.expected.pieces : 1);
    figures[parallel] = {
      cpu: (user + system) / units,
      userCpu: user / units,
      rate: units / seconds,
      loopDelayP50: Math.max(0, delay.percentile(50) / 1e6 - 5),
      loopDelayP99: Math.max(0, delay.percentile(99) / 1e6 - 5),
    };
  }
  return figures;
});
