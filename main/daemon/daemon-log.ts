import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { Log } from '../cluster/log.ts';

/** Lines with one message in one window; the rest are counted. What fails and is tried again says the same for as long as it fails. */
const linesPerWindow = 20;
const windowMs = 60_000;

interface Window {
  readonly startMs: number;
  lines: number;
  suppressed: number;
}

/**
 * One JSON object per line: time, level, message, fields. Secrets are never passed in. Of a message that comes again and again only so many
 * lines a minute are written; the first line of a later minute says in `suppressed` how many were not.
 */
export class DaemonLog implements Log {
  readonly #out: { write(text: string): unknown };
  readonly #clock: Clock;
  /** By level and message: as many as the sources have, since messages are constant. */
  readonly #windows = new Map<string, Window>();

  constructor(out: { write(text: string): unknown }, clock: Clock) {
    this.#out = out;
    this.#clock = clock;
  }

  info(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#write('error', message, fields);
  }

  #write(level: string, message: string, fields: Readonly<Record<string, unknown>>): void {
    const key = `${level} ${message}`;
    const before = this.#windows.get(key);
    const nowMs = this.#clock.monotonicMs();
    const isOver = before === undefined || nowMs - before.startMs >= windowMs;
    const window = isOver ? { startMs: nowMs, lines: 0, suppressed: 0 } : before;
    this.#windows.set(key, window);
    if (window.lines === linesPerWindow) {
      window.suppressed += 1;
      return;
    }
    window.lines += 1;
    const suppressed = isOver && before !== undefined && before.suppressed > 0 ? { suppressed: before.suppressed } : {};
    this.#out.write(`${JSON.stringify({ time: new Date(this.#clock.now()).toISOString(), level, message, ...fields, ...suppressed })}\n`);
  }
}
