/**
 * A model that a provider serves.
 *
 * @publicApi
 */
export interface Model {
  /** As a request names it: with the provider's prefix. */
  id: string;
  object: 'model';
  /** Unix time in seconds; 0 where the provider does not tell. */
  created: number;
  owned_by: string;
}

/**
 * OpenAI's list of models.
 *
 * @publicApi
 */
export interface ModelList {
  object: 'list';
  data: Model[];
}
