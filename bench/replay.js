/** A session that hands out a row's bytes from memory: what is left is what a client does between session and caller. */

class ReplayController {
  aborted = false;
  paused = false;
  reason = null;
  next = 0;
  running = false;

  constructor(pieces, handler) {
    this.pieces = pieces;
    this.handler = handler;
  }

  abort(reason) {
    this.aborted = true;
    this.reason = reason;
  }

  pause() {
    this.paused = true;
  }

  resume() {
    this.paused = false;
    this.run();
  }

  /** All of the body at once, as undici does with what one socket read holds. */
  run() {
    if (this.running) return;
    this.running = true;
    const { pieces, handler } = this;
    while (this.next < pieces.length && !this.paused && !this.aborted) {
      handler.onResponseData(this, pieces[this.next++]);
    }
    this.running = false;
    if (this.next === pieces.length && !this.paused && !this.aborted) {
      this.next++;
      handler.onResponseEnd(this, {});
    }
  }
}

/** @param {import('./rows.js').Row} row */
export function replaySession({ reply, unit }) {
  const headers = {
    'content-type': reply.type,
    ...(unit === 'chunk' && { 'transfer-encoding': 'chunked' }),
  };
  return {
    dispatch(_options, handler) {
      queueMicrotask(() => {
        const controller = new ReplayController(reply.pieces, handler);
        handler.onRequestStart(controller, {});
        handler.onResponseStart(controller, 200, headers, 'OK');
        controller.run();
      });
      return true;
    },
    close: async () => {},
    destroy: async () => {},
  };
}
