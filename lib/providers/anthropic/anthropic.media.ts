import type { ContentPart, FilePart, TextPart } from '../../operations/chat/chat-request.interface.js';
import type { Fields } from '../kit/fields.js';
import { BYTES_ONLY, readDataUrl, type InlineData } from '../kit/messages.js';
import { refusal } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import type { AnthropicBlock } from './anthropic.wire.js';

/** What the host of the format takes as the source of an image or a document. */
export interface SourceOptions {
  /** URLs, which the host fetches itself. */
  readonly urlSources: boolean;
  /** Ids of uploaded files. */
  readonly fileIds: boolean;
}

/** @see {@link https://platform.claude.com/docs/en/build-with-claude/vision} */
const IMAGE_TYPES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);

function urlSource(url: string, context: FormatContext, { urlSources }: SourceOptions): Fields {
  if (!/^https?:\/\//i.test(url)) throw refusal('a URL that is neither http(s) nor data', context);
  if (!urlSources) throw refusal(`images and files by URL; ${BYTES_ONLY}`, context);
  return { type: 'url', url };
}

function base64Source({ mediaType, data }: InlineData): Fields {
  return { type: 'base64', media_type: mediaType, data };
}

function toImage(url: string, context: FormatContext, options: SourceOptions): AnthropicBlock {
  const inline = readDataUrl(url);
  if (inline === undefined) return { type: 'image', source: urlSource(url, context, options) };
  // The name that no standard has, but that callers use.
  const mediaType = inline.mediaType === 'image/jpg' ? 'image/jpeg' : inline.mediaType;
  if (!IMAGE_TYPES.has(mediaType)) throw refusal(`images of the type ${mediaType}`, context);
  return { type: 'image', source: base64Source({ ...inline, mediaType }) };
}

/** The source of a document, from the data that a file part has in place. */
function inlineSource(data: string, context: FormatContext): Fields {
  const inline = readDataUrl(data);
  // OpenAI takes the bare base64 of a PDF as well.
  if (inline === undefined || inline.mediaType === 'application/pdf') {
    return base64Source({ mediaType: 'application/pdf', data: inline?.data ?? data });
  }
  if (!inline.mediaType.startsWith('text/') && inline.mediaType !== 'application/json') {
    throw refusal(`files of the type ${inline.mediaType}`, context);
  }
  return {
    type: 'text',
    media_type: 'text/plain',
    data: Buffer.from(inline.data, 'base64').toString('utf8'),
  };
}

function toDocument({ file }: FilePart, context: FormatContext, options: SourceOptions): AnthropicBlock {
  const { file_id: id, file_data: data, filename } = file;
  const title = filename === undefined ? {} : { title: filename };
  if (id !== undefined) {
    if (!options.fileIds) throw refusal('files by their id; send them as a data: URL', context);
    return { type: 'document', source: { type: 'file', file_id: id }, ...title };
  }
  if (data === undefined) throw refusal('a file part without file_data and file_id', context);
  if (/^data:image\//i.test(data)) return toImage(data, context, options);
  const source = /^https?:\/\//i.test(data) ? urlSource(data, context, options) : inlineSource(data, context);
  return { type: 'document', source, ...title };
}

/**
 * Translates a part that is no text.
 *
 * @throws {BadRequestError} naming what the provider does not take
 */
export function toMediaBlock(
  part: Exclude<ContentPart, TextPart>,
  context: FormatContext,
  options: SourceOptions,
): AnthropicBlock {
  if (part.type === 'image_url') return toImage(part.image_url.url, context, options);
  if (part.type === 'file') return toDocument(part, context, options);
  throw refusal(`parts of the type ${String((part as { type: unknown }).type)}`, context);
}
