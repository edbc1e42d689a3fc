import { describe, element } from './dom.js';

const IDLE_MS = 3000;
const BUSY_MS = 500;

/** Shows the state of the server's session, and keeps it fresh for as long as somebody looks. */
export class Monitor {
  /** @param {(status: object) => void} onStatus called with each status that came */
  constructor(onStatus) {
    this.onStatus = onStatus;
    this.busy = false;
    this.root = document.querySelector('#monitor');
    this.summary = document.querySelector('#monitor-summary');
    this.sessionList = document.querySelector('#session');
    this.callList = document.querySelector('#calls');
    this.origins = document.querySelector('#origins');
    const wide = matchMedia('(min-width: 60rem)');
    const fit = () => (this.root.open = wide.matches);
    wide.addEventListener('change', fit);
    fit();
    document.addEventListener('visibilitychange', () => void this.refresh());
  }

  /** @param {boolean} busy whether a call of this page runs */
  setBusy(busy) {
    this.busy = busy;
    void this.refresh();
  }

  /** Asks now, and then again and again: often while calls run, of this page or another. */
  async refresh() {
    clearTimeout(this.timer);
    if (document.hidden) return;
    let busy = this.busy;
    try {
      const response = await fetch('/api/status');
      const status = await response.json();
      this.show(status);
      busy ||= status.stats.calls.active > 0;
    } catch {
      this.summary.textContent = 'the sample app does not answer';
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), busy ? BUSY_MS : IDLE_MS);
  }

  show(status) {
    const { session, stats } = status;
    const { calls } = stats;
    const origins = Object.entries(session.origins);
    const connections = origins.reduce((sum, [, { connected }]) => sum + connected, 0);
    this.summary.textContent = `${calls.active} active, ${connections} connected`;
    describe(this.sessionList, { Kind: session.kind, 'Made by': session.owner });
    describe(this.callList, {
      Active: calls.active,
      Started: calls.started,
      Succeeded: calls.succeeded,
      Stopped: calls.aborted,
      Failed: calls.failed,
      Retries: calls.retries,
    });
    this.origins.replaceChildren(
      ...(origins.length === 0
        ? [element('p', { className: 'none', textContent: 'None is open.' })]
        : origins.map(([origin, gauges]) => {
            const list = element('dl');
            describe(list, { Open: gauges.connected, Busy: gauges.running, Waiting: gauges.pending });
            return element('div', { className: 'origin' }, element('h3', { textContent: origin }), list);
          })),
    );
    this.onStatus(status);
  }
}
