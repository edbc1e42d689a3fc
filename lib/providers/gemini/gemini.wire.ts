/**
 * The Gemini API's documents, as far as they are used here. Anything may be absent, in answers above all.
 *
 * @see {@link https://ai.google.dev/api/generate-content}
 * @see {@link https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference}
 */
export interface GeminiPart {
  text?: string;
  /** The text is a summary of thinking. */
  thought?: boolean;
  /** Proves that the part is the model's own; base64. */
  thoughtSignature?: string;
  inlineData?: { mimeType: string; data: string };
  fileData?: { mimeType?: string; fileUri: string };
  functionCall?: GeminiFunctionCall;
  functionResponse?: {
    id?: string;
    name: string;
    response: Record<string, unknown>;
    /** Images and files of the result, from Gemini 3 on. */
    parts?: GeminiPart[];
  };
  executableCode?: { language: string; code: string };
  codeExecutionResult?: { outcome: string; output?: string };
}

export interface GeminiFunctionCall {
  id?: string;
  name?: string;
  args?: Record<string, unknown>;
  /** Pieces of the arguments, with `toolConfig.functionCallingConfig.streamFunctionCallArguments`. */
  partialArgs?: GeminiPartialArg[];
  /** More of this call follows in later events. */
  willContinue?: boolean;
}

export interface GeminiPartialArg {
  /** RFC 9535. */
  jsonPath: string;
  stringValue?: string;
  numberValue?: number;
  boolValue?: boolean;
  nullValue?: unknown;
  /** More of this string follows. */
  willContinue?: boolean;
}

export interface GeminiContent {
  role?: 'user' | 'model';
  parts?: GeminiPart[];
}

export interface GeminiFunctionDeclaration {
  name: string;
  description?: string;
  /** Gemini's subset of OpenAPI. */
  parameters?: unknown;
  /** JSON Schema. */
  parametersJsonSchema?: unknown;
}

export interface GeminiThinkingConfig {
  includeThoughts?: boolean;
  /** Tokens; 0 is none, -1 leaves it to the model. */
  thinkingBudget?: number;
  thinkingLevel?: 'minimal' | 'low' | 'medium' | 'high';
}

export interface GeminiGenerationConfig {
  temperature?: number;
  topP?: number;
  maxOutputTokens?: number;
  stopSequences?: string[];
  seed?: number;
  candidateCount?: number;
  presencePenalty?: number;
  frequencyPenalty?: number;
  responseLogprobs?: boolean;
  logprobs?: number;
  responseMimeType?: string;
  responseSchema?: unknown;
  responseJsonSchema?: unknown;
  responseModalities?: string[];
  thinkingConfig?: GeminiThinkingConfig;
}

export interface GeminiFunctionCallingConfig {
  mode: 'NONE' | 'AUTO' | 'ANY' | 'VALIDATED';
  allowedFunctionNames?: string[];
}

export interface GeminiRequest {
  contents: GeminiContent[];
  systemInstruction?: { parts: GeminiPart[] };
  tools?: ({ functionDeclarations: GeminiFunctionDeclaration[] } | { googleSearch: object })[];
  toolConfig?: { functionCallingConfig: GeminiFunctionCallingConfig };
  generationConfig?: GeminiGenerationConfig;
}

export interface GeminiCitation {
  /** In bytes of UTF-8. */
  startIndex?: number;
  endIndex?: number;
  uri?: string;
  title?: string;
}

export interface GeminiGroundingMetadata {
  groundingChunks?: {
    web?: { uri?: string; title?: string };
    maps?: { uri?: string; title?: string };
    retrievedContext?: { uri?: string; title?: string };
  }[];
  groundingSupports?: {
    /** Indices in bytes of UTF-8 of the part. */
    segment?: { startIndex?: number; endIndex?: number; text?: string };
    groundingChunkIndices?: number[];
  }[];
}

interface GeminiTokenLogprob {
  token?: string;
  logProbability?: number;
}

export interface GeminiLogprobs {
  chosenCandidates?: GeminiTokenLogprob[];
  topCandidates?: { candidates?: GeminiTokenLogprob[] }[];
}

export interface GeminiCandidate {
  index?: number;
  content?: GeminiContent;
  finishReason?: string;
  finishMessage?: string;
  safetyRatings?: unknown[];
  /** `citationSources` on the Gemini API, `citations` on Vertex AI. */
  citationMetadata?: { citations?: GeminiCitation[]; citationSources?: GeminiCitation[] };
  groundingMetadata?: GeminiGroundingMetadata;
  urlContextMetadata?: unknown;
  avgLogprobs?: number;
  logprobsResult?: GeminiLogprobs;
}

interface GeminiModalityTokens {
  modality?: string;
  tokenCount?: number;
}

export interface GeminiUsage {
  promptTokenCount?: number;
  cachedContentTokenCount?: number;
  candidatesTokenCount?: number;
  thoughtsTokenCount?: number;
  toolUsePromptTokenCount?: number;
  totalTokenCount?: number;
  promptTokensDetails?: GeminiModalityTokens[];
  candidatesTokensDetails?: GeminiModalityTokens[];
}

/** The answer of `generateContent`, and each event of `streamGenerateContent`. */
export interface GeminiResponse {
  candidates?: GeminiCandidate[];
  promptFeedback?: { blockReason?: string; blockReasonMessage?: string; safetyRatings?: unknown[] };
  usageMetadata?: GeminiUsage;
  modelVersion?: string;
  responseId?: string;
  /** RFC 3339. Vertex AI only. */
  createTime?: string;
  error?: unknown;
}

/** The objects of a list in an answer, which may be anything. */
export function listOf<Item extends object>(value: readonly Item[] | undefined): readonly Item[] {
  if (!Array.isArray(value)) return NO_ITEMS;
  const items = value as readonly Item[];
  return items.every(isItem) ? items : items.filter(isItem);
}

const NO_ITEMS: readonly never[] = [];

function isItem(item: unknown): boolean {
  return typeof item === 'object' && item !== null;
}

/** A string of an answer, which may be anything. */
export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
