import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  ForbiddenException,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplicationContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { IsInt } from 'class-validator';
import { map, type Observable } from 'rxjs';
import { z } from 'zod';
import { LlmTool, LlmTools, LlmToolsModule } from '../../../lib/schema/index.js';

interface Caller {
  readonly user: string;
}

@Injectable()
class OwnerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const [args, caller] = context.getArgs<[{ user: string }, Caller]>();
    return context.getType<string>() === 'llm' && caller.user === args.user;
  }
}

@Injectable()
class Wrapped implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((result: unknown) => ({ result })));
  }
}

@Catch(RangeError)
class RangeFilter implements ExceptionFilter {
  catch(error: RangeError): string {
    return `filtered: ${error.message}`;
  }
}

class Count {
  @IsInt() of!: number;
}

@Injectable()
class Orders {
  readonly seen: unknown[] = [];

  @UseGuards(OwnerGuard)
  @UseInterceptors(Wrapped)
  @LlmTool({
    name: 'find_order',
    description: 'Finds an order',
    parameters: z.object({ user: z.string(), id: z.coerce.number(), note: z.string().optional() }),
  })
  find(args: { user: string; id: number }, caller: Caller) {
    this.seen.push(args, caller);
    return { id: args.id, state: 'shipped' };
  }

  @LlmTool({ name: 'count', description: 'Counts', parameters: Count })
  @UsePipes(new ValidationPipe({ transform: true }))
  count(args: Count): string {
    return `${args instanceof Count} ${args.of}`;
  }

  @LlmTool({ name: 'now', description: 'Tells the time' })
  @UseFilters(RangeFilter)
  now(): string {
    throw new RangeError('no clock');
  }
}

let app: INestApplicationContext | undefined;

afterEach(() => app?.close());

async function toolsOf(...providers: Type[]): Promise<LlmTools> {
  const module = await Test.createTestingModule({ imports: [LlmToolsModule], providers }).compile();
  app = await module.init();
  return app.get(LlmTools);
}

function call(name: string, args: unknown) {
  return {
    id: 'c1',
    type: 'function' as const,
    function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) },
  };
}

describe('LlmTools', () => {
  it('defines the tools as a request has them', async () => {
    const tools = await toolsOf(Orders);
    expect(tools.definitions().map(({ function: { name } }) => name)).toEqual(['find_order', 'count', 'now']);
    expect(tools.definitions(['find_order'])).toEqual([
      {
        type: 'function',
        function: {
          name: 'find_order',
          description: 'Finds an order',
          strict: true,
          parameters: expect.objectContaining({ type: 'object', required: ['user', 'id', 'note'] }),
        },
      },
    ]);
    expect(() => tools.definitions(['nothing'])).toThrow(/no tool "nothing"/);
  });

  it('runs a method with checked arguments, its guards and its interceptors', async () => {
    const tools = await toolsOf(Orders);
    const message = await tools.run(call('find_order', { user: 'u', id: '7', note: null }), { user: 'u' });
    expect(message).toEqual({
      role: 'tool',
      tool_call_id: 'c1',
      content: '{"result":{"id":7,"state":"shipped"}}',
    });
    expect(app!.get(Orders).seen).toEqual([{ user: 'u', id: 7 }, { user: 'u' }]);
    await expect(tools.run(call('find_order', { user: 'x', id: 1 }), { user: 'u' })).rejects.toBeInstanceOf(
      ForbiddenException,
    );
  });

  it('takes a class, and pipes apply', async () => {
    const tools = await toolsOf(Orders);
    expect((await tools.run(call('count', { of: 3 }))).content).toBe('true 3');
  });

  it('has filters answer', async () => {
    const tools = await toolsOf(Orders);
    expect((await tools.run(call('now', ''))).content).toBe('filtered: no clock');
  });

  it.each([
    [call('nothing', {}), /There is no tool nothing\. The tools are find_order/],
    [call('find_order', '{"user'), /no JSON/],
    [call('find_order', { id: 'x' }), /not valid: user: .*; id: /],
    [call('count', { of: 'many' }), /not valid: of: /],
  ])('tells the model what is wrong with its call', async (toolCall, words) => {
    const { content, tool_call_id: id } = await (await toolsOf(Orders)).run(toolCall, { user: 'u' });
    expect({ content, id }).toEqual({ content: expect.stringMatching(words), id: 'c1' });
  });

  it('refuses at start what makes no sense', async () => {
    @Injectable()
    class Twice {
      @LlmTool({ name: 'now', description: 'again' })
      again(): void {}
    }
    @Injectable()
    class Named {
      @LlmTool({ name: 'two words', description: 'x' })
      again(): void {}
    }
    @Injectable()
    class Listed {
      @LlmTool({ name: 'list', description: 'x', parameters: z.array(z.string()) })
      again(): void {}
    }
    await expect(toolsOf(Orders, Twice)).rejects.toThrow(/Twice\.again\(\): there is a tool "now" already/);
    await expect(toolsOf(Named)).rejects.toThrow(/Named\.again\(\): a tool's name/);
    await expect(toolsOf(Listed)).rejects.toThrow(/have to be an object/);
    app = undefined;
  });
});
