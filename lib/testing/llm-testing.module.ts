import { Module, type DynamicModule } from '@nestjs/common';
import { LlmModule, type LlmModuleOptions } from '../index.js';
import { FakeHttpSession } from './fake-http-session.js';

/** @publicApi */
export interface LlmTestingOptions extends LlmModuleOptions {
  /** Default a new one. */
  session?: FakeHttpSession;
  /** Of a named instance. */
  name?: string;
}

/**
 * `LlmModule` over a {@link FakeHttpSession}, global, for the test of a provider without the application's modules:
 *
 * ```ts
 * const module = await Test.createTestingModule({ imports: [LlmTestingModule.forRoot()], providers: [Greeter] }).compile();
 * module.get(FakeHttpSession).reply('Hello');
 * ```
 *
 * A test of the application's own module overrides its session instead: `overrideProvider(HTTP_SESSION)`.
 *
 * @publicApi
 */
@Module({})
export class LlmTestingModule {
  static forRoot({
    session = new FakeHttpSession(),
    name,
    ...options
  }: LlmTestingOptions = {}): DynamicModule {
    return {
      module: LlmTestingModule,
      global: true,
      imports: [LlmModule.forRoot({ ...options, name, isGlobal: true, session: { useValue: session } })],
      providers: [{ provide: FakeHttpSession, useValue: session }],
      exports: [FakeHttpSession],
    };
  }
}
