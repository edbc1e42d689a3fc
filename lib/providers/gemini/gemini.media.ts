import type { AudioPart, FilePart, ImagePart } from '../../operations/chat/chat-request.interface.js';
import { BadRequestError } from '../../errors/errors.js';
import { readDataUrl } from '../kit/messages.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import type { GeminiPart } from './gemini.wire.js';

/**
 * Media types by the ending of a file's name.
 *
 * @see {@link https://ai.google.dev/gemini-api/docs/file-input-methods} for what the models read
 */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heif',
  gif: 'image/gif',
  bmp: 'image/bmp',
  pdf: 'application/pdf',
  json: 'application/json',
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  css: 'text/css',
  csv: 'text/csv',
  xml: 'text/xml',
  rtf: 'text/rtf',
  wav: 'audio/wav',
  mp3: 'audio/mp3',
  aiff: 'audio/aiff',
  aac: 'audio/aac',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  m4a: 'audio/mp4',
  mp4: 'video/mp4',
  mpeg: 'video/mpeg',
  mpg: 'video/mpeg',
  mov: 'video/quicktime',
  avi: 'video/x-msvideo',
  flv: 'video/x-flv',
  webm: 'video/webm',
  wmv: 'video/wmv',
  '3gp': 'video/3gpp',
};

const YOUTUBE = /^https?:\/\/(www\.|m\.)?(youtube\.com|youtu\.be)\//i;

function mediaTypeOf(name: string): string | undefined {
  if (YOUTUBE.test(name)) return 'video/mp4';
  const ending = /\.([a-z0-9]+)(?:[?#]|$)/i.exec(name.slice(name.lastIndexOf('/') + 1))?.[1];
  return ending === undefined ? undefined : MEDIA_TYPES[ending.toLowerCase()];
}

function refusePart(what: string, context: FormatContext): BadRequestError {
  return new BadRequestError(`${context.provider}: messages: ${what}`, {
    provider: context.provider,
    model: `${context.provider}/${context.model}`,
    param: 'messages',
  });
}

/** A file by its address: `https:`, `gs:`, or the Files API's. */
function fileAt(uri: string, name: string | undefined, context: FormatContext): GeminiPart {
  const mimeType = mediaTypeOf(uri) ?? (name === undefined ? undefined : mediaTypeOf(name));
  // The Gemini API knows the type of its own files, and reads it from the answer for others. Vertex AI has to be told.
  if (mimeType === undefined && context.provider === 'vertex_ai') {
    throw refusePart(
      `the media type of ${uri} does not show in its name; give file.filename with an ending, or the content as a data: URL`,
      context,
    );
  }
  return { fileData: { ...(mimeType !== undefined && { mimeType }), fileUri: uri } };
}

function fromUrl(url: string, name: string | undefined, context: FormatContext): GeminiPart {
  const inline = readDataUrl(url);
  if (inline !== undefined) return { inlineData: { mimeType: inline.mediaType, data: inline.data } };
  if (/^(https?|gs):\/\//i.test(url)) return fileAt(url, name, context);
  throw refusePart('a file or an image is neither a data: URL nor an http(s): or gs: one', context);
}

/**
 * @returns the part of an image, a file or a piece of audio
 * @throws {BadRequestError} when it is of a kind that Gemini does not read, or its media type cannot be told
 */
export function toMediaPart(part: ImagePart | AudioPart | FilePart, context: FormatContext): GeminiPart {
  switch (part.type) {
    case 'image_url':
      return fromUrl(part.image_url.url, undefined, context);
    case 'input_audio':
      return { inlineData: { mimeType: `audio/${part.input_audio.format}`, data: part.input_audio.data } };
    case 'file': {
      const { file_data: data, file_id: id, filename } = part.file;
      if (id !== undefined) return fileAt(id, filename, context);
      if (data === undefined) throw refusePart('a file has neither file_data nor file_id', context);
      return fromUrl(data, filename, context);
    }
    default:
      throw refusePart(
        `there is no way to send a part of type ${JSON.stringify((part as { type: unknown }).type)}`,
        context,
      );
  }
}
