const OPEN = '<think>';
const CLOSE = '</think>';

export interface SplitText {
  reasoning: string;
  content: string;
}

/**
 * Splits the reasoning off a whole answer. The chat templates of some models have the opening tag at the end of the
 * prompt, so that the answer has only the closing one: what stands before it is reasoning then, too.
 *
 * @see {@link https://huggingface.co/Qwen/Qwen3-4B-Thinking-2507} "the model's output contains only </think>"
 */
export function splitThinkTags(text: string): SplitText {
  const close = text.indexOf(CLOSE);
  const open = text.indexOf(OPEN);
  if (close !== -1 && (open === -1 || open > close)) {
    return { reasoning: text.slice(0, close).trim(), content: text.slice(close + CLOSE.length).trimStart() };
  }
  const tags = new ThinkTags();
  const first = tags.push(text);
  const last = tags.end();
  return { reasoning: first.reasoning + last.reasoning, content: first.content + last.content };
}

/** How many of the last characters of `text` may be the begin of `tag`. */
function openEnd(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length;
  }
  return 0;
}

/**
 * Splits the reasoning off an answer that begins with `<think>...</think>`, in pieces of any size. An answer that
 * begins otherwise stays as it is, tags further on included. Blanks around the tags belong to neither.
 */
export class ThinkTags {
  private state: 'start' | 'thinking' | 'answer' | 'text' = 'start';
  /** Blanks that the answer began with; looked at once, however many pieces they come in. */
  private blanks = '';
  private held = '';
  private begun = false;

  /** Nothing is split off any more: pieces go through as they are. */
  get done(): boolean {
    return this.state === 'text';
  }

  push(piece: string): SplitText {
    const split: SplitText = { reasoning: '', content: '' };
    this.held += piece;
    if (this.state === 'start') this.atStart(split);
    if (this.state === 'thinking') this.thinking(split);
    if (this.state === 'answer') this.answer(split);
    return split;
  }

  /** The answer has ended: gives out what was held back. */
  end(): SplitText {
    const { held, state } = this;
    this.held = '';
    this.state = 'text';
    if (state === 'thinking') return { reasoning: held, content: '' };
    return { reasoning: '', content: state === 'start' ? this.blanks + held : held };
  }

  private atStart(split: SplitText): void {
    const text = this.held.trimStart();
    this.blanks += this.held.slice(0, this.held.length - text.length);
    this.held = text;
    if (text.startsWith(OPEN)) {
      this.held = text.slice(OPEN.length);
      this.state = 'thinking';
    } else if (!OPEN.startsWith(text)) {
      split.content = this.blanks + this.take();
      this.state = 'text';
    }
  }

  private thinking(split: SplitText): void {
    if (!this.begun) this.held = this.held.trimStart();
    this.begun ||= this.held !== '';
    const close = this.held.indexOf(CLOSE);
    if (close === -1) {
      const end = this.held.length - openEnd(this.held, CLOSE);
      split.reasoning = this.held.slice(0, end);
      this.held = this.held.slice(end);
    } else {
      split.reasoning = this.held.slice(0, close);
      this.held = this.held.slice(close + CLOSE.length);
      this.state = 'answer';
    }
  }

  private answer(split: SplitText): void {
    this.held = this.held.trimStart();
    if (this.held === '') return;
    split.content = this.take();
    this.state = 'text';
  }

  private take(): string {
    const { held } = this;
    this.held = '';
    return held;
  }
}
