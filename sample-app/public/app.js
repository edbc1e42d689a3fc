import { streamAnswer } from './chat-client.js';
import { Conversation } from './conversation.js';
import { MessageView } from './message-view.js';
import { Monitor } from './monitor.js';

const find = (selector) => document.querySelector(selector);
const composer = find('#composer');
const prompt = find('#prompt');
const send = find('#send');
const stop = find('#stop');
const list = find('#conversation');
const scroller = find('#scroller');
const welcome = find('#welcome');
const modelSelect = find('#model');
const announcer = find('#announcer');

const conversation = new Conversation();
const monitor = new Monitor(showStatus);
/** Whether the sample answers itself. */
let embedded = false;
/** @type {AbortController | undefined} the answer that is being read */
let running;

for (const message of conversation.messages) {
  const view = append(message.role);
  view.show(message.content, message.reasoning);
  if (message.meta) view.showMeta(message.meta);
}
showWelcome();
scrollToEnd();
void monitor.refresh();
prompt.focus();

composer.addEventListener('submit', (event) => {
  event.preventDefault();
  ask(prompt.value);
});
prompt.addEventListener('input', fitPrompt);
prompt.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') running?.abort();
});
stop.addEventListener('click', () => running?.abort());
find('#clear').addEventListener('click', () => {
  running?.abort();
  conversation.clear();
  list.replaceChildren();
  showWelcome();
  prompt.focus();
});
find('#suggestions').addEventListener('click', ({ target }) => {
  if (target instanceof HTMLButtonElement) ask(target.textContent);
});

function ask(text) {
  const content = text.trim();
  if (content === '' || running !== undefined) return;
  conversation.add({ role: 'user', content });
  append('user').show(content);
  prompt.value = '';
  fitPrompt();
  showWelcome();
  void answer();
}

async function answer() {
  const view = append('assistant');
  const message = { role: 'assistant', content: '', reasoning: '' };
  const { messages } = conversation;
  const request = conversation.toRequest();
  const abort = new AbortController();
  let meta;
  let drawing = 0;
  const draw = () => {
    drawing = 0;
    const atEnd = isAtEnd();
    view.show(message.content, message.reasoning);
    if (atEnd) scrollToEnd();
  };

  setRunning(abort);
  view.setPending(true);
  scrollToEnd();
  try {
    for await (const { type, data } of streamAnswer(request, modelSelect.value, abort.signal)) {
      if (type === 'start') {
        meta = { ...data, embedded };
      } else if (type === 'delta') {
        message.content += data.content ?? '';
        message.reasoning += data.reasoning ?? '';
        // One drawing a frame, however many pieces come in it.
        drawing ||= requestAnimationFrame(draw);
      } else {
        meta = { ...meta, ...data };
      }
    }
    announcer.textContent = 'The answer is complete.';
  } catch (error) {
    if (abort.signal.aborted) {
      meta = { ...meta, stopped: true };
      announcer.textContent = 'Stopped.';
    } else {
      view.showError(error, () => {
        if (running !== undefined) return;
        conversation.dropAnswer();
        view.node.remove();
        void answer();
      });
    }
  }
  cancelAnimationFrame(drawing);
  const atEnd = isAtEnd();
  view.show(message.content, message.reasoning);
  view.setPending(false);
  if (meta?.provider) {
    message.meta = meta;
    view.showMeta(meta);
  } else if (meta?.stopped && message.content === '') {
    view.show('Stopped before the first word.');
  }
  if (atEnd) scrollToEnd();
  // "New chat" may have begun another one meanwhile.
  if (messages === conversation.messages && message.content !== '') conversation.add(message);
  setRunning(undefined);
  prompt.focus();
}

/** @param {AbortController | undefined} abort */
function setRunning(abort) {
  running = abort;
  send.hidden = abort !== undefined;
  stop.hidden = abort === undefined;
  if (abort !== undefined) announcer.textContent = 'The answer is being written.';
  monitor.setBusy(abort !== undefined);
}

function append(role) {
  const view = new MessageView(role);
  list.append(view.node);
  return view;
}

function showWelcome() {
  welcome.hidden = conversation.messages.length > 0;
}

function showStatus({ mode, models }) {
  const badge = find('#mode');
  embedded = mode === 'embedded';
  badge.hidden = false;
  badge.className = `mode ${mode}`;
  badge.textContent = embedded ? 'Embedded upstream: no key, written answers' : 'Real provider';
  find('#welcome-text').textContent = embedded
    ? 'No key is set, so an upstream inside of the sample answers, over a real connection. Set OPENAI_API_KEY or LLM_MODEL and start again for a real model.'
    : 'Each answer shows who gave it, over which session, and how long each phase took.';
  if (modelSelect.childElementCount === models.length) return;
  modelSelect.replaceChildren(...models.map((name) => new Option(name, name)));
}

function isAtEnd() {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
}

function scrollToEnd() {
  scroller.scrollTop = scroller.scrollHeight;
}

function fitPrompt() {
  prompt.style.height = 'auto';
  prompt.style.height = `${Math.min(prompt.scrollHeight, 200)}px`;
}
