import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { Controller, Get, Header, NotFoundException, Param, StreamableFile } from '@nestjs/common';

const PUBLIC = new URL('../public/', import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The chat page. Read from the disk each time, so that an edit shows on the next reload. */
@Controller()
export class PageController {
  @Get()
  @Header('Content-Security-Policy', "default-src 'self'; base-uri 'none'; form-action 'none'")
  @Header('Cache-Control', 'no-cache')
  page(): Promise<StreamableFile> {
    return readPublic('index.html');
  }

  @Get('page/:file')
  @Header('Cache-Control', 'no-cache')
  file(@Param('file') file: string): Promise<StreamableFile> {
    // One folder of plainly named files: nothing that could climb out of it.
    if (!/^[a-z-]+\.(js|css|svg)$/.test(file)) throw new NotFoundException();
    return readPublic(file);
  }
}

async function readPublic(name: string): Promise<StreamableFile> {
  const content = await readFile(new URL(name, PUBLIC)).catch(() => {
    throw new NotFoundException(`There is no file ${name} in public/`);
  });
  return new StreamableFile(content, { type: TYPES[extname(name)]! });
}
