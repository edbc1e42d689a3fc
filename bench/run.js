import { execSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { startUpstream } from './child.js';
import { better, compareWithGuard, guardOf } from './guard.js';
import { measureRow, measureTasks } from './interleave.js';
import { measures } from './measures.js';
import { HELP, readOptions } from './options.js';
import { platformOf, versionOf } from './platforms.js';
import { contenders } from './contenders/index.js';
import { gateways } from './contenders/gateways.js';
import { drawing } from './report/svg.js';
import { markdown } from './report/markdown.js';
import { summarize } from './report/statistics.js';

const QUICK_ROUNDS = 5;
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

/** Keeps the rounds of a contender, and their summary, at `path`. */
function put(target, path, rounds) {
  const last = path.at(-1);
  let at = target;
  for (const name of path.slice(0, -1)) at = at[name] ??= {};
  at[last] = { rounds, ...summarize(rounds) };
}

function log(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function measure(platform, plans, { rounds, port, build }) {
  const figures = {};
  const failures = [];
  const attempt = async (work) => {
    try {
      await work();
    } catch (error) {
      failures.push(error.message);
      console.error(`\n${error.message}`);
    }
  };
  for (const { rows = [], tasks = [] } of plans) {
    for (const { path, ...plan } of rows) {
      await attempt(async () => {
        const taken = await measureRow(platform, { rounds, port, build, ...plan }, log);
        for (const [name, list] of Object.entries(taken)) put(figures, [...path, name], list);
      });
    }
    await attempt(async () => {
      for (const [task, list] of await measureTasks(platform, tasks, { rounds, port }, log)) {
        put(figures, task.path, list);
      }
    });
  }
  log('');
  return { figures, failures };
}

const upstream = await startUpstream();
const packages = [...Object.values(contenders), ...Object.values(gateways)].flatMap((one) => one.packages);
const results = {
  machine: { cpu: cpus()[0].model, cores: cpus().length, system: `${process.platform} ${process.arch}` },
  versions: Object.fromEntries([...new Set(packages)].sort().map((name) => [name, versionOf(name)])),
  rounds: options.quick ? QUICK_ROUNDS : options.rounds,
  platforms: {},
};
const failures = [];
for (const name of options.platforms) {
  const platform = platformOf(name);
  const plans = options.quick
    ? [measures.guard({ rows: QUICK_ROWS })]
    : options.measures.map((measure) => measures[measure](options));
  const taken = await measure(platform, plans, {
    rounds: results.rounds,
    port: upstream.port,
    build: options.build,
  });
  failures.push(...taken.failures);
  results.platforms[`Node ${platform.nodeVersion}, undici ${platform.undiciVersion}`] = taken.figures;
}
if (options.quick) {
  const [figures] = Object.values(results.platforms);
  const guard = guardOf(figures);
  if (options.record) {
    writeFileSync(file('guard.json'), `${JSON.stringify(guard, null, 2)}\n`);
  } else {
    const recorded = JSON.parse(readFileSync(file('guard.json'), 'utf8'));
    let worse = compareWithGuard(guard, recorded);
    if (worse.length > 0) {
      // Neighbours on the machine, and a process whose garbage collector is unlucky, show in one run; a loss in both.
      console.log('\nOnce more, since something was worse:');
      const [platform] = options.platforms.map(platformOf);
      const plans = [measures.guard({ rows: QUICK_ROWS })];
      const again = await measure(platform, plans, {
        rounds: results.rounds,
        port: upstream.port,
        build: options.build,
      });
      worse = compareWithGuard(better(guard, guardOf(again.figures)), recorded);
    }
    failures.push(...worse);
  }
  upstream.stop();
} else {
  upstream.stop();
  const told = options.record ? withRecorded(results) : results;
  const text = markdown(told);
  console.log(text);
  if (options.complete || options.record) {
    writeFileSync(file('results.md'), text);
    writeFileSync(file('results.json'), `${JSON.stringify(told, withoutNoise, 1)}\n`);
    writeFileSync(file('results.svg'), drawing(told));
  }
}

/** What was recorded before, with the rows and measures of this run in place of those. */
function withRecorded({ platforms, versions, ...about }) {
  const recorded = JSON.parse(readFileSync(file('results.json'), 'utf8'));
  for (const [platform, measured] of Object.entries(platforms)) {
    const kept = (recorded.platforms[platform] ??= {});
    for (const [measure, figures] of Object.entries(measured)) Object.assign((kept[measure] ??= {}), figures);
  }
  return { ...about, versions: { ...recorded.versions, ...versions }, platforms: recorded.platforms };
}

function withoutNoise(key, value) {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}

if (failures.length > 0) {
  console.error(`\n${failures.length} failed:\n${failures.map((failure) => `  ${failure}`).join('\n')}`);
  process.exitCode = 1;
}
