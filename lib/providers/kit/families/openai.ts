/** What the generations of OpenAI's models differ in, at any host. */
export interface OpenAITraits {
  /** The name is one of OpenAI's own models, those with open weights apart. */
  readonly known: boolean;
  /** Has reasoning to hand back, and an effort. */
  readonly reasoning: boolean;
  /** Refuses `max_tokens`, penalties and biases. */
  readonly limited: boolean;
  /** Whether the model reasons on a call with this effort. */
  readonly reasons: (effort: unknown) => boolean;
  /** The values of `reasoning_effort` that it takes; `undefined` where the name does not tell. */
  readonly efforts: readonly string[] | undefined;
  readonly takesStop: boolean;
  /** Takes `parallel_tool_calls`. */
  readonly parallelToolCalls: boolean;
}

/** A model whose name says nothing. */
const OTHER: OpenAITraits = {
  known: false,
  reasoning: false,
  limited: false,
  reasons: () => false,
  efforts: undefined,
  takesStop: true,
  parallelToolCalls: true,
};

/** Models that reason, and so have reasoning to hand back. */
const REASONING: readonly RegExp[] = [/^o\d/, /^gpt-(?:[5-9]|\d\d)(?!.*-chat)/, /^codex-/, /^computer-use-/];
const KNOWN = /^(gpt-(?!oss)|chatgpt-|o\d+(-|$)|codex-|computer-use-)/;
const O_SERIES = /^o\d+(-|$)/;
const VERSION = /^gpt-(\d+)(?:\.(\d+))?(?:-(.+))?$/;
const WITHOUT_REASONING = /^(gpt-[34]|chatgpt-)/;

/** The model's own name, without what gateways put before it: `openai/gpt-5`, `databricks-gpt-5`. */
function nameOf(model: string): string {
  return model.toLowerCase().replace(/^(.*\/|databricks-|openai\.)/, '');
}

/** @see {@link https://platform.openai.com/docs/api-reference/chat/create#chat-create-reasoning_effort} */
function effortsOf(name: string, major: number, minor: number | undefined): readonly string[] | undefined {
  if (major !== 5) return undefined;
  if (minor === undefined) return ['minimal', 'low', 'medium', 'high'];
  if (minor === 1 && !name.includes('codex-max')) return ['none', 'low', 'medium', 'high'];
  return minor <= 2 ? ['none', 'low', 'medium', 'high', 'xhigh'] : undefined;
}

function oSeries(name: string): OpenAITraits {
  return {
    known: true,
    reasoning: true,
    limited: true,
    reasons: () => true,
    efforts: /^o1-(mini|preview)/.test(name) ? [] : ['low', 'medium', 'high'],
    takesStop: !/^(o3|o4-mini)/.test(name),
    parallelToolCalls: false,
  };
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
  let traits = read.get(model);
  if (traits === undefined) {
    traits = traitsOf(model);
    // Names may come from clients.
    if (read.size >= MANY_NAMES) read.clear();
    read.set(model, traits);
  }
  return traits;
}

/** The traits of the models that were called lately. */
const read = new Map<string, OpenAITraits>();

const MANY_NAMES = 256;

function traitsOf(model: string): OpenAITraits {
  const name = nameOf(model);
  if (O_SERIES.test(name)) return oSeries(name);
  const reasoning = REASONING.some((pattern) => pattern.test(name));
  const plain = { ...OTHER, known: KNOWN.test(name), reasoning };
  const [, major, minor, variant] = VERSION.exec(name) ?? [];
  const isChat = minor === undefined && variant?.startsWith('chat') === true;
  if (WITHOUT_REASONING.test(name) || (major === '5' && isChat)) return { ...plain, efforts: [] };
  if (major === undefined || Number(major) < 5 || isChat) return plain;
  const mayNot = major === '5' && minor !== undefined;
  return {
    ...plain,
    limited: true,
    reasons: (effort) => !mayNot || (effort !== undefined && effort !== null && effort !== 'none'),
    efforts: effortsOf(name, Number(major), minor === undefined ? undefined : Number(minor)),
  };
}
