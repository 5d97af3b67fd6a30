import type { AuditSink } from './auditor.ts';

export interface TruncatingSinkOptions {
  readonly next: AuditSink;
  /** In bytes of the line with its end. */
  readonly maxEventBytes: number;
  readonly reportError: (error: unknown) => void;
}

interface BareEvent {
  readonly level?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  requestObject?: unknown;
  responseObject?: unknown;
  readonly [member: string]: unknown;
}

/**
 * Lets no event pass that is larger than allowed: one with a request or an answer loses both and says so by an annotation; what is
 * still too large is lost, and counted (upstream: plugin/pkg/audit/truncate).
 */
export class TruncatingSink implements AuditSink {
  readonly plugin = 'truncate';
  readonly next: AuditSink;
  readonly #maxEventBytes: number;
  readonly #reportError: (error: unknown) => void;
  lost = 0;

  constructor({ next, maxEventBytes, reportError }: TruncatingSinkOptions) {
    this.next = next;
    this.#maxEventBytes = maxEventBytes;
    this.#reportError = reportError;
  }

  write(line: string): Promise<boolean> | undefined {
    if (this.#fits(line)) return this.next.write(line);
    const rest = truncated(line);
    if (this.#fits(rest)) return this.next.write(rest);
    this.lost++;
    this.#reportError(new Error('event is too large even after truncating'));
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.next[Symbol.asyncDispose]();
  }

  /** A character is three bytes at most: the short ones need not be counted. */
  #fits(line: string): boolean {
    return line.length * 3 < this.#maxEventBytes || Buffer.byteLength(line) + 1 <= this.#maxEventBytes;
  }
}

/** Without what was sent and answered. */
function truncated(line: string): string {
  const { requestObject: _sent, responseObject: _answered, annotations, ...event } = JSON.parse(line) as BareEvent;
  if (event.level !== 'Request' && event.level !== 'RequestResponse') return line;
  const all = Object.entries({ ...annotations, 'audit.k8s.io/truncated': 'true' }).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ ...event, annotations: Object.fromEntries(all) });
}
