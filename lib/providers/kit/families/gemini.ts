import type { AssistantMessage } from '../../../operations/chat/chat-request.interface.js';
import type { FormatContext } from '../../provider-adapter.interface.js';
import { originOf } from '../origin.js';

/** What the generations of Gemini, and Gemma behind the same API, differ in, at any host. */
export interface GeminiTraits {
  /** Takes the instructions of the system apart from the conversation. */
  readonly systemInstruction: boolean;
  /** Takes functions, and answers in JSON. */
  readonly functions: boolean;
  /** Takes functions beside an answer in JSON, and beside the provider's own tools. */
  readonly combinesFunctions: boolean;
  /** Takes JSON Schema. The first generation takes a subset of OpenAPI's only. */
  readonly jsonSchema: boolean;
  /** Takes images and files in the result of a function. */
  readonly mediaInResults: boolean;
  /** Signs its function calls, and refuses ones of the current turn that have no signature. */
  readonly demandsSignatures: boolean;
  /** How a request steers the thinking; `undefined` where the model has none. */
  readonly thinking: 'budget' | 'level' | undefined;
}

interface Generation {
  readonly major: number;
  readonly minor: number;
}

/** What a name stands for that has no number, such as `gemini-flash-latest`: the newest generation. */
const NEWEST: Generation = { major: 3, minor: 0 };

/** Names such as `gemini-2.5-pro`, `google/gemini-3-flash-preview`, `databricks-gemini-2-5-pro`. */
const NAME = /gemini-(?:[a-z]+-)?(\d)(?:[.-](\d)(?!\d))?(?!\d)/;
/** The first models were called without a number. */
const FIRST_NAME = /gemini-(pro|pro-vision|ultra)(-\d{3})?$/;
const GEMMA = /gemma-?(\d+)?/;

/** Whether a model's name, as any host spells it, is a Gemini's. */
export function isGemini(model: string): boolean {
  return model.toLowerCase().includes('gemini-');
}

/** @returns `undefined` for tuned models and other families */
function generationOf(model: string): Generation | undefined {
  const match = NAME.exec(model);
  if (match !== null) return { major: Number(match[1]), minor: Number(match[2] ?? 0) };
  if (FIRST_NAME.test(model)) return { major: 1, minor: 0 };
  return model.includes('gemini-') ? NEWEST : undefined;
}

/** Gemma before 4 has neither instructions of the system nor functions on the Gemini API. */
function gemmaTraits(generation: number): GeminiTraits {
  const isNew = generation >= 4;
  return {
    systemInstruction: isNew,
    functions: isNew,
    combinesFunctions: false,
    jsonSchema: true,
    mediaInResults: false,
    demandsSignatures: false,
    thinking: isNew ? 'level' : undefined,
  };
}

/**
 * The traits of a model by its name at any host. A name that says nothing, such as that of a tuned model, counts as one
 * of the generation that most of them are made of.
 *
 * @see {@link https://ai.google.dev/gemini-api/docs/models}
 * @see {@link https://ai.google.dev/gemini-api/docs/thought-signatures}
 * @see {@link https://ai.google.dev/gemini-api/docs/structured-output} for functions beside JSON
 */
export function geminiTraits(name: string): GeminiTraits {
  const model = name.toLowerCase();
  const gemma = GEMMA.exec(model);
  if (gemma !== null) return gemmaTraits(Number(gemma[1] ?? 1));
  const generation = generationOf(model);
  const { major, minor } = generation ?? { major: 2, minor: 5 };
  return {
    systemInstruction: true,
    functions: true,
    combinesFunctions: major >= 3,
    jsonSchema: major !== 1,
    mediaInResults: major >= 3,
    demandsSignatures: major >= 3,
    thinking: major >= 3 ? 'level' : major === 2 && minor >= 5 ? 'budget' : undefined,
  };
}

/**
 * Whether the signatures of an earlier answer hold for this request: they are bound to the endpoint, which the Gemini API
 * and Vertex AI are two of, and to the generation of the model. Others are answered with 400 "Corrupted thought signature".
 *
 * @param maker prefix of the provider under whose name the signature is kept
 * @see {@link https://github.com/BerriAI/litellm/issues/32140}
 */
export function readsSignatures(
  message: AssistantMessage,
  maker: string | undefined,
  { provider, model }: FormatContext,
): boolean {
  const origin = originOf(message);
  if ((origin?.provider ?? maker) !== provider) return false;
  return origin === undefined || generationName(origin.model) === generationName(model);
}

function generationName(name: string): string {
  const generation = generationOf(name.toLowerCase());
  return generation === undefined ? name : String(generation.major);
}
