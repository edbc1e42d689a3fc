/**
 * Token of the session of the unnamed module: the application's own, or the one that the module makes.
 *
 * @publicApi
 */
export const HTTP_SESSION: unique symbol = Symbol.for('nestjs-llm:HTTP_SESSION');
