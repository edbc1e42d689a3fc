const ascii = (text: string): readonly number[] => [...Buffer.from(text, 'latin1')];

/** What the bytes of a type begin with, at an offset. */
const SIGNATURES: readonly (readonly [string, number, readonly number[]])[] = [
  ['image/png', 0, [0x89, ...ascii('PNG\r\n'), 0x1a, 0x0a]],
  ['image/jpeg', 0, [0xff, 0xd8, 0xff]],
  ['image/gif', 0, ascii('GIF8')],
  ['image/webp', 8, ascii('WEBP')],
  ['application/pdf', 0, ascii('%PDF-')],
];

/**
 * The type of an image or a document by its first bytes. What a server says of it is not asked: a page of an internal
 * service that calls itself an image would pass.
 */
export function mediaTypeOf(bytes: Buffer): string | undefined {
  return SIGNATURES.find(([, offset, signature]) =>
    signature.every((byte, index) => bytes[offset + index] === byte),
  )?.[0];
}
