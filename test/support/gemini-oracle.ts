import type { ChatCompletion } from '../../lib/index.js';
import { recordingsOf, type Recording } from './recordings.js';

/** What a Gemini answer says, read without any code of the library. */
export interface GeminiExpectation {
  text: string;
  reasoning: string;
  /** Signatures of text. */
  signatures: string[];
  calls: { name: string; args: unknown; signature: string | undefined }[];
  /** Parts that are neither text nor the caller's calls. */
  parts: unknown[];
  finish: string | undefined;
}

/** Sets a value that came with a path such as `$.operations[0].action`; texts grow. */
function setAt(root: any, path: string, piece: any): void {
  const steps = path
    .slice(1)
    .split(/[.[\]]+/)
    .filter((step) => step !== '')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  let at = root;
  steps.slice(0, -1).forEach((step, index) => {
    at = at[step] ??= typeof steps[index + 1] === 'number' ? [] : {};
  });
  const last = steps.at(-1)!;
  const value = piece.stringValue ?? piece.numberValue ?? piece.boolValue ?? null;
  at[last] = typeof value === 'string' && typeof at[last] === 'string' ? at[last] + value : value;
}

const FINISH: Readonly<Record<string, string>> = { STOP: 'stop', MAX_TOKENS: 'length' };

/**
 * @param events the events of a stream, or the one document of a unary answer
 * @param isDocument a document is whole without a reason why it ended, when there is something in it
 */
export function expectedOf(events: readonly any[], isDocument = false): GeminiExpectation {
  const all: any[] = events.flatMap((event) => event.candidates ?? []);
  const parts: any[] = all.flatMap((candidate) => candidate.content?.parts ?? []);
  const expected: GeminiExpectation = {
    text: '',
    reasoning: '',
    signatures: [],
    calls: [],
    parts: [],
    finish: undefined,
  };
  let open: any;
  parts.forEach((part, index) => {
    const call = part.functionCall;
    if (call) {
      if (parts[index + 1]?.functionResponse) {
        expected.parts.push(part, parts[index + 1]);
        return;
      }
      if (call.name) {
        open = { name: call.name, args: structuredClone(call.args ?? {}), signature: part.thoughtSignature };
        expected.calls.push(open);
      }
      for (const piece of call.partialArgs ?? []) setAt(open.args, piece.jsonPath, piece);
    } else if (part.functionResponse) {
      // Stands beside its call.
    } else if (part.text !== undefined && part.thought) {
      expected.reasoning += part.text;
    } else if (part.text !== undefined) {
      expected.text += part.text;
      if (part.thoughtSignature) expected.signatures.push(part.thoughtSignature);
    } else if (Object.keys(part).length > 0) {
      expected.parts.push(part);
    }
  });
  const reason = all.at(-1)?.finishReason;
  if (all.length === 0) {
    if (events.some(({ promptFeedback }) => promptFeedback)) expected.finish = 'content_filter';
  } else if (reason === 'STOP' && expected.calls.length > 0) expected.finish = 'tool_calls';
  else if (reason !== undefined) expected.finish = FINISH[reason] ?? 'content_filter';
  else if (isDocument && expected.text !== '') expected.finish = 'stop';
  return expected;
}

/** The provider's counters, the later ones of a stream over the earlier ones. */
export function countersOf(events: readonly any[]): any {
  return Object.assign({}, ...events.map(({ usageMetadata }) => usageMetadata));
}

export function usageOf(events: readonly any[]): any {
  const counters = countersOf(events);
  if (counters.promptTokenCount === undefined && counters.totalTokenCount === undefined) return undefined;
  const prompt = (counters.promptTokenCount ?? 0) + (counters.toolUsePromptTokenCount ?? 0);
  return {
    prompt,
    total: counters.totalTokenCount ?? prompt + (counters.candidatesTokenCount ?? 0),
    cached: counters.cachedContentTokenCount ?? 0,
    reasoning: counters.thoughtsTokenCount ?? 0,
  };
}

/** The same of a completion that the library made. */
export function seenOf(completion: ChatCompletion, prefix: string): { said: GeminiExpectation; usage: any } {
  const { message, finish_reason: finish } = completion.choices[0]!;
  const native = (message.provider_specific_fields?.[prefix] ?? {}) as any;
  const { usage } = completion;
  return {
    said: {
      text: message.content ?? '',
      reasoning: message.reasoning_content ?? '',
      signatures: native.thoughtSignatures ?? [],
      calls: (message.tool_calls ?? []).map((call: any) => ({
        name: call.function.name,
        args: JSON.parse(call.function.arguments),
        signature: call.provider_specific_fields?.[prefix]?.thoughtSignature,
      })),
      parts: native.parts ?? [],
      finish,
    },
    usage: usage && {
      prompt: usage.prompt_tokens,
      total: usage.total_tokens,
      cached: usage.prompt_tokens_details?.cached_tokens,
      reasoning: usage.completion_tokens_details?.reasoning_tokens,
    },
  };
}

/** Recordings of a folder by what they are. */
export function geminiRecordings(folder: 'gemini' | 'vertex'): {
  unary: Recording[];
  streams: Recording[];
  broken: Recording[];
  errors: Recording[];
} {
  const all = recordingsOf(folder, 'gemini');
  const answers = all.filter(
    ({ status, events, document }) =>
      status === 200 && (events ?? [document]).some((one: any) => one?.candidates || one?.promptFeedback),
  );
  const errors = all.filter(({ status }) => status !== 200);
  const isWhole = (recording: Recording): boolean =>
    expectedOf(recording.events ?? [recording.document], !recording.streamed).finish !== undefined &&
    !recording.name.includes('error-mid-stream');
  const streams = answers.filter(({ streamed }) => streamed);
  return {
    unary: answers.filter((recording) => !recording.streamed && isWhole(recording)),
    streams: streams.filter(isWhole),
    broken: all.filter((one) => !errors.includes(one) && (!answers.includes(one) || !isWhole(one))),
    errors,
  };
}

/** The document that the unary call answers with what the events of a stream say. */
export function unaryOf(events: readonly any[]): Pick<Recording, 'status' | 'headers' | 'body'> {
  const document: any = Object.assign({}, ...events);
  document.usageMetadata = countersOf(events);
  const candidates: any[] = events.flatMap((event) => event.candidates ?? []);
  if (candidates.length > 0) {
    const joined: any = Object.assign({}, ...candidates);
    joined.content = { role: 'model', parts: candidates.flatMap(({ content }) => content?.parts ?? []) };
    const cited = candidates.flatMap(({ citationMetadata }) => citationMetadata ?? []);
    if (cited.length > 0) {
      joined.citationMetadata = Object.fromEntries(
        ['citations', 'citationSources']
          .map((name) => [name, cited.flatMap((one: any) => one[name] ?? [])])
          .filter(([, list]) => list!.length > 0),
      );
    }
    document.candidates = [joined];
  }
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(document)),
  };
}
