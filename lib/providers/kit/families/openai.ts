/** What the generations of OpenAI's models differ in, at any host. */
export interface OpenAITraits {
  /** Has reasoning to hand back, and an effort. */
  readonly reasoning: boolean;
  /** Refuses `max_tokens`, penalties and biases. */
  readonly limited: boolean;
  /** Whether the model reasons on a call with this effort. */
  readonly reasons: (effort: unknown) => boolean;
  readonly takesStop: boolean;
}

const PLAIN: OpenAITraits = { reasoning: false, limited: false, reasons: () => false, takesStop: true };

/** Models that reason, and so have reasoning to hand back. */
const REASONING: readonly RegExp[] = [/^o\d/, /^gpt-(?:[5-9]|\d\d)(?!.*-chat)/, /^codex-/, /^computer-use-/];

/** The model's own name, without what gateways put before it: `openai/gpt-5`. */
function nameOf(model: string): string {
  return model.toLowerCase().replace(/^.*\//, '');
}

/**
 * The traits of a model by its name at any host; a name that says nothing, such as that of a deployment, counts as one
 * that takes everything.
 *
 * @see {@link https://platform.openai.com/docs/guides/reasoning#limitations}
 * @see {@link https://platform.openai.com/docs/guides/latest-model#gpt-5-1-parameter-compatibility}
 * @see {@link https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop}
 */
export function openAITraits(model: string): OpenAITraits {
  const name = nameOf(model);
  const reasoning = REASONING.some((pattern) => pattern.test(name));
  if (/^o(\d+)(-|$)/.test(name))
    return { reasoning, limited: true, reasons: () => true, takesStop: !/^(o3|o4-mini)/.test(name) };
  const [, major, minor, variant] = /^gpt-(\d+)(?:\.(\d+))?(?:-(.+))?$/.exec(name) ?? [];
  if (major === undefined || Number(major) < 5) return { ...PLAIN, reasoning };
  if (minor === undefined && variant?.startsWith('chat')) return { ...PLAIN, reasoning };
  const mayNot = major === '5' && minor !== undefined;
  return {
    reasoning,
    limited: true,
    reasons: (effort) => !mayNot || (effort !== undefined && effort !== null && effort !== 'none'),
    takesStop: true,
  };
}
