import type { Log } from '../cluster/log.ts';

/** One JSON object per line: time, level, message, fields. Secrets are never passed in. */
export class DaemonLog implements Log {
  readonly #out: { write(text: string): unknown };

  constructor(out: { write(text: string): unknown }) {
    this.#out = out;
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
    this.#out.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
  }
}
