import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import {
  answerEndless,
  answerStalled,
  answerText,
  chunkOf,
  eventOf,
  eventsOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Upstream,
} from '../../support/upstream.js';
import { hasBrowser, launchBrowser } from './support/browser.js';
import { openAIAt, startSample, type Sample } from './support/sample.js';

// A browser takes its time to start where other work runs beside it.
jest.setTimeout(60_000);

const whereBrowserIs = hasBrowser() ? describe : describe.skip;

whereBrowserIs('the page in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterAll(() => browser.close());

  describe('with a provider', () => {
    let upstream: Upstream;
    let sample: Sample;
    let page: Page;
    let complaints: string[];

    beforeAll(async () => {
      upstream = await startUpstream();
      sample = await startSample({}, { ...openAIAt(upstream), LLM_MODELS: 'openai/other' });
    });

    beforeEach(async () => {
      complaints = [];
      page = await browser.newPage();
      page.on('pageerror', ({ message }) => complaints.push(message));
      page.on('console', (message) => {
        // Chromium reports each answer of 400 and above, which is what some of these tests are about.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
          complaints.push(message.text());
        }
      });
      await page.goto(sample.url);
      await text('.mode.real').waitFor();
    });

    afterEach(async () => {
      await page.close();
      expect(complaints).toEqual([]);
    });

    afterAll(async () => {
      await sample.close();
      await upstream.close();
    });

    const prompt = (): Locator => page.getByLabel('Your message');
    const text = (selector: string, hasText?: string | RegExp): Locator =>
      page.locator(selector, hasText === undefined ? {} : { hasText }).last();
    const answered = (hasText: string): Promise<void> => text('.assistant:not(.pending)', hasText).waitFor();

    async function say(words: string): Promise<void> {
      await prompt().fill(words);
      await prompt().press('Enter');
    }

    it('shows each piece as it comes, then who answered and how long it took', async () => {
      let finish = (): void => {};
      upstream.answer((_request, response) => {
        sendEvents(response, eventsOf(['Hel']).slice(0, 2));
        finish = () => {
          sendEvents(response, eventsOf(['lo']).slice(1));
          response.end();
        };
      });
      await say('Hi');
      await text('.assistant.pending .content', /^Hel$/).waitFor();
      expect(await page.getByRole('button', { name: 'Send' }).isVisible()).toBe(false);
      finish();
      await text('.assistant:not(.pending) .content', /^Hello$/).waitFor();
      const facts = await text('.facts').innerText();
      expect(facts.split(/\s+/).join(' ')).toBe(
        `Provider openai Model gpt-4o-mini Session Agent to 127.0.0.1:${upstream.port}`,
      );
      for (const phase of ['Connected', 'First byte', 'First content', 'Total']) {
        expect(await text('.timings div', phase).innerText()).toMatch(/^\D+\s+[\d.]+ m?s$/);
      }
      expect(await page.getByRole('status').innerText()).toBe('The answer is complete.');
      expect(await page.getByRole('button', { name: 'Send' }).isVisible()).toBe(true);
    });

    it.each(['the button', 'the Escape key'])('stops an answer with %s', async (how) => {
      upstream.answer(answerEndless());
      const incoming = upstream.nextRequest();
      await say('Go on');
      await text('.assistant .content', /Hello\.+/).waitFor();
      if (how === 'the button') await page.getByRole('button', { name: 'Stop' }).click();
      else await page.keyboard.press('Escape');
      await (
        await incoming
      ).closed;
      await text('.facts', 'stopped by you').waitFor();
      await page.getByRole('button', { name: 'Send' }).waitFor();
      expect(await text('.assistant .content').innerText()).toMatch(/^Hello\.+$/);
    });

    it('stops an answer that has stalled, and one that has not begun', async () => {
      for (const answer of [answerStalled(), () => {}]) {
        upstream.answer(answer);
        const incoming = upstream.nextRequest();
        await say('Hi');
        const { closed } = await incoming;
        await page.getByRole('button', { name: 'Stop' }).click();
        await closed;
        await page.getByRole('button', { name: 'Send' }).waitFor();
      }
      expect(await text('.assistant .content').innerText()).toBe('Stopped before the first word.');
    });

    it('closing the tab stops the upstream', async () => {
      upstream.answer(answerStalled());
      const incoming = upstream.nextRequest();
      await say('Hi');
      const { closed } = await incoming;
      await page.close();
      await closed;
    });

    it('sends the whole conversation, to the chosen model, and keeps it over a reload', async () => {
      upstream.answer(answerText(['One']));
      await say('First');
      await answered('One');
      await page.getByLabel('Model').selectOption('openai/other');
      upstream.answer(answerText(['Two']));
      await say('Second');
      await answered('Two');
      expect(upstream.requests.at(-1)!.body).toMatchObject({
        model: 'other',
        messages: [
          { role: 'user', content: 'First' },
          { role: 'assistant', content: 'One' },
          { role: 'user', content: 'Second' },
        ],
      });
      await page.reload();
      await answered('Two');
      expect(await page.locator('.message').count()).toBe(4);
      expect(await page.locator('.timings').count()).toBe(2);
      await page.getByRole('button', { name: 'New chat' }).click();
      expect(await page.locator('.message').count()).toBe(0);
      expect(await page.getByRole('heading', { name: 'Ask something' }).isVisible()).toBe(true);
    });

    it.each([
      [401, {}, 'The provider refused the key', 'Check the key in the environment'],
      [429, { 'retry-after': '90' }, 'The provider asks to slow down', 'Try again in 90 seconds.'],
      [404, {}, 'The provider does not have this model', 'Choose another model'],
    ])('says what to do about a %i', async (status, headers, title, advice) => {
      upstream.answer((_request, response) =>
        sendJson(response, { error: { message: 'The words of the provider' } }, status, headers),
      );
      await say('Hi');
      const alert = page.getByRole('alert');
      await alert.waitFor();
      const words = await alert.innerText();
      expect(words).toContain(title);
      expect(words).toContain(advice);
      expect(words).toContain('The words of the provider');
    });

    it('keeps what had arrived when an answer breaks off, and asks again', async () => {
      upstream.answer((_request, response) => {
        sendEvents(response, eventsOf(['Half']).slice(0, 2));
        response.socket!.end();
      });
      await say('Hi');
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').innerText()).toContain('The answer broke off');
      expect(await text('.assistant .content').innerText()).toBe('Half');
      upstream.answer(answerText(['Whole']));
      await page.getByRole('button', { name: 'Try again' }).click();
      await answered('Whole');
      expect(upstream.requests.at(-1)!.body.messages).toEqual([{ role: 'user', content: 'Hi' }]);
      expect(await page.locator('.message').count()).toBe(2);
    });

    it('shows what a model writes as text, whatever it writes', async () => {
      const markup = '<img src=x onerror="document.title=1">';
      upstream.answer(answerText([`${markup}\n\n\`\`\`html\n${markup}\n\`\`\`\n`]));
      await say('Hi');
      await answered('<img');
      expect(await text('.assistant p').innerText()).toBe(markup);
      expect(await text('.assistant pre').innerText()).toBe(markup);
      expect(await page.locator('.assistant img').count()).toBe(0);
    });

    it('shows reasoning apart from the answer', async () => {
      upstream.answer((_request, response) => {
        sendEvents(response, [eventOf(chunkOf({ reasoning_content: 'Hm.' })), ...eventsOf(['Yes'])]);
        response.end();
      });
      await say('Hi');
      await answered('Yes');
      expect(await text('.reasoning p').textContent()).toBe('Hm.');
    });

    it('watches the session', async () => {
      const incoming = upstream.nextRequest();
      upstream.answer(answerStalled());
      await say('Hi');
      await incoming;
      await text('#calls div', /^Active\s*1$/).waitFor();
      await text('.origin', upstream.origin).waitFor();
      await page.getByRole('button', { name: 'Stop' }).click();
      await text('#calls div', /^Active\s*0$/).waitFor();
    });

    it.each([
      ['a desktop', 1280, true],
      ['a phone', 390, false],
    ])('fits on %s', async (_what, width, monitorOpen) => {
      await page.setViewportSize({ width, height: 800 });
      await page.reload();
      await text('.mode.real').waitFor();
      upstream.answer(answerText(['a'.repeat(500), '\n```\n', 'b'.repeat(500), '\n```\n']));
      await say('Hi');
      await answered('aaa');
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await page.locator('#session').isVisible()).toBe(monitorOpen);
    });
  });

  it('says that the embedded upstream answers', async () => {
    const sample = await startSample({ adapter: 'fastify' });
    const page = await browser.newPage();
    try {
      await page.goto(sample.url);
      const badge = page.locator('.mode.embedded');
      await badge.waitFor();
      expect(await badge.innerText()).toBe('Embedded upstream: no key, written answers');
      await page.getByRole('button', { name: 'Tell me a joke' }).click();
      await page.locator('.assistant:not(.pending) .timings').waitFor();
      expect(await page.locator('.assistant .content').innerText()).toContain('walks into a bar');
      expect(await page.locator('.facts').innerText()).toContain('openai (embedded)');
    } finally {
      await page.close();
      await sample.close();
    }
  });
});
