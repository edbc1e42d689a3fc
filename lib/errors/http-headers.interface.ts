/** Response headers by lower-case name; repeated ones as a list. */
export type HttpHeaders = Record<string, string | string[] | undefined>;
