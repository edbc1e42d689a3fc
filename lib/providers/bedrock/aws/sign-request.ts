import type { AuthorizableRequest } from '../../provider-adapter.interface.js';
import type { AwsCredentials } from './aws-credentials.js';

export interface SigningScope {
  readonly region: string;
  readonly service: string;
}

const loadLibrary = () => import('aws4');

/** Only applications that call AWS load it; loading what is loaded costs as much as a signature. */
let library: ReturnType<typeof loadLibrary> | undefined;

/**
 * Signs a request with AWS Signature Version 4, over the host, the content type and the exact body. Headers that a
 * proxy may change stay out of the signature.
 *
 * @param date the time of signing; a test has one of its own
 * @returns the headers to add
 * @see {@link https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html}
 */
export async function signRequest(
  request: AuthorizableRequest,
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
  { region, service }: SigningScope,
  date = new Date(),
): Promise<Record<string, string>> {
  const { default: aws4 } = await (library ??= loadLibrary());
  const { host, pathname, search } = new URL(request.url);
  const amzDate = date.toISOString().replace(/[:-]|\.\d{3}/g, '');
  const contentType = request.headers['content-type'];
  const added = {
    'x-amz-date': amzDate,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  };
  const unsigned = {
    method: request.method,
    path: pathname + search,
    headers: { host, ...(contentType !== undefined && { 'content-type': contentType }), ...added },
    ...(request.body !== null && { body: request.body }),
    region,
    service,
    extraHeadersToIgnore: { 'content-length': true },
  };
  const { headers } = aws4.sign(unsigned, { accessKeyId, secretAccessKey });
  return { ...added, authorization: String(headers!['Authorization']) };
}
