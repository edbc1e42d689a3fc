/** Runs tasks so that what disturbs the machine disturbs all contenders alike. */
import { Cell, runCell } from './child.js';
import { contenders } from './contenders/index.js';
import { rowOf } from './rows.js';

/** In every other round the order is reversed. */
const inTurn = (items, round) => (round % 2 === 0 ? items : items.toReversed());

/** One process a contender; a batch of each in turn. */
export async function measureRow(platform, { row: id, names, rounds, calls, port, build }, log) {
  const row = rowOf(id);
  const byParallel = calls ?? row.calls;
  const cells = new Map();
  const taken = {};
  const shareOf = (name) => contenders[name].share ?? 1;
  try {
    for (const name of names) {
      log(`${id}: warming up ${name}`);
      const warmUp = Math.ceil(
        (row.warmUp ?? (byParallel[32] ?? Object.values(byParallel)[0]) * 3) * shareOf(name),
      );
      const cell = new Cell('calls', platform, {
        contender: name,
        row: id,
        port,
        build,
        warmUp,
      });
      cells.set(name, cell);
      if ((await cell.figures()) === null) {
        await cell.stop();
        cells.delete(name);
      }
    }
    for (let round = 0; round < rounds; round++) {
      for (const [text, most] of Object.entries(byParallel)) {
        const parallel = Number(text);
        for (const name of inTurn([...cells.keys()], round)) {
          log(`${id}: round ${round + 1}/${rounds}, ${parallel} in parallel, ${name}`);
          const count = Math.max(parallel, Math.ceil(most * shareOf(name)));
          const figures = await cells.get(name).figures({ parallel, count });
          ((taken[name] ??= [])[round] ??= {})[parallel] = figures;
        }
      }
    }
  } finally {
    for (const cell of cells.values()) await cell.stop();
  }
  return taken;
}

/** One process a task and round. */
export async function measureTasks(platform, tasks, { rounds, port }, log) {
  const taken = new Map(tasks.map((task) => [task, []]));
  for (let round = 0; round < rounds; round++) {
    for (const task of inTurn(tasks, round)) {
      if (round >= (task.rounds ?? rounds)) continue;
      log(`round ${round + 1}/${rounds}: ${task.path.join(' ')}`);
      taken.get(task).push(await runCell(task.script, platform, { ...task.cell, port }, task.execArgv));
    }
  }
  return taken;
}
