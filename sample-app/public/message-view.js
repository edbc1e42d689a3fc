import { describe, element, formatMs } from './dom.js';
import { explainError } from './explain-error.js';

/** One message of the conversation on the page. */
export class MessageView {
  /** @param {'user' | 'assistant'} role */
  constructor(role) {
    this.content = element('div', { className: 'content' });
    this.node = element(
      'li',
      { className: `message ${role}` },
      element('span', { className: 'author', textContent: role === 'user' ? 'You' : 'Assistant' }),
      this.content,
    );
  }

  /** @param {string} text */
  show(text, reasoning = '') {
    this.content.replaceChildren(
      ...(reasoning === ''
        ? []
        : [
            element(
              'details',
              { className: 'reasoning', open: text === '' },
              element('summary', { textContent: 'Reasoning' }),
              element('p', { textContent: reasoning }),
            ),
          ]),
      ...toBlocks(text),
    );
  }

  /** @param {boolean} pending whether more is to come */
  setPending(pending) {
    this.node.classList.toggle('pending', pending);
    this.node.setAttribute('aria-busy', String(pending));
  }

  /** Shows who answered and how long each phase took. */
  showMeta({ provider, model, origin, session, timings, embedded, stopped, finishReason }) {
    const facts = element('dl', { className: 'facts' });
    describe(facts, {
      Provider: embedded ? `${provider} (embedded)` : provider,
      Model: model,
      Session: `${session} to ${new URL(origin).host}`,
      ...(stopped && { Ended: 'stopped by you' }),
      ...(finishReason && finishReason !== 'stop' && { Ended: finishReason }),
    });
    this.node.append(element('div', { className: 'meta' }, facts, ...(timings ? [timeline(timings)] : [])));
  }

  /** @param {() => void} onRetry */
  showError(error, onRetry) {
    const { title, advice } = explainError(error);
    const retry = element('button', { type: 'button', className: 'quiet', textContent: 'Try again' });
    retry.addEventListener('click', onRetry, { once: true });
    this.node.append(
      element(
        'div',
        { className: 'error', role: 'alert' },
        element('strong', { textContent: title }),
        element('p', { textContent: advice }),
        element('p', { className: 'detail', textContent: error.message }),
        retry,
      ),
    );
  }
}

/** Fenced code in boxes of its own; everything else as it is. */
function toBlocks(text) {
  return text.split(/^```/m).flatMap((part, index) => {
    if (index % 2 === 0) {
      const trimmed = part.replace(/^\n+/, '').trimEnd();
      return trimmed === '' ? [] : [element('p', { textContent: trimmed })];
    }
    const code = part.slice(part.indexOf('\n') + 1).replace(/\n$/, '');
    return [element('pre', { tabIndex: 0 }, element('code', { textContent: code }))];
  });
}

const PHASES = [
  ['connected', 'Connected'],
  ['firstByte', 'First byte'],
  ['firstContent', 'First content'],
  ['total', 'Total'],
];

/** The phases of a call as a bar, and in numbers. */
function timeline(timings) {
  const bar = element('div', { className: 'bar', ariaHidden: 'true' });
  let before = 0;
  for (const [phase] of PHASES) {
    const at = timings[phase] ?? before;
    const part = element('span', { className: phase });
    part.style.flexGrow = String(Math.max(0, at - before));
    bar.append(part);
    before = at;
  }
  const numbers = element('dl', { className: 'timings' });
  numbers.append(
    ...PHASES.map(([phase, label]) =>
      element(
        'div',
        { className: phase },
        element('dt', { textContent: label }),
        element('dd', { textContent: formatMs(timings[phase]) }),
      ),
    ),
  );
  return element('div', { className: 'timeline' }, bar, numbers);
}
