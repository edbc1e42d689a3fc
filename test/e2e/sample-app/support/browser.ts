import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const EXECUTABLE = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/**
 * Whether there is a browser to test the page with.
 *
 * @throws {Error} in CI, where its absence would leave the page untested without a word
 */
export function hasBrowser(): boolean {
  if (existsSync(EXECUTABLE)) return true;
  const message = `no browser at ${EXECUTABLE}: install chromium, or set CHROMIUM_PATH`;
  if (process.env['CI'] === 'true') throw new Error(`The page cannot be tested: ${message}`);
  console.warn(`The tests of the page are skipped: ${message}`);
  return false;
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}
