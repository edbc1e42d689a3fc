import type { INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';

/** The HTTP platforms that the same scenario runs on. */
export const PLATFORMS: readonly (readonly [string, () => ExpressAdapter | FastifyAdapter])[] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
];

/** An application that really listens, on a loopback port. */
export async function listen(
  makeAdapter: () => ExpressAdapter | FastifyAdapter,
  metadata: ModuleMetadata & { controllers: Type[] },
  prepare: (app: INestApplication) => void = () => {},
): Promise<{ app: INestApplication; url: string }> {
  const moduleRef = await Test.createTestingModule(metadata).compile();
  const app = moduleRef.createNestApplication<INestApplication>(makeAdapter() as never, { logger: false });
  prepare(app);
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}
