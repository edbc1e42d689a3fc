import {
  ForbiddenException,
  UnsupportedMediaTypeException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';

/** What Express's and Fastify's requests have in common. */
interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A host name, or an IPv6 address in brackets, without its port. */
const HOST_NAME = /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/;

/**
 * Keeps the pages of other sites from spending the server's key through a visitor's browser: a form needs no preflight, so
 * bodies have to be JSON; and a name that an attacker points at this machine makes a page one of "ours", so the `Host` has
 * to be known.
 */
export class RequestGuard implements CanActivate {
  /** @param allowedHosts host names in lower case, without a port; `*` for any */
  constructor(private readonly allowedHosts: readonly string[]) {}

  canActivate(context: ExecutionContext): boolean {
    const { method, headers } = context.switchToHttp().getRequest<HttpRequest>();
    if (!this.knows(String(headers['host'] ?? ''))) {
      throw new ForbiddenException('This name of the host is not allowed; ALLOWED_HOSTS lists the names');
    }
    const type = String(headers['content-type'] ?? '');
    // Without a type no parser reads the body, and the route says what it lacks.
    if (method === 'POST' && type !== '' && !/^application\/json\s*(;|$)/i.test(type)) {
      throw new UnsupportedMediaTypeException('The body has to be application/json');
    }
    return true;
  }

  private knows(host: string): boolean {
    if (this.allowedHosts.includes('*')) return true;
    const name = HOST_NAME.exec(host.toLowerCase())?.[1];
    return name !== undefined && this.allowedHosts.includes(name);
  }
}
