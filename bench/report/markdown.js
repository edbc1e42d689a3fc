import { contenders } from '../contenders/index.js';
import { gateways } from '../contenders/gateways.js';
import { rowOf } from '../rows.js';
import { median, ratio } from './statistics.js';

/** How many calls in parallel the ratios of the first table are of. */
export const RATIO_PARALLEL = 32;

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    line(head.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...rows.map(line),
    '',
  ].join('\n');
}

function number(value) {
  if (value === undefined || Number.isNaN(value)) return '-';
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/**
 * @param {object} figures of all contenders, as kept by the run
 * @param {(round: object) => number} read takes the figure of a round
 */
export function ratioTo(figures, name, reference, read) {
  const [own, base] = [figures[name], figures[reference]];
  return own === undefined || base === undefined
    ? undefined
    : ratio(own.rounds.map(read), base.rounds.map(read));
}

const cpuAt = (parallel) => (round) => round[parallel]?.cpu;

function ratios(figures, rows) {
  const names = Object.keys(contenders).filter((name) => rows.some((row) => figures[row][name]));
  return table(
    ['CPU, ratio to undici.request', ...rows.map((row) => rowOf(row).title)],
    names.map((name) => [
      contenders[name].title,
      ...rows.map((row) => number(ratioTo(figures[row], name, 'request', cpuAt(RATIO_PARALLEL)))),
    ]),
  );
}

function calls(figures) {
  const rows = Object.keys(figures);
  const isOpenAI = (row) => rowOf(row).provider === 'openai';
  const details = rows.map((row) => {
    const { unit, title } = rowOf(row);
    const parallels = Object.keys(rowOf(row).calls);
    return [
      `#### ${title}`,
      '',
      table(
        [
          `per ${unit}, by calls in parallel`,
          ...parallels.map((parallel) => `CPU µs, ${parallel}`),
          ...parallels.map((parallel) => `to request, ${parallel}`),
          ...parallels.map((parallel) => `to empty dispatch(), ${parallel}`),
          ...parallels.map((parallel) => `${unit}s/s, ${parallel}`),
          `loop delay p50/p99 ms, ${parallels.at(-1)}`,
        ],
        Object.keys(contenders)
          .filter((name) => figures[row][name] !== undefined)
          .map((name) => {
            const own = figures[row][name];
            const last = own[parallels.at(-1)];
            return [
              contenders[name].title,
              ...parallels.map((parallel) => number(own[parallel]?.cpu.median)),
              ...parallels.map((parallel) => number(ratioTo(figures[row], name, 'request', cpuAt(parallel)))),
              ...parallels.map((parallel) =>
                number(ratioTo(figures[row], name, 'dispatch-empty', cpuAt(parallel))),
              ),
              ...parallels.map((parallel) => number(own[parallel]?.rate.median)),
              `${number(last?.loopDelayP50.median)} / ${number(last?.loopDelayP99.median)}`,
            ];
          }),
      ),
    ].join('\n');
  });
  // The contenders of other providers are others, and one table of all would be too wide to read.
  const groups = [rows.filter(isOpenAI), rows.filter((row) => !isOpenAI(row))];
  return [
    `### CPU at ${RATIO_PARALLEL} calls in parallel\n`,
    ...groups.filter((group) => group.length > 0).map((group) => ratios(figures, group)),
    ...details,
  ].join('\n');
}

function overhead(figures) {
  return [
    '### Without sockets\n',
    'Between session and caller: the shortest batch, over a session that hands out the row from memory.\n',
    ...Object.entries(figures).map(([row, byName]) => {
      const { unit, title } = rowOf(row);
      const least = byName.dispatch?.ns.min;
      return table(
        [title, `ns a ${unit}`, `ratio to the minimal handler`],
        Object.entries(byName).map(([name, { ns }]) => [
          contenders[name].title,
          number(ns.min),
          number(ns.min / least),
        ]),
      );
    }),
  ].join('\n');
}

function firstToken(figures) {
  const base = figures.request?.p50.median;
  return [
    '### First piece of content, one call in flight\n',
    table(
      ['', 'p50 µs', 'p99 µs', 'added to undici.request, µs', 'ratio'],
      Object.entries(figures).map(([name, own]) => [
        contenders[name].title,
        number(own.p50.median),
        number(own.p99.median),
        (own.p50.median - base).toFixed(0),
        number(ratioTo(figures, name, 'request', (round) => round.p50)),
      ]),
    ),
  ].join('\n');
}

function memory(figures) {
  return [
    '### Memory of an open, silent stream\n',
    ...Object.entries(figures).map(([streams, byName]) =>
      table(
        [`${Number(streams).toLocaleString('en-US')} streams`, 'heap KiB', 'RSS KiB'],
        Object.entries(byName).map(([name, own]) => [
          contenders[name].title,
          number(own.heap.median),
          number(own.rss.median),
        ]),
      ),
    ),
  ].join('\n');
}

function milliseconds(title, figures) {
  return [
    `### ${title}\n`,
    table(
      ['', 'ms', 'min', 'max', 'RSS MiB'],
      Object.entries(figures).map(([name, { ms, rss }]) => [
        name,
        number(ms.median),
        number(ms.min),
        number(ms.max),
        number(rss.median),
      ]),
    ),
  ].join('\n');
}

function gateway(figures) {
  return [
    '### Gateway: OpenAI-shaped in and out\n',
    'CPU of the gateway at 32 requests in parallel; what a client waits beyond the upstream, with one in flight.\n',
    ...Object.entries(figures).map(([row, byName]) => {
      const { unit, title } = rowOf(row);
      const direct = byName.direct?.alone.first;
      return table(
        [
          title,
          'CPU µs a request',
          ...(unit === 'chunk' ? ['CPU µs a chunk'] : []),
          'ratio to node:http + undici.request',
          'first byte added p50 µs',
          'p99 µs',
        ],
        Object.entries(byName)
          .filter(([name]) => name !== 'direct')
          .map(([name, own]) => [
            gateways[name].title,
            number(own.cpu.median),
            ...(unit === 'chunk' ? [number(own.cpuPerPiece.median)] : []),
            number(ratioTo(byName, name, 'bare-proxy', (round) => round.cpu)),
            (own.alone.first.p50.median - direct?.p50.median).toFixed(0),
            (own.alone.first.p99.median - direct?.p99.median).toFixed(0),
          ]),
      );
    }),
  ].join('\n');
}

function capacity(figures) {
  return [
    '### What one process carries\n',
    ...Object.entries(figures).map(([row, byProtocol]) => {
      const { unit, title } = rowOf(row);
      return table(
        [title, `CPU µs a ${unit}`, `${unit}s a second and core`, 'connections'],
        Object.entries(byProtocol).map(([protocol, own]) => [
          protocol,
          number(own.cpu.median),
          number(own.aSecondAndCore.median),
          number(own.connections.median),
        ]),
      );
    }),
  ].join('\n');
}

function scale({ parallel, chunks }) {
  const curve = (what, points) =>
    table(
      [`CPU µs a chunk, by ${what}`, contenders.request.title, contenders['nestjs-llm'].title, 'ratio'],
      points.map(([at, figures, read]) => [
        Number(at).toLocaleString('en-US'),
        ...['request', 'nestjs-llm'].map((name) => number(median(figures[name].rounds.map(read)))),
        number(ratioTo(figures, 'nestjs-llm', 'request', read)),
      ]),
    );
  const levels = Object.keys(parallel.request.rounds[0]);
  return [
    '### Curves\n',
    curve(
      'streams of 200 chunks in parallel',
      levels.map((level) => [level, parallel, (round) => round[level].cpu]),
    ),
    curve(
      'chunks of a stream, 8 in parallel',
      Object.entries(chunks).map(([count, figures]) => [count, figures, (round) => round[8].cpu]),
    ),
  ].join('\n');
}

const SECTIONS = {
  calls,
  overhead,
  'first-token': firstToken,
  memory,
  import: (figures) => milliseconds('Import time', figures),
  start: (figures) => milliseconds('A Nest app on Express, from process start until it listens', figures),
  gateway,
  scale,
  capacity,
};

/** @returns all tables of a run */
export function markdown({ machine, versions, rounds, platforms }) {
  const head = [
    '# Results',
    '',
    `Medians of ${rounds} interleaved rounds; ratios are medians of each round's own ratio. ${machine.cores} x ${machine.cpu}, ${machine.system}.`,
    '',
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    '',
  ];
  return [
    ...head,
    ...Object.entries(platforms).flatMap(([title, figures]) => [
      `## ${title}`,
      '',
      ...Object.entries(figures).map(([measure, own]) => SECTIONS[measure](own)),
    ]),
  ].join('\n');
}
