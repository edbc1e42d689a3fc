import { execSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { runCell, startUpstream } from './child.js';
import { compareWithGuard, guardOf } from './guard.js';
import { measures } from './measures.js';
import { HELP, readOptions } from './options.js';
import { platformOf, versionOf } from './platforms.js';
import { contenders } from './contenders/index.js';
import { gateways } from './contenders/gateways.js';
import { drawing } from './report/svg.js';
import { markdown } from './report/markdown.js';
import { summarize } from './report/statistics.js';

const QUICK_ROWS = ['unary', 'stream', 'tools'];
const file = (name) => new URL(name, import.meta.url);

let options;
try {
  options = readOptions();
} catch (error) {
  console.error(`${error.message}\n\n${HELP}`);
  process.exit(2);
}
if (options.help) {
  console.log(HELP);
  process.exit();
}

if (!existsSync(file('../dist/esm/index.js')) || process.env.CI === undefined) {
  execSync('npm run --silent build', { cwd: file('..'), stdio: 'inherit' });
}

function put(target, path, value) {
  const last = path.at(-1);
  let at = target;
  for (const name of path.slice(0, -1)) at = at[name] ??= {};
  (at[last] ??= []).push(value);
}

/** The rounds' figures as lists turn into their summaries, beside the lists, which the ratios are made of. */
function leaves(tree) {
  return Object.fromEntries(
    Object.entries(tree).map(([name, value]) => [
      name,
      Array.isArray(value) ? { rounds: value, ...summarize(value) } : leaves(value),
    ]),
  );
}

/** Every task once a round, the order reversed in every other one, so that a slow spell hits neighbours alike. */
async function measure(platform, tasks, rounds, port) {
  const figures = {};
  const failures = [];
  for (let round = 0; round < rounds; round++) {
    const due = tasks.filter((task) => round < (task.rounds ?? Infinity));
    if (round % 2 === 1) due.reverse();
    for (const { path, script, cell, execArgv } of due) {
      if (process.stderr.isTTY) {
        process.stderr.write(`\r\x1b[K${platform.name}, round ${round + 1}/${rounds}: ${path.join(' ')}`);
      }
      try {
        const taken = await runCell(script, platform, { ...cell, port }, execArgv);
        if (taken !== null) put(figures, path, taken);
      } catch (error) {
        failures.push(error.message);
        console.error(`\n${error.message}`);
      }
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return { figures: leaves(figures), failures };
}

const upstream = await startUpstream();
const packages = [...Object.values(contenders), ...Object.values(gateways)].flatMap((one) => one.packages);
const results = {
  machine: { cpu: cpus()[0].model, cores: cpus().length, system: `${process.platform} ${process.arch}` },
  versions: Object.fromEntries([...new Set(packages)].sort().map((name) => [name, versionOf(name)])),
  rounds: options.quick ? 3 : options.rounds,
  platforms: {},
};
const failures = [];
for (const name of options.platforms) {
  const platform = platformOf(name);
  const tasks = options.quick
    ? measures.guard({ rows: QUICK_ROWS })
    : options.measures.flatMap((measure) => measures[measure](options));
  const taken = await measure(platform, tasks, results.rounds, upstream.port);
  failures.push(...taken.failures);
  results.platforms[`Node ${platform.nodeVersion}, undici ${platform.undiciVersion}`] = taken.figures;
}
upstream.stop();

if (options.quick) {
  const [figures] = Object.values(results.platforms);
  const guard = guardOf(figures);
  if (options.record) {
    writeFileSync(file('guard.json'), `${JSON.stringify(guard, null, 2)}\n`);
  } else {
    failures.push(...compareWithGuard(guard, JSON.parse(readFileSync(file('guard.json'), 'utf8'))));
  }
} else {
  const text = markdown(results);
  console.log(text);
  if (options.complete) {
    writeFileSync(file('results.md'), text);
    writeFileSync(file('results.json'), `${JSON.stringify(results, withoutNoise, 1)}\n`);
    writeFileSync(file('results.svg'), drawing(results));
  }
}

function withoutNoise(key, value) {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}

if (failures.length > 0) {
  console.error(`\n${failures.length} failed:\n${failures.map((failure) => `  ${failure}`).join('\n')}`);
  process.exitCode = 1;
}
