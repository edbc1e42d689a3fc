const KEY = 'nestjs-llm-sample:conversation';

/** The messages of this tab, kept over a reload. */
export class Conversation {
  constructor() {
    try {
      this.messages = JSON.parse(sessionStorage.getItem(KEY)) ?? [];
    } catch {
      this.messages = [];
    }
  }

  /** What the model gets to see: an answer that failed before its first word is none. */
  toRequest() {
    return this.messages
      .filter(({ content }) => content !== '')
      .map(({ role, content }) => ({ role, content }));
  }

  add(message) {
    this.messages.push(message);
    this.save();
  }

  /** Drops the latest answer, to ask for it again. */
  dropAnswer() {
    if (this.messages.at(-1)?.role === 'assistant') this.messages.pop();
    this.save();
  }

  clear() {
    this.messages = [];
    this.save();
  }

  save() {
    sessionStorage.setItem(KEY, JSON.stringify(this.messages));
  }
}
