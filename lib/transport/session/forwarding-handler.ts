import type { HttpDispatchController, HttpDispatchHandler, HttpHeaders } from './http-session.interface.js';

/** undici's other callbacks, which not every version calls. */
export interface FurtherCallbacks {
  onRequestUpgrade?(
    controller: HttpDispatchController,
    status: number,
    headers: HttpHeaders,
    socket: unknown,
  ): void;
  onResponseStarted?(): void;
  onBodySent?(chunk: Buffer): void;
  onRequestSent?(): void;
}

/** Passes every callback of undici on, for a handler that has something to say to one of them. */
export class ForwardingHandler implements HttpDispatchHandler {
  constructor(protected readonly handler: HttpDispatchHandler & FurtherCallbacks) {}

  onRequestStart(controller: HttpDispatchController, context: unknown): void {
    this.handler.onRequestStart(controller, context);
  }

  onRequestUpgrade(
    controller: HttpDispatchController,
    status: number,
    headers: HttpHeaders,
    socket: unknown,
  ): void {
    this.handler.onRequestUpgrade?.(controller, status, headers, socket);
  }

  onResponseStarted(): void {
    this.handler.onResponseStarted?.();
  }

  onBodySent(chunk: Buffer): void {
    this.handler.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    this.handler.onRequestSent?.();
  }

  onResponseStart(
    controller: HttpDispatchController,
    status: number,
    headers: HttpHeaders,
    statusMessage?: string,
  ): void {
    this.handler.onResponseStart(controller, status, headers, statusMessage);
  }

  onResponseData(controller: HttpDispatchController, chunk: Buffer): void {
    this.handler.onResponseData(controller, chunk);
  }

  onResponseEnd(controller: HttpDispatchController, trailers: HttpHeaders): void {
    this.handler.onResponseEnd(controller, trailers);
  }

  onResponseError(controller: HttpDispatchController | null | undefined, error: Error): void {
    this.handler.onResponseError(controller, error);
  }
}
