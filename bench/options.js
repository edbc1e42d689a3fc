import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { contenders } from './contenders/index.js';
import { tableRows } from './rows.js';

export const HELP = `npm run bench -- [options]

  --rows a,b          only these rows: ${tableRows.map((row) => row.id).join(', ')}
  --contenders a,b    only these contenders (the references are always among them):
                      ${Object.keys(contenders).join(', ')}
  --measures a,b      only these measures: calls, overhead, first-token, memory, import, start, gateway,
                      scale, capacity (with openssl, and --platforms newest)
  --platforms a,b     current (this Node, undici 7; the default), newest (Node 24, undici 8)
  --rounds n          rounds, default 9
  --quick             ours and the references alone, under a minute; fails when a ratio is worse than guard.json allows
  --record            puts the rows and measures of this run in the place of those in results.*; with --quick, writes
                      guard.json instead of comparing with it
  --against dir       also measures another build of this package, the copy of dist/ at dir
  --full              adds memory at 5,000 open streams, and the curves over parallel calls and chunks
`;

export const MEASURES = ['calls', 'overhead', 'first-token', 'memory', 'import', 'start', 'gateway'];

/** Only when asked for: `capacity` needs openssl, and undici 8 for HTTP/2. */
const FULL = ['scale', 'capacity'];

/** What every ratio is told to. */
export const REFERENCES = ['request', 'dispatch-empty'];

function listOf(text, known, what) {
  if (text === undefined) return undefined;
  const names = text.split(',');
  for (const name of names) {
    if (!known.includes(name)) {
      throw new Error(`there is no ${what} "${name}"; known are ${known.join(', ')}`);
    }
  }
  return names;
}

export function readOptions() {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string' },
      contenders: { type: 'string' },
      measures: { type: 'string' },
      platforms: { type: 'string', default: 'current' },
      rounds: { type: 'string', default: '9' },
      quick: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      against: { type: 'string' },
      full: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  // npm runs the command in bench/; what was typed is relative to where it was typed.
  if (values.against !== undefined) values.against = resolve(process.env.INIT_CWD ?? '.', values.against);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds has to be a whole number from 1');
  const known = Object.keys(contenders);
  const before = 'nestjs-llm-before';
  const asked = listOf(values.contenders, known, 'contender');
  const rowIds = tableRows.map((row) => row.id);
  const rows = listOf(values.rows, rowIds, 'row');
  const measures = listOf(values.measures, [...MEASURES, ...FULL], 'measure');
  return {
    ...values,
    rounds,
    platforms: listOf(values.platforms, ['current', 'newest'], 'platform'),
    rows: rows ?? rowIds,
    contenders: [...new Set([...REFERENCES, ...(asked ?? known), before])].filter(
      (name) => name !== before || values.against !== undefined,
    ),
    build: values.against && pathToFileURL(resolve(values.against, 'esm/index.js')).href,
    measures: measures ?? (values.full ? [...MEASURES, 'scale'] : MEASURES),
    /** Whether the run is one that the committed results may come from. */
    complete: rows === undefined && asked === undefined && measures === undefined && !values.against,
  };
}
