import * as v from 'valibot';
import { routerSchema } from './router-options.schema.js';
import { baseURLFault, isHeaderValue, isKey } from '../../providers/kit/connection.js';

const milliseconds = v.pipe(
  v.number('has to be a number of milliseconds'),
  v.finite('has to be a finite number of milliseconds'),
  v.minValue(0, 'has to be 0 or more milliseconds'),
  // Node's timers fire at once when they are set to more.
  v.maxValue(0x7fffffff, 'has to be 2147483647 milliseconds (24 days) or less'),
);

const count = v.pipe(
  v.number('has to be a whole number'),
  v.integer('has to be a whole number'),
  v.minValue(0, 'has to be 0 or more'),
);

const atLeastOne = v.pipe(
  v.number('has to be a whole number'),
  v.integer('has to be a whole number'),
  v.minValue(1, 'has to be 1 or more'),
);

const text = v.pipe(v.string('has to be a string'), v.nonEmpty('is an empty string'));

/** A host, with or without a port, or all below one. */
const hostPattern = v.pipe(v.string(), v.regex(/^(\*\.)?([\w-]+(\.[\w-]+)*|\[[\da-f:.]+\])(:\d+)?$/i));

const flag = v.boolean('has to be true or false');

const headers = v.pipe(
  // valibot takes a list for a record.
  v.custom<Record<string, unknown>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'has to be an object of header names and values',
  ),
  v.record(
    v.string(),
    v.pipe(
      v.string('has to be a string'),
      v.check(
        (value: string) => isHeaderValue(value),
        'has a line break or a character in it that no header may have',
      ),
    ),
  ),
);

const timeout = v.strictObject(
  {
    queue: v.optional(milliseconds),
    connect: v.optional(milliseconds),
    firstByte: v.optional(milliseconds),
    idle: v.optional(milliseconds),
    stalled: v.optional(milliseconds),
    total: v.optional(milliseconds),
  },
  'has to be an object with queue, connect, firstByte, idle, stalled, total',
);

const share = v.pipe(
  v.number('has to be a number, 0 or more'),
  v.check((value) => value >= 0, 'has to be 0 or more'),
);

const retryBudget = v.union(
  [v.literal(false), v.strictObject({ burst: v.optional(count), ratio: v.optional(share) })],
  'has to be false, or an object with burst (a whole number, 0 or more) and ratio (0 or more)',
);

const retry = v.strictObject(
  {
    maxRetries: v.optional(count),
    baseDelay: v.optional(milliseconds),
    maxDelay: v.optional(milliseconds),
    maxRetryAfter: v.optional(milliseconds),
    mayBillTwice: v.optional(flag),
    budget: v.optional(retryBudget),
  },
  'has to be an object with maxRetries, baseDelay, maxDelay, maxRetryAfter, mayBillTwice, budget',
);

const circuit = v.strictObject(
  { failures: v.optional(atLeastOne), openMs: v.optional(milliseconds) },
  'has to be an object with failures, openMs',
);

const isFunction = (value: unknown): boolean => typeof value === 'function';

const isPem = (value: unknown): boolean =>
  Buffer.isBuffer(value) || (typeof value === 'string' && value.trim() !== '');

const pem = v.custom(isPem, 'has to be PEM text, the path of a file, or a Buffer');

const ca = v.custom(
  (value) => (Array.isArray(value) ? value.length > 0 && value.every(isPem) : isPem(value)),
  'has to be PEM text, the path of a file, or a Buffer, or a list of them',
);

const tls = v.strictObject(
  {
    ca: v.optional(ca),
    cert: v.optional(pem),
    key: v.optional(pem),
    pfx: v.optional(v.custom(isPem, 'has to be the path of a file, or a Buffer')),
    passphrase: v.optional(text),
    verify: v.optional(flag),
    servername: v.optional(text),
    minVersion: v.optional(v.picklist(['TLSv1.2', 'TLSv1.3'], 'has to be TLSv1.2 or TLSv1.3')),
    ciphers: v.optional(text),
  },
  'has to be an object with ca, cert, key, pfx, passphrase, verify, servername, minVersion, ciphers',
);

/** The shape of the session's options. What the values lead to is checked where the session is made. */
const http = v.strictObject({
  limit: v.optional(atLeastOne),
  limitPerHost: v.optional(atLeastOne),
  maxQueue: v.optional(count),
  // undici takes no 0 here.
  keepAliveTimeout: v.optional(v.pipe(milliseconds, v.minValue(1, 'has to be 1 or more milliseconds'))),
  maxConnectionAge: v.optional(milliseconds),
  connectTimeout: v.optional(milliseconds),
  dnsCacheTtl: v.optional(milliseconds),
  proxy: v.optional(
    v.custom(
      (value) => value === false || (typeof value === 'string' && value.trim() !== ''),
      "has to be 'env', the URL of a proxy, or false",
    ),
  ),
  tls: v.optional(tls),
  http2: v.optional(flag),
  connector: v.optional(
    v.custom(
      (value) => isFunction(value) || (typeof value === 'object' && value !== null),
      'has to be an object of connect options or a connector function',
    ),
  ),
  interceptors: v.optional(
    v.array(v.custom(isFunction, 'has to be an interceptor function'), 'has to be a list of interceptors'),
  ),
});

const adapter = v.looseObject({
  provider: text,
  connect: v.custom(isFunction, 'has to be a function'),
  readError: v.custom(isFunction, 'has to be a function'),
});

const common = {
  apiKey: v.optional(
    v.pipe(
      v.custom(
        (value) => isFunction(value) || (typeof value === 'string' && value !== ''),
        'has to be a string that is not empty, or a function that gives one',
      ),
      v.check(
        (value) => isFunction(value) || isKey(value),
        'has a blank, a line break or a character in it that no header may have',
      ),
    ),
  ),
  baseURL: v.optional(
    v.pipe(
      text,
      v.rawCheck(({ dataset, addIssue }) => {
        const fault = dataset.typed ? baseURLFault(dataset.value) : undefined;
        if (fault !== undefined) addIssue({ message: fault });
      }),
    ),
  ),
  headers: v.optional(headers),
  timeout: v.optional(timeout),
  retry: v.optional(retry),
  circuit: v.optional(circuit),
  idempotencyHeader: v.optional(text),
};

/** @param optionNames the option names of each known provider besides the common ones */
export function llmOptionsSchema(optionNames: ReadonlyMap<string, readonly string[]>) {
  const providers = Object.fromEntries(
    [...optionNames].map(([provider, names]) => [
      provider,
      v.optional(
        v.strictObject({
          ...common,
          ...Object.fromEntries(names.map((name) => [name, v.optional(v.any())])),
        }),
      ),
    ]),
  );
  return v.strictObject({
    http: v.optional(http),
    warmUp: v.optional(
      v.union([flag, v.array(text)], 'has to be true, false or a list of provider prefixes'),
    ),
    providers: v.optional(v.strictObject(providers)),
    media: v.optional(
      v.strictObject(
        {
          fetch: v.union(
            [v.literal(true), v.pipe(v.array(hostPattern), v.minLength(1))],
            'has to be true or a list of hosts, such as images.example.com or *.example.com',
          ),
          maxBytes: v.optional(atLeastOne),
        },
        'has to be an object with fetch, maxBytes',
      ),
    ),
    allow: v.optional(
      v.array(
        text,
        'has to be a list of models, prefixes with * behind them, providers, or groups of the router',
      ),
    ),
    router: v.optional(
      routerSchema({ apiKey: common.apiKey, baseURL: common.baseURL, headers: common.headers }),
    ),
    adapters: v.optional(v.array(adapter, 'has to be a list of adapters')),
    middleware: v.optional(
      v.array(v.custom(isFunction, 'has to be a middleware function'), 'has to be a list of middleware'),
    ),
    defaults: v.optional(
      v.strictObject({
        model: v.optional(text),
        provider: v.optional(text),
        timeout: v.optional(timeout),
        retry: v.optional(retry),
        circuit: v.optional(circuit),
        limits: v.optional(
          v.strictObject({
            responseSize: v.optional(atLeastOne),
            eventSize: v.optional(atLeastOne),
            toolCalls: v.optional(atLeastOne),
            embeddingInputs: v.optional(atLeastOne),
          }),
        ),
        headers: v.optional(headers),
        dropParams: v.optional(flag),
      }),
    ),
    shutdown: v.optional(v.strictObject({ graceMs: v.optional(milliseconds) })),
  });
}
