import 'reflect-metadata';
import { importFromRoot } from '../root-packages.js';
import { providerOptions } from './provider-options.js';

/** Aborts the call when the client leaves before it has its whole answer. */
function disconnectSignal(_data, context) {
  const controller = new AbortController();
  const response = context.switchToHttp().getResponse();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** The application that a team writes: this package's module, and a controller like the one of sample-app/. */
export async function nestGateway({ agent, row, baseURL }) {
  const { ChatStream, LlmModule, LlmService } = await import('../../dist/esm/index.js');
  const { Body, Controller, createParamDecorator, HttpCode, Inject, Module, Post, Res, StreamableFile } =
    await importFromRoot('@nestjs/common');
  const { NestFactory } = await importFromRoot('@nestjs/core');

  class GatewayController {
    constructor(llm) {
      this.llm = llm;
    }

    async complete(body, signal, response) {
      const result = await this.llm.completion(body, { signal });
      if (!(result instanceof ChatStream)) return result;
      response.header('cache-control', 'no-cache');
      return new StreamableFile(result.toReadable(), { type: 'text/event-stream; charset=utf-8' });
    }
  }

  // Plain JavaScript has no syntax for decorators.
  const { prototype } = GatewayController;
  const complete = Object.getOwnPropertyDescriptor(prototype, 'complete');
  Inject(LlmService)(GatewayController, undefined, 0);
  Post('chat/completions')(prototype, 'complete', complete);
  HttpCode(200)(prototype, 'complete', complete);
  Body()(prototype, 'complete', 0);
  createParamDecorator(disconnectSignal)()(prototype, 'complete', 1);
  Res({ passthrough: true })(prototype, 'complete', 2);
  Controller('v1')(GatewayController);

  class AppModule {}
  Module({
    imports: [LlmModule.forRoot({ session: { useValue: agent }, providers: providerOptions(row, baseURL) })],
    controllers: [GatewayController],
  })(AppModule);

  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  return { port: app.getHttpServer().address().port, headers: {} };
}
