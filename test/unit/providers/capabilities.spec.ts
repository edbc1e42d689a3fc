import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { BUILT_IN_ADAPTERS } from '../../../lib/catalog.js';
import { capabilitiesTable, END, START } from '../../support/capabilities-table.js';

const README = fileURLToPath(new URL('../../../README.md', import.meta.url));

/** `UPDATE_README=1 npm test -- test/unit/providers/capabilities.spec.ts` writes the table anew. */
function update(table: string): void {
  const text = readFileSync(README, 'utf8');
  const [before, after] = [text.slice(0, text.indexOf(START)), text.slice(text.indexOf(END))];
  writeFileSync(README, `${before}${START}\n\n${table}\n\n${after}`);
}

/** Without the blanks that a formatter aligns a table with. */
function unaligned(table: string): string {
  return table
    .split('\n')
    .map((line) => line.replace(/ {2,}/g, ' ').replace(/-{3,}/g, '---').replace(/:-+:/g, ':-:').trim())
    .join('\n');
}

describe('the README', () => {
  it('says of each provider what its adapter says', () => {
    const table = capabilitiesTable();
    if (process.env['UPDATE_README'] === '1') update(table);
    const text = readFileSync(README, 'utf8');
    expect(text).toContain('## Providers');
    const found = text.slice(text.indexOf(START) + START.length, text.indexOf(END));
    expect(unaligned(found.trim())).toBe(unaligned(table));
  });

  it('names every provider', () => {
    const text = readFileSync(README, 'utf8');
    for (const { provider } of BUILT_IN_ADAPTERS) expect(text).toContain(`\`${provider}\``);
  });
});
