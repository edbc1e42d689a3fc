import type { ProviderErrorDetail } from '../../errors/http-error.js';
import { errorText } from '../kit/error-text.js';
import { isFields, type Fields } from '../kit/fields.js';

/** Statuses of the exceptions, as the API reference has them; inside of a stream the name is all there is. */
const STATUS: Readonly<Record<string, number>> = {
  accessdeniedexception: 403,
  conflictexception: 409,
  expiredtokenexception: 403,
  incompletesignatureexception: 400,
  internalfailure: 500,
  internalserverexception: 500,
  invalidsignatureexception: 403,
  modelerrorexception: 424,
  modelnotreadyexception: 429,
  modelstreamerrorexception: 424,
  modeltimeoutexception: 408,
  resourcenotfoundexception: 404,
  servicequotaexceededexception: 400,
  serviceunavailableexception: 503,
  throttlingexception: 429,
  unrecognizedclientexception: 403,
  validationexception: 400,
};

/** Bedrock has one exception for all that is wrong with a request: the rest is told by the models' own wording. */
const CONTEXT_WINDOW =
  /input is too long|prompt is too long|too many input tokens|maximum context length|context (length|window)|input tokens? (exceed|limit)|exceeds? the maximum (number of )?(input )?tokens|expected max ?length/i;
const CONTENT_POLICY =
  /content[- ]?filter|content polic|blocked by .{0,99}(guardrail|filter|polic)|responsible ai/i;
const UNKNOWN_MODEL =
  /model identifier is invalid|could not resolve the foundation model|(model|version) .{0,149}(end of its life|not found|does(n't| not) exist)/i;
const NOT_SIGNED =
  /security token .{0,99}(invalid|expired)|signature .{0,99}(does not match|expired|invalid)|bearer token|api key|authentication failed/i;
const DAILY_QUOTA = /tokens per day|daily (token|request)/i;

/** `com.amazon.coral.service#ValidationException:http://…` → `ValidationException` */
function plainName(type: unknown): string | undefined {
  const name = errorText(type);
  return name?.slice(name.lastIndexOf('#') + 1).split(':', 1)[0];
}

function kindOf(message: string, name: string | undefined, status: number): ProviderErrorDetail['kind'] {
  if (status === 403 && NOT_SIGNED.test(message)) return 'authentication';
  if (status === 400 && CONTEXT_WINDOW.test(message)) return 'context_window';
  if (status === 400 && CONTENT_POLICY.test(message)) return 'content_policy';
  if (name === 'ServiceQuotaExceededException') return 'quota';
  return status === 429 && DAILY_QUOTA.test(message) ? 'quota' : undefined;
}

function detailOf(message: string, name: string | undefined, status: number): ProviderErrorDetail {
  const isUnknownModel = (status === 400 || status === 404) && UNKNOWN_MODEL.test(message);
  return {
    message,
    type: name,
    ...(isUnknownModel && { code: 'model_not_found' }),
    kind: kindOf(message, name, status),
  };
}

/**
 * Reads an error document: `{ message }`, with `__type` from some of AWS's front ends. The exception's name is in a
 * header otherwise, and the status says the same.
 *
 * @see {@link https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors}
 */
export function readBedrockError(body: unknown, status: number): ProviderErrorDetail | undefined {
  if (!isFields(body)) return undefined;
  const fields = body;
  // A request that matches no operation is answered with 200 and `Output`; gateways in front of Bedrock say `error`.
  const source = [fields['Output'], fields['error']].find(isFields) ?? fields;
  const name = plainName(source['__type'] ?? source['code']);
  const message = errorText(source['message']) ?? errorText(source['Message']) ?? name;
  if (message === undefined) return undefined;
  const own = name === undefined ? undefined : STATUS[name.toLowerCase()];
  const counted = status >= 400 ? status : (own ?? (name === 'UnknownOperationException' ? 404 : undefined));
  return { ...detailOf(message, name, counted ?? status), status: counted };
}

/**
 * Reads an exception inside of a stream.
 *
 * @param event the name in the message's header
 * @returns `undefined` when the name is none of an exception: an event of a later version of the API
 */
export function readStreamException(event: string, data: string): ProviderErrorDetail | undefined {
  const known = STATUS[event.toLowerCase()];
  if (known === undefined && !/(exception|error|failure)$/i.test(event)) return undefined;
  const fields = parse(data);
  const original = fields['originalStatusCode'];
  const status =
    typeof original === 'number' && original >= 400 && original < 600 ? original : (known ?? 500);
  const said = errorText(fields['message']) ?? errorText(fields['Message']);
  const more = errorText(fields['originalMessage']);
  const message = [said ?? event, more === said ? undefined : more].filter(Boolean).join(': ');
  const name = event[0]!.toUpperCase() + event.slice(1);
  return { ...detailOf(message, name, status), status };
}

function parse(data: string): Fields {
  try {
    const value: unknown = JSON.parse(data);
    return isFields(value) ? value : {};
  } catch {
    return {};
  }
}
