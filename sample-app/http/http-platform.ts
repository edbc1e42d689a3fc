import type { INestApplication, NestApplicationOptions, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { HttpConfig } from '../config/http.config.js';

/** All that differs between the two HTTP frameworks; everything else in this application runs on both. */
export async function createOnPlatform(
  module: Type,
  { adapter, bodyLimit, requestTimeout }: HttpConfig,
  options: NestApplicationOptions,
): Promise<INestApplication> {
  if (adapter === 'fastify') {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    const fastify = new FastifyAdapter({ bodyLimit, requestTimeout });
    return NestFactory.create<NestFastifyApplication>(module, fastify, options);
  }
  const { ExpressAdapter } = await import('@nestjs/platform-express');
  const app = await NestFactory.create<NestExpressApplication>(module, new ExpressAdapter(), {
    ...options,
    // Of the two parsers that there would be, the one for forms is of no use here.
    bodyParser: false,
  });
  app.getHttpServer().requestTimeout = requestTimeout;
  app.useBodyParser('json', { limit: bodyLimit });
  return app;
}
