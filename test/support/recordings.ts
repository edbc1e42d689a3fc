import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { frame, type Framing } from './framing.js';

export { awsMessage, frame, type Framing } from './framing.js';

/** An answer of a provider as it was recorded. */
export interface Recording {
  /** `provider/source/file`, with `#n` for the nth exchange of a file. */
  readonly name: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  readonly streamed: boolean;
  /** The events of a streamed body as JSON, read without any code of the library; `undefined` where there are none. */
  readonly events: readonly any[] | undefined;
  /** The document of a unary body as JSON. */
  readonly document: any;
  /** What was asked, where the recording has it. */
  readonly request: { readonly url: string; readonly body: any } | undefined;
}

/** The small ones of the recorded exchanges are carried in the repository; where all of them lie beside it, all are used. */
const everything = fileURLToPath(new URL('../../../shared/wire/', import.meta.url));
const hasEverything = existsSync(everything);
const root = hasEverything ? everything : fileURLToPath(new URL('../wire/', import.meta.url));

/** How many recordings there have to be at the least, when there are `count` of them in all. */
export function fewestOf(count: number): number {
  return hasEverything ? count : 1;
}

/** All recordings of a folder, such as `anthropic` or `openai-compatible/together`. */
export function recordingsOf(folder: string, framing: Framing): Recording[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(json|txt|sse|html)$/.test(file))
    .sort()
    .flatMap((file) => read(`${folder}/${file}`, framing));
}

function read(name: string, framing: Framing): Recording[] {
  const bytes = readFileSync(join(root, name));
  const text = bytes.toString('utf8');
  if (name.endsWith('.chunks.txt')) {
    const events = text
      .split('\n')
      .filter((line) => line.trim() !== '')
      // A line that is broken on purpose stays the text that it is.
      .map(parse);
    return [streamed(name, frame(events, framing), contentTypeOf(framing), events)];
  }
  if (name.endsWith('.json')) {
    const document = JSON.parse(text);
    if (Array.isArray(document.interactions)) return document.interactions.map(fromGenAI(name));
    if (Array.isArray(document.exchanges)) return document.exchanges.map(fromOpenLLMetry(name));
    if (Array.isArray(document)) {
      return [streamed(name, frame(document, framing), contentTypeOf(framing), document)];
    }
    const body = document.response?.data ?? document;
    return [unary(name, Buffer.from(JSON.stringify(body)), statusOf(body), 'application/json')];
  }
  if (name.endsWith('.html')) return [unary(name, bytes, 502, 'text/html')];
  if (text.trimStart().startsWith('{') || text.trimStart().startsWith('[{')) {
    return [unary(name, bytes, statusOf(JSON.parse(text)), 'application/json')];
  }
  return [streamed(name, bytes, 'text/event-stream', eventsOfSse(text))];
}

function fromGenAI(name: string) {
  return (interaction: any, index: number): Recording => {
    const { request, response } = interaction;
    const segments: unknown[] = response.bodySegments ?? [];
    const asked = {
      url: request.url,
      body: request.bodySegments?.length > 0 ? request.bodySegments[0] : undefined,
    };
    const isStream = /stream/i.test(request.url);
    const recording = isStream
      ? streamed(`${name}#${index}`, frame(segments, 'gemini'), 'text/event-stream', segments)
      : unary(
          `${name}#${index}`,
          Buffer.from(JSON.stringify(segments[0] ?? {})),
          response.statusCode,
          'application/json',
        );
    return { ...recording, status: response.statusCode, request: asked };
  };
}

function fromOpenLLMetry(name: string) {
  return ({ request, response }: any, index: number): Recording => {
    const body =
      response.bodyBase64 !== undefined
        ? Buffer.from(response.bodyBase64, 'base64')
        : Buffer.from(response.body ?? '');
    const headers: Record<string, string> = {};
    for (const [key, value] of Object.entries(response.headers ?? {})) {
      headers[key.toLowerCase()] = Array.isArray(value) ? value.join(', ') : String(value);
    }
    for (const hop of ['content-length', 'transfer-encoding', 'connection', 'content-encoding'])
      delete headers[hop];
    const type = headers['content-type'] ?? 'application/json';
    const asked = { url: request.url, body: parse(request.body) };
    const text = body.toString('utf8');
    const full = `${name}#${index}`;
    const recording = /event-?stream/.test(type)
      ? streamed(full, body, type, /amazon/.test(type) ? eventsOfAws(body) : eventsOfSse(text))
      : /ndjson/.test(type)
        ? streamed(
            full,
            body,
            type,
            text
              .split('\n')
              .filter(Boolean)
              .map((line) => JSON.parse(line)),
          )
        : unary(full, body, response.status, type);
    return {
      ...recording,
      status: response.status,
      headers: { ...headers, 'content-type': type },
      request: asked,
    };
  };
}

function streamed(name: string, body: Buffer, type: string, events: readonly unknown[]): Recording {
  return {
    name,
    status: 200,
    headers: { 'content-type': type },
    body,
    streamed: true,
    events,
    document: undefined,
    request: undefined,
  };
}

function unary(name: string, body: Buffer, status: number, type: string): Recording {
  return {
    name,
    status,
    headers: { 'content-type': type },
    body,
    streamed: false,
    events: undefined,
    document: parse(body.toString('utf8')),
    request: undefined,
  };
}

function parse(text: unknown): any {
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Recordings without a status: an error document says its own. */
function statusOf(document: any): number {
  const error = (Array.isArray(document) ? document[0] : document)?.error;
  if (error === undefined || error === null) return 200;
  return typeof error.code === 'number' ? error.code : 400;
}

function contentTypeOf(framing: Framing): string {
  if (framing === 'aws') return 'application/vnd.amazon.eventstream';
  return framing === 'ndjson' ? 'application/x-ndjson' : 'text/event-stream';
}

/** The JSON events of an SSE body: line by line, as the standard says. */
function eventsOfSse(text: string): unknown[] {
  return text
    .split(/(?:\r\n|\n|\r){2,}/)
    .map((block) =>
      block
        .split(/\r\n|\n|\r/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).replace(/^ /, ''))
        .join('\n'),
    )
    .filter((data) => data !== '' && data !== '[DONE]')
    .map((data) => parse(data));
}

/** The events of an AWS event stream as `{ type: payload }`. */
function eventsOfAws(bytes: Buffer): unknown[] {
  const events: unknown[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    const total = bytes.readUInt32BE(at);
    const headersEnd = at + 12 + bytes.readUInt32BE(at + 4);
    const headers = bytes.toString('latin1', at + 12, headersEnd);
    // The name, the type of the value, its length in two bytes, the value.
    const type = /:event-type[^]{3}(\w+)/.exec(headers)?.[1] ?? 'unknown';
    events.push({ [type]: JSON.parse(bytes.toString('utf8', headersEnd, at + total - 4)) });
  }
  return events;
}
