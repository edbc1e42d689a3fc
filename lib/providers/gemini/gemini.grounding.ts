import type {
  ChatCompletionMessage,
  Logprobs,
  TokenLogprob,
} from '../../operations/chat/chat-completion.interface.js';
import { listOf, stringOf, type GeminiCandidate, type GeminiLogprobs } from './gemini.wire.js';

type Annotation = NonNullable<ChatCompletionMessage['annotations']>[number];

interface Source {
  uri?: string;
  title?: string;
}

/** A stretch of a text, in bytes of UTF-8. */
interface Segment {
  startIndex?: number;
  endIndex?: number;
  /** What stands there. */
  text?: string;
}

function citationsOf({ citationMetadata }: GeminiCandidate): (Source & Segment)[] {
  return [...listOf(citationMetadata?.citations), ...listOf(citationMetadata?.citationSources)];
}

function chunksOf({ groundingMetadata }: GeminiCandidate): (Source | undefined)[] {
  return listOf(groundingMetadata?.groundingChunks).map(
    ({ web, maps, retrievedContext }) => web ?? maps ?? retrievedContext,
  );
}

/** Finds the stretches of a text that Gemini counts in bytes, for JavaScript counts otherwise. */
class TextPositions {
  private readonly bytes: Buffer;

  constructor(private readonly text: string) {
    this.bytes = Buffer.from(text);
  }

  find({ startIndex = 0, endIndex = Infinity, text }: Segment): { start: number; end: number } {
    const start = this.toIndex(startIndex);
    const end = this.toIndex(endIndex);
    if (text === undefined || this.text.slice(start, end) === text) return { start, end };
    // The bytes are those of one part of the answer, and the text here may be of several.
    const found = this.text.indexOf(text);
    return found === -1 ? { start, end } : { start: found, end: found + text.length };
  }

  private toIndex(position: number): number {
    return this.bytes.toString('utf8', 0, position).length;
  }
}

/** The sources that a candidate's text rests on, as OpenAI's annotations of its text. */
export function toAnnotations(candidate: GeminiCandidate, text: string): Annotation[] {
  const annotations: Annotation[] = [];
  const positions = new TextPositions(text);
  const add = (source: Source | undefined, segment: Segment): void => {
    const url = stringOf(source?.uri);
    if (url === undefined) return;
    const { start, end } = positions.find(segment);
    annotations.push({
      type: 'url_citation',
      url_citation: { start_index: start, end_index: end, url, title: stringOf(source!.title) ?? '' },
    });
  };
  const chunks = chunksOf(candidate);
  for (const { segment, groundingChunkIndices } of listOf(candidate.groundingMetadata?.groundingSupports)) {
    if (!Array.isArray(groundingChunkIndices)) continue;
    for (const index of groundingChunkIndices) add(chunks[index], segment ?? {});
  }
  for (const citation of citationsOf(candidate)) {
    add(citation, { startIndex: citation.startIndex, endIndex: citation.endIndex });
  }
  return annotations;
}

/** The addresses of a candidate's sources. */
export function toCitations(candidate: GeminiCandidate): string[] {
  return [...chunksOf(candidate), ...citationsOf(candidate)]
    .map((source) => stringOf(source?.uri))
    .filter((uri) => uri !== undefined);
}

export function toLogprobs({ chosenCandidates, topCandidates }: GeminiLogprobs): Logprobs {
  const top = listOf(topCandidates);
  const content = listOf(chosenCandidates).map((chosen, index): TokenLogprob => ({
    ...toToken(chosen),
    top_logprobs: listOf(top[index]?.candidates).map(toToken),
  }));
  return { content, refusal: null };
}

function toToken(given: { token?: string; logProbability?: number }) {
  const token = stringOf(given.token) ?? '';
  return { token, bytes: [...Buffer.from(token)], logprob: given.logProbability ?? 0 };
}
