/** The picture of the ratios: bars on a logarithmic scale, a panel a row. */
import { contenders } from '../contenders/index.js';
import { rowOf } from '../rows.js';
import { RATIO_PARALLEL, ratioTo } from './markdown.js';

const ROWS = ['unary', 'stream', 'paced', 'tools', 'anthropic-stream', 'gemini-stream', 'bedrock-stream'];
const LABEL_WIDTH = 250;
const PLOT_WIDTH = 520;
const BAR = 16;
const STEP = 22;
const [LEAST, MOST] = [0.25, 40];
const TICKS = [0.5, 1, 2, 5, 10, 20];

const x = (value) =>
  LABEL_WIDTH +
  (PLOT_WIDTH * Math.log(Math.min(MOST, Math.max(LEAST, value)) / LEAST)) / Math.log(MOST / LEAST);

const escape = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

const STYLE = `
  :root { --text: #1f2328; --quiet: #59636e; --line: #d1d9e0; --peer: #9aa4af; --bare: #6e7781; --own: #0969da; }
  @media (prefers-color-scheme: dark) {
    :root { --text: #f0f6fc; --quiet: #9198a1; --line: #3d444d; --peer: #656c76; --bare: #9198a1; --own: #4493f8; }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--text); }
  .title { font-size: 15px; font-weight: 600; }
  .quiet { fill: var(--quiet); font-size: 12px; }
  .line { stroke: var(--line); }
  .one { stroke: var(--quiet); stroke-dasharray: 4 3; }
  .peer { fill: var(--peer); } .bare { fill: var(--bare); } .own { fill: var(--own); }
`;

function kindOf(name) {
  if (name.startsWith('nestjs-llm')) return 'own';
  return ['request', 'dispatch', 'dispatch-empty'].includes(name) ? 'bare' : 'peer';
}

function panel(row, figures, top) {
  const names = Object.keys(contenders).filter((name) => figures[name] !== undefined);
  const { title, unit } = rowOf(row);
  const bottom = top + 14 + names.length * STEP;
  const parts = [`<text class="title" x="0" y="${top}">${escape(title)}, CPU a ${unit}</text>`];
  for (const tick of TICKS) {
    parts.push(
      `<line class="${tick === 1 ? 'one' : 'line'}" x1="${x(tick)}" x2="${x(tick)}" y1="${top + 10}" y2="${bottom}"/>`,
      `<text class="quiet" x="${x(tick)}" y="${bottom + 14}" text-anchor="middle">${tick}x</text>`,
    );
  }
  names.forEach((name, index) => {
    const value = ratioTo(figures, name, 'request', (round) => round[RATIO_PARALLEL].cpu);
    const y = top + 14 + index * STEP;
    parts.push(
      `<text x="${LABEL_WIDTH - 8}" y="${y + 12}" text-anchor="end">${escape(contenders[name].title)}</text>`,
      `<rect class="${kindOf(name)}" x="${LABEL_WIDTH}" y="${y}" width="${(x(value) - LABEL_WIDTH).toFixed(1)}" height="${BAR}" rx="2"/>`,
      `<text x="${(x(value) + 6).toFixed(1)}" y="${y + 12}">${value.toFixed(2)}</text>`,
    );
  });
  return { text: parts.join('\n'), bottom: bottom + 14 };
}

/** @returns the picture of the first platform of a run, as an SVG document that follows the reader's colour scheme */
export function drawing({ platforms }) {
  const [title, { calls }] = Object.entries(platforms)[0];
  let top = 54;
  const panels = [];
  for (const row of ROWS.filter((id) => calls[id] !== undefined)) {
    const { text, bottom } = panel(row, calls[row], top);
    panels.push(text);
    top = bottom + 36;
  }
  const [width, height] = [LABEL_WIDTH + PLOT_WIDTH + 60, top - 16];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 0 ${width} ${height}" width="${width}" role="img" aria-label="CPU of each client relative to undici.request">
<style>${STYLE}</style>
<text class="quiet" x="0" y="18">CPU relative to undici.request with JSON.parse, and with what takes a stream apart; less is better.</text>
<text class="quiet" x="0" y="34">${escape(title)}, ${RATIO_PARALLEL} calls in parallel, logarithmic scale.</text>
${panels.join('\n')}
</svg>
`;
}
