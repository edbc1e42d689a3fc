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

/** Characters. */
const MARK_EVERY = 256;

/** How many stretches are looked for that are not where they are said to be: each takes a look at the whole text. */
const MAX_SEARCHES = 32;

/** Finds the stretches of a text that Gemini counts in bytes, for JavaScript counts otherwise. */
class TextPositions {
  /** Of every so many characters the position in bytes; made when it is first asked for. */
  private marks: { readonly index: number; readonly byte: number }[] | undefined;
  private searches = 0;

  constructor(private readonly text: string) {}

  find({ startIndex = 0, endIndex = Infinity, text }: Segment): { start: number; end: number } {
    const start = this.toIndex(startIndex);
    const end = this.toIndex(endIndex);
    if (text === undefined || this.text.slice(start, end) === text) return { start, end };
    // The bytes are those of one part of the answer, and the text here may be of several.
    const found = this.searches++ < MAX_SEARCHES ? this.text.indexOf(text) : -1;
    return found === -1 ? { start, end } : { start: found, end: found + text.length };
  }

  private toIndex(position: number): number {
    const marks = (this.marks ??= this.markText());
    let low = 0;
    for (let high = marks.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if (marks[middle]!.byte <= position) low = middle;
      else high = middle;
    }
    let { index, byte } = marks[low]!;
    while (index < this.text.length && byte < position) {
      const code = this.text.codePointAt(index)!;
      byte += bytesOf(code);
      index += code > 0xffff ? 2 : 1;
    }
    return index;
  }

  private markText(): { index: number; byte: number }[] {
    const marks = [{ index: 0, byte: 0 }];
    for (let index = 0, byte = 0, next = MARK_EVERY; index < this.text.length;) {
      const code = this.text.codePointAt(index)!;
      byte += bytesOf(code);
      index += code > 0xffff ? 2 : 1;
      if (index < next) continue;
      marks.push({ index, byte });
      next += MARK_EVERY;
    }
    return marks;
  }
}

function bytesOf(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
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
