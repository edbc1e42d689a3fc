import { isUtf8 } from 'node:buffer';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { LlmConfigurationError, type HttpHeaders } from '../../index.js';

/** A part of a body. Text with line breaks is a list of its lines, for a readable diff. */
export type RecordedChunk = { readonly afterMs: number } & (
  { readonly text: string | readonly string[] } | { readonly base64: string }
);

/** An exchange as its file has it. Times are milliseconds since the request was sent. */
export interface Recording {
  readonly version: 1;
  readonly request: { readonly method: string; readonly path: string; readonly body?: unknown };
  readonly response: {
    readonly status: number;
    readonly afterMs: number;
    readonly headers: HttpHeaders;
    readonly chunks: readonly RecordedChunk[];
    /** How the connection broke, where it did. */
    readonly error?: { readonly afterMs: number; readonly code: string; readonly message: string };
  };
}

export function toChunk(afterMs: number, bytes: Buffer): RecordedChunk {
  if (!isUtf8(bytes)) return { afterMs, base64: bytes.toString('base64') };
  const text = bytes.toString();
  return { afterMs, text: text.includes('\n') ? text.split('\n') : text };
}

export function bytesOf(chunk: RecordedChunk): Buffer {
  if ('base64' in chunk) return Buffer.from(chunk.base64, 'base64');
  return Buffer.from(typeof chunk.text === 'string' ? chunk.text : chunk.text.join('\n'));
}

/** A path without the ids of accounts: a test has none, and a file shows none. */
export function pathWithoutAccount(path: string): string {
  return path.replace(/\/(projects|accounts)\/[^/?]+/g, '/$1/-');
}

/** Parsed where it is JSON. */
export function parsedBody(text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The files of the exchanges under one name: `chat.json`, `chat-2.json` and so on. */
export class RecordingFiles {
  constructor(private readonly file: string) {}

  get exist(): boolean {
    return this.paths().length > 0;
  }

  /** @param number of the exchange, from 1 */
  write(number: number, recording: Recording): void {
    mkdirSync(dirname(this.file), { recursive: true });
    writeFileSync(this.pathOf(number), `${JSON.stringify(recording, null, 2)}\n`);
  }

  remove(): void {
    for (const path of this.paths()) rmSync(path);
  }

  /**
   * @throws {LlmConfigurationError} when there are none, or one is no recording
   */
  read(): { readonly path: string; readonly recording: Recording }[] {
    const paths = this.paths();
    if (paths.length === 0) {
      throw new LlmConfigurationError(
        `there is no recording ${this.file}: make it with recordingSession() and RECORD=1`,
      );
    }
    return paths.map((path) => ({ path, recording: read(path) }));
  }

  private pathOf(number: number): string {
    const extension = extname(this.file);
    const stem = this.file.slice(0, this.file.length - extension.length);
    return number === 1 ? this.file : `${stem}-${number}${extension}`;
  }

  private paths(): string[] {
    const extension = extname(this.file);
    const stem = basename(this.file, extension);
    const numberOf = (name: string): number => {
      if (name === stem + extension) return 1;
      if (!name.startsWith(`${stem}-`) || !name.endsWith(extension)) return NaN;
      const digits = name.slice(stem.length + 1, name.length - extension.length);
      return /^\d+$/.test(digits) ? Number(digits) : NaN;
    };
    return namesIn(dirname(this.file))
      .filter((name) => !Number.isNaN(numberOf(name)))
      .sort((one, other) => numberOf(one) - numberOf(other))
      .map((name) => join(dirname(this.file), name));
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function read(path: string): Recording {
  const recording = parsedBody(readFileSync(path, 'utf8')) as Partial<Recording> | undefined;
  if (recording?.version === 1 && recording.request !== undefined && recording.response !== undefined)
    return recording as Recording;
  throw new LlmConfigurationError(`${path} is no recording of this package: record it anew with RECORD=1`);
}

/** Where two JSON values differ, as paths such as `messages[0].content`. */
export function differences(one: unknown, other: unknown, at = ''): string[] {
  if (isDeepStrictEqual(one, other)) return [];
  if (!isObject(one) || !isObject(other) || Array.isArray(one) !== Array.isArray(other))
    return [at === '' ? 'the whole body' : at];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].flatMap((name) => {
    const dot = at === '' ? name : `${at}.${name}`;
    return differences(one[name], other[name], Array.isArray(one) ? `${at}[${name}]` : dot);
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
