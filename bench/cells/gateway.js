/** CPU of a gateway per request and per chunk, and what its clients wait. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { gateways } from '../contenders/gateways.js';
import { rowOf } from '../rows.js';
import { report } from './open.js';

const PARALLEL = 32;

await report(async ({ contender, row: id, port: upstream, undici: undiciName, scale = 1 }) => {
  const row = rowOf(id);
  const undici = await import(undiciName);
  const agent = new undici.Agent({
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 60_000,
  });
  const origin = `http://127.0.0.1:${upstream}`;
  const baseURL = `${origin}/${row.id}${row.prefix}`;
  const { listen } = gateways[contender];
  const { port, headers } = (await listen?.({ row, origin, baseURL, undici, agent })) ?? {};
  const target =
    port === undefined
      ? { port: upstream, path: `/${row.id}${row.prefix}${row.path}` }
      : { port, path: `/v1${row.path}`, headers };
  const load = fork(new URL('load.js', import.meta.url));
  const drive = async (count, parallel) => {
    load.send({ row: id, ...target, count, parallel });
    const [taken] = await once(load, 'message');
    if (taken.error !== undefined) throw new Error(taken.error);
    return taken;
  };
  const count = Math.ceil(row.calls[PARALLEL] * scale);
  await drive(Math.max(count, PARALLEL * 2), PARALLEL);
  const before = process.cpuUsage();
  const busy = await drive(count, PARALLEL);
  const { user, system } = process.cpuUsage(before);
  const alone = await drive(Math.ceil((row.reply.everyMs === undefined ? 300 : 3) * scale), 1);
  load.kill();
  // The driver checks one more call than it counts.
  const cpu = (user + system) / (count + 1);
  return { cpu, cpuPerPiece: cpu / row.expected.pieces, busy, alone };
});
