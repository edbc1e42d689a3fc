import { extname } from 'node:path';
import { BadRequestError } from '../../errors/errors.js';
import type {
  AudioPart,
  FilePart,
  ImagePart,
  ChatRequest,
} from '../../operations/chat/chat-request.interface.js';
import { BYTES_ONLY, readDataUrl } from '../kit/messages.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import type { MediaBlock, Source } from './bedrock.wire.js';
import { UniqueNames } from '../kit/unique-names.js';

type Kind = keyof MediaBlock;

/**
 * Bedrock's formats by their file extension, with the media type of each.
 *
 * @see {@link https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html}
 */
const FORMATS: readonly (readonly [extension: string, mediaType: string, kind: Kind, format: string])[] = [
  ['png', 'image/png', 'image', 'png'],
  ['jpg', 'image/jpeg', 'image', 'jpeg'],
  ['jpeg', 'image/jpg', 'image', 'jpeg'],
  ['gif', 'image/gif', 'image', 'gif'],
  ['webp', 'image/webp', 'image', 'webp'],
  ['pdf', 'application/pdf', 'document', 'pdf'],
  ['csv', 'text/csv', 'document', 'csv'],
  ['doc', 'application/msword', 'document', 'doc'],
  ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'document', 'docx'],
  ['xls', 'application/vnd.ms-excel', 'document', 'xls'],
  ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'document', 'xlsx'],
  ['html', 'text/html', 'document', 'html'],
  ['txt', 'text/plain', 'document', 'txt'],
  ['md', 'text/markdown', 'document', 'md'],
  ['mp4', 'video/mp4', 'video', 'mp4'],
  ['mov', 'video/quicktime', 'video', 'mov'],
  ['mkv', 'video/x-matroska', 'video', 'mkv'],
  ['webm', 'video/webm', 'video', 'webm'],
  ['flv', 'video/x-flv', 'video', 'flv'],
  ['mpeg', 'video/mpeg', 'video', 'mpeg'],
  ['mpg', 'video/mpg', 'video', 'mpg'],
  ['wmv', 'video/x-ms-wmv', 'video', 'wmv'],
  ['3gp', 'video/3gpp', 'video', 'three_gp'],
  ['mp3', 'audio/mpeg', 'audio', 'mp3'],
  ['wav', 'audio/wav', 'audio', 'wav'],
  ['flac', 'audio/flac', 'audio', 'flac'],
  ['ogg', 'audio/ogg', 'audio', 'ogg'],
  ['opus', 'audio/opus', 'audio', 'opus'],
  ['m4a', 'audio/mp4', 'audio', 'm4a'],
  ['aac', 'audio/aac', 'audio', 'aac'],
];

const BY_EXTENSION = new Map(FORMATS.map(([extension, , kind, format]) => [extension, { kind, format }]));
const BY_MEDIA_TYPE = new Map(FORMATS.map(([, mediaType, kind, format]) => [mediaType, { kind, format }]));

const MAX_NAME = 200;

/** Makes the media blocks of one request, in which no two documents may have one name. */
export class MediaReader {
  private readonly names = new UniqueNames(' ');

  constructor(private readonly context: FormatContext<ChatRequest>) {}

  /** @throws {BadRequestError} for an address that Bedrock does not fetch, and for a format that it lacks */
  read(part: ImagePart | FilePart | AudioPart): MediaBlock {
    switch (part.type) {
      case 'image_url':
        return this.ofUrl(part.image_url?.url ?? '', undefined, 'image_url');
      case 'input_audio': {
        const { data, format } = part.input_audio;
        const known = BY_EXTENSION.get(format);
        if (known?.kind !== 'audio') throw this.refusal(`input_audio of the format "${format}"`);
        return { audio: { format: known.format, source: { bytes: data } } };
      }
      case 'file': {
        const { file_data: data, file_id: id, filename } = part.file;
        if (data !== undefined && data !== '') return this.ofFile(data, filename);
        if (id?.startsWith('s3://') === true) return this.ofUrl(id, filename, 'file');
        throw this.refusal(
          id === undefined
            ? 'a file part without file_data'
            : `a file_id that is no s3:// address; send the file as file_data`,
        );
      }
    }
  }

  private ofFile(data: string, filename: string | undefined): MediaBlock {
    if (/^(data|s3|https?):/i.test(data)) return this.ofUrl(data, filename, 'file');
    return this.block(
      byName(filename),
      { bytes: data },
      filename,
      `a file named ${JSON.stringify(filename)}`,
    );
  }

  private ofUrl(url: string, filename: string | undefined, part: string): MediaBlock {
    if (url.startsWith('s3://')) {
      const name = filename ?? url;
      return this.block(byName(name), { s3Location: { uri: url } }, filename, `the address ${url}`);
    }
    const inline = readDataUrl(url);
    if (inline === undefined) {
      throw this.refusal(
        `${part} with the address ${excerptOf(url)}: Bedrock fetches none; ${BYTES_ONLY}, or give an s3:// address`,
      );
    }
    const known = BY_MEDIA_TYPE.get(inline.mediaType) ?? byName(filename);
    return this.block(known, { bytes: inline.data }, filename, `${part} of the type ${inline.mediaType}`);
  }

  private block(
    known: { kind: Kind; format: string } | undefined,
    source: Source,
    filename: string | undefined,
    what: string,
  ): MediaBlock {
    if (known === undefined) throw this.refusal(what);
    const { kind, format } = known;
    return kind === 'document'
      ? { document: { format, name: this.nameOf(filename), source } }
      : { [kind]: { format, source } };
  }

  /** Bedrock takes letters, digits, single blanks, hyphens, parentheses and square brackets. */
  private nameOf(filename: string | undefined): string {
    const end = (filename ?? '').lastIndexOf('.');
    const stem = (filename ?? '').slice(0, end === -1 ? undefined : end);
    const plain =
      stem
        .replace(/[^a-zA-Z0-9\-()[\]]+/g, ' ')
        .trim()
        .slice(0, MAX_NAME - 8) || 'document';
    return this.names.take(plain);
  }

  private refusal(what: string): BadRequestError {
    const { provider, model } = this.context;
    return new BadRequestError(`${provider} does not take ${what}`, {
      provider,
      model: `${provider}/${model}`,
      param: 'messages',
    });
  }
}

function byName(name: string | undefined): { kind: Kind; format: string } | undefined {
  return name === undefined ? undefined : BY_EXTENSION.get(extname(name).slice(1).toLowerCase());
}

function excerptOf(url: string): string {
  const plain = url.split(/[?#]/, 1)[0]!;
  return JSON.stringify(plain.length > 200 ? `${plain.slice(0, 200)}…` : plain);
}
