import * as v from 'valibot';

const positive = v.pipe(
  v.number('has to be a number above 0'),
  v.finite('has to be a finite number'),
  v.check((value) => value > 0, 'has to be more than 0'),
);

const whole = v.pipe(
  v.number('has to be a whole number'),
  v.integer('has to be a whole number'),
  v.minValue(1, 'has to be 1 or more'),
);

const text = v.pipe(v.string('has to be a string'), v.nonEmpty('is an empty string'));

const hasMethods = (...names: string[]) =>
  v.custom(
    (value) => names.every((name) => typeof (value as Record<string, unknown> | null)?.[name] === 'function'),
    `has to be an object with ${names.map((name) => `${name}()`).join(', ')}`,
  );

/** Where processes share their limits. */
export const quotaStore = hasMethods('lease', 'giveBack');

/** @param common the fields of every place that calls go to, as they are checked elsewhere */
export function routerSchema<Fields extends v.ObjectEntries>(common: Fields) {
  const deployment = v.pipe(
    v.strictObject({
      ...common,
      model: text,
      providerOptions: v.optional(v.record(v.string(), v.any(), 'has to be an object of options')),
      id: v.optional(text),
      quota: v.optional(text),
      rpm: v.optional(positive),
      tpm: v.optional(positive),
      itpm: v.optional(positive),
      otpm: v.optional(positive),
      concurrency: v.optional(whole),
      weight: v.optional(positive),
      order: v.optional(v.pipe(v.number('has to be a number'), v.finite('has to be a finite number'))),
      tags: v.optional(v.array(text, 'has to be a list of strings')),
      contextWindow: v.optional(whole),
    }),
    v.check(
      (value) => !('tpm' in value && ('itpm' in value || 'otpm' in value)),
      'has tpm beside itpm or otpm; a provider limits tokens together, or input and output each',
    ),
  );
  return v.strictObject(
    {
      models: v.record(
        text,
        v.pipe(
          v.array(deployment, 'has to be a list of deployments'),
          v.minLength(1, 'has to have a deployment'),
        ),
        'has to be an object of lists of deployments, by the name of their group',
      ),
      replicas: v.optional(whole),
      store: v.optional(quotaStore),
      wait: v.optional(v.boolean('has to be true or false')),
    },
    'has to be an object with models, replicas, store, wait',
  );
}
