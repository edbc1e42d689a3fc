import { BadRequestError } from '../../errors/errors.js';
import type { ChatRequest, ContentPart } from './chat-request.interface.js';

/** For one request: providers take about as many. */
const MAX_URLS = 20;

/** @returns the image or document at an http(s) URL as a data: URL */
export type FetchMedia = (url: string) => Promise<string>;

/**
 * Puts the bytes of images and documents in the place of their http(s) URLs, for providers that fetch none. The
 * caller's request stays as it is.
 */
export async function inlineMedia(request: ChatRequest, fetchMedia: FetchMedia): Promise<ChatRequest> {
  const urls = new Set(request.messages.flatMap(({ content }) => partsOf(content).flatMap(urlOf)));
  if (urls.size === 0) return request;
  if (urls.size > MAX_URLS) {
    throw new BadRequestError(
      `messages: ${urls.size} images and files by URL, of which ${MAX_URLS} are fetched at the most`,
      {
        param: 'messages',
        code: 'media_refused',
      },
    );
  }
  const fetched = new Map<string, string>();
  await Promise.all([...urls].map(async (url) => fetched.set(url, await fetchMedia(url))));
  const messages = request.messages.map((message) => {
    const parts = partsOf(message.content);
    if (!parts.some((part) => urlOf(part).length > 0)) return message;
    return { ...message, content: parts.map((part) => withBytes(part, fetched)) } as typeof message;
  });
  return { ...request, messages };
}

function partsOf(content: unknown): readonly ContentPart[] {
  return Array.isArray(content) ? (content as ContentPart[]) : [];
}

/** None or one. */
function urlOf(part: ContentPart): string[] {
  const url =
    part?.type === 'image_url'
      ? part.image_url?.url
      : part?.type === 'file'
        ? part.file?.file_data
        : undefined;
  return typeof url === 'string' && /^https?:/i.test(url) ? [url] : [];
}

function withBytes(part: ContentPart, fetched: ReadonlyMap<string, string>): ContentPart {
  const [url] = urlOf(part);
  const bytes = url === undefined ? undefined : fetched.get(url);
  if (bytes === undefined) return part;
  if (part.type === 'file') return { ...part, file: { ...part.file, file_data: bytes } };
  return part.type === 'image_url' ? { ...part, image_url: { ...part.image_url, url: bytes } } : part;
}
