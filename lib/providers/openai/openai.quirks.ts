import type { AssistantMessage } from '../../operations/chat/chat-request.interface.js';
import type { ThinkingSwitch } from './thinking-switch.js';
import type { CompletionCapabilities, FormatContext } from '../provider-adapter.interface.js';

/** How a provider's wire format differs from OpenAI's own. */
export interface OpenAIQuirks {
  /** What the provider calls the models of chats, by the name behind the prefix. */
  readonly modelName?: ((model: string) => string) | undefined;
  /** Request fields that the provider takes under another name. */
  readonly rename?: Readonly<Record<string, string>> | undefined;
  /** Request fields that the provider refuses. */
  readonly unsupported?: readonly string[] | undefined;
  /** Refuses or renames fields of a request's body that only some models refuse. */
  readonly limit?: ((body: Record<string, unknown>, context: FormatContext) => void) | undefined;
  /**
   * OpenAI's own servers, and Azure's: they know the role `developer`, calls of custom tools and refusals, and take
   * arguments that are no JSON.
   */
  readonly own?: true;
  /** Fields of messages that are not OpenAI's are refused: those of each role alone are sent. */
  readonly strict?: boolean | undefined;
  /** What the provider takes of the fields that answers add to OpenAI's messages; the others are left out. */
  readonly messageFields: readonly string[];
  /** Content that is a list of nothing but texts has to be one text. */
  readonly textAsString?: boolean | undefined;
  /** Instructions come first, then user and assistant by turns, a user first and last. */
  readonly alternates?: boolean | undefined;
  /** Conversations are rendered by the model's own chat template, which insists on turns with some families. */
  readonly templates?: boolean | undefined;
  /** The signed reasoning of an earlier answer, as parts of its content. */
  readonly reasoningParts?:
    ((message: AssistantMessage, context: FormatContext) => readonly object[]) | undefined;
  /** Models that refuse an earlier answer without its reasoning, be it empty. */
  readonly demandsReasoning?: ((model: string) => boolean) | undefined;
  /** Reasoning of earlier answers goes back inside of the content, as `<think>...</think>`. */
  readonly reasoningInContent?: boolean | undefined;
  /** How the provider is told to think, or not to. Default as OpenAI is, by `reasoning_effort`. */
  readonly thinking?: ThinkingSwitch | undefined;
  /** `response_format: { type: 'json_object' }` is refused, and sent as a schema of any object. */
  readonly jsonObjectAsSchema?: boolean | undefined;
  /** Models may put their reasoning into the answer, as `<think>...</think>` at its begin. */
  readonly thinkTags?: boolean | undefined;
  /** `completion_tokens` does not include the tokens of reasoning. */
  readonly reasoningTokensApart?: boolean | undefined;
  /** Streams take `stream_options.include_usage`: all of them, or those that the provider's options lead to. */
  readonly streamUsage?: boolean | ((options: FormatContext['providerOptions']) => boolean) | undefined;
  readonly capabilities: CompletionCapabilities;
  readonly embedding?: EmbeddingQuirks | undefined;
}

/** How a provider's embeddings differ from OpenAI's own. */
export interface EmbeddingQuirks {
  /** Inputs that one request may have. Default OpenAI's 2,048. */
  readonly maxInputs?: number;
  /** Tokens as input are refused. */
  readonly textsOnly?: true;
  /** Request fields that the provider refuses with this value, which is what it does without them. */
  readonly omit?: Readonly<Record<string, unknown>>;
  /**
   * The provider sends bytes only: vectors of signed 8-bit integers in base64, which it has by this name. They are
   * given out as numbers between -1 and 1, as LiteLLM has them.
   */
  readonly encoding?: 'base64_int8';
}
