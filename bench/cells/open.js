/** What the child processes have in common: one contender, opened for one row. */
import assert from 'node:assert/strict';
import { contenders } from '../contenders/index.js';
import { rowOf } from '../rows.js';

const AGENT = {
  allowH2: false,
  headersTimeout: 0,
  bodyTimeout: 0,
  keepAliveTimeout: 60_000,
  keepAliveMaxTimeout: 60_000,
};

/**
 * @param {{ contender: string, row: string, port: number, undici: string }} cell
 * @param {object} [session] instead of an undici agent
 * @returns {Promise<import('../contenders/index.js').Operation>} one call; it fails when the outcome is not the row's
 */
export async function openCell(cell, session) {
  const row = rowOf(cell.row);
  const contender = contenders[cell.contender];
  const undici = await import(cell.undici);
  const agent = session ?? new undici.Agent(AGENT);
  const origin = `http://127.0.0.1:${cell.port}`;
  const implementation = await contender.load();
  const operations = await implementation.open({
    row,
    origin,
    baseURL: `${origin}/${row.id}${row.prefix}`,
    undici,
    agent,
    build: cell.build,
  });
  const operation = operations[row.operation];
  if (operation === undefined) return undefined;
  const expected = contender.countsOnly ? { bytes: sizeOf(row.reply) } : row.expected;
  const { bytes, text, pieces, tokens } = expected;
  return async (onFirst) => {
    const outcome = await operation(onFirst);
    // Compared by hand on the hot path: deepEqual costs as much as a call.
    if (
      contender.countsOnly
        ? outcome.bytes !== bytes
        : outcome.text !== text || outcome.pieces !== pieces || outcome.tokens !== tokens
    ) {
      assert.deepEqual(outcome, expected);
    }
    return outcome;
  };
}

const sizeOf = ({ pieces }) => pieces.reduce((sum, piece) => sum + piece.length, 0);

// The process that forked this one is gone: nobody waits for the figures.
process.on('disconnect', () => process.exit());

/** Runs `count` calls, `parallel` of them at a time. */
export async function run(call, count, parallel) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: Math.min(parallel, count) }, worker));
}

/** Runs a cell's measure and hands its figures to the process that forked it. */
export async function report(measure) {
  const cell = JSON.parse(process.argv[2]);
  try {
    process.send({ figures: await measure(cell) }, () => process.exit());
  } catch (error) {
    process.send({ error: error?.stack ?? String(error) }, () => process.exit(1));
  }
}

/**
 * Prepares a cell, tells that it is ready, and measures at each message.
 *
 * @param {(cell: object) => Promise<((order: object) => Promise<object>) | undefined>} prepare `undefined` when the
 *   contender does not offer the operation
 */
export async function takeOrders(prepare) {
  const fail = (error) => process.send({ error: error?.stack ?? String(error) }, () => process.exit(1));
  try {
    const measure = await prepare(JSON.parse(process.argv[2]));
    process.on('message', (order) => {
      measure(order).then((figures) => process.send({ figures }), fail);
    });
    process.send({ figures: measure === undefined ? null : {} });
  } catch (error) {
    fail(error);
  }
}
