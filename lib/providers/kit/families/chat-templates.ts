/** What the chat template that comes with an open model insists on: a server that renders by it fails otherwise. */
export interface TemplateTraits {
  /** User and assistant speak by turns, from the user on. */
  readonly turns: boolean;
  /** There is a role for instructions. Without one they stand before what the user says first. */
  readonly system: boolean;
  /** A user may speak right after the result of a tool. */
  readonly userAfterTool: boolean;
}

const NOTHING: TemplateTraits = { turns: false, system: true, userAfterTool: true };

/** Mistral's models, whose templates count the turns between calls of tools. */
const MISTRAL = /mi[sx]tral|ministral|codestral|devstral|magistral|pixtral|mathstral/;
/** The first of them know no instructions. */
const FIRST_MISTRAL = /mistral-7b-instruct-v0\.[12]|mixtral-8x7b/;
const GEMMA = /gemma-?(\d)?(?:-|:|$|n)/;

/**
 * @see {@link https://huggingface.co/google/gemma-2-9b-it/blob/main/tokenizer_config.json} "System role not supported",
 * "Conversation roles must alternate user/assistant/user/assistant/..."
 * @see {@link https://huggingface.co/mistralai/Mistral-Small-3.2-24B-Instruct-2506} "After the optional system message,
 * conversation roles must alternate user and assistant roles except for tool calls and results"
 */
export function templateTraits(model: string): TemplateTraits {
  const name = model.toLowerCase();
  if (MISTRAL.test(name)) return { turns: true, system: !FIRST_MISTRAL.test(name), userAfterTool: false };
  const gemma = GEMMA.exec(name);
  if (gemma === null || name.includes('embedding') || Number(gemma[1] ?? 1) >= 4) return NOTHING;
  return { turns: true, system: false, userAfterTool: true };
}
