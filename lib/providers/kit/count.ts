/** A counter of a provider's usage, which some gateways send as text; what is none counts nothing. */
export function countOf(value: unknown): number {
  const count = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof count === 'number' && Number.isFinite(count) ? count : 0;
}
