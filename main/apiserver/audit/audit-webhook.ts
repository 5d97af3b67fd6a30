import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { deadlineIn } from '../../../kube/apimachinery/deadline.ts';
import { httpsJson } from '../authentication/https-json.ts';
import type { WebhookEndpoint } from '../authentication/webhook-endpoint.ts';
import type { AuditMode } from './audit-options.ts';
import type { AuditSink } from './auditor.ts';

export interface AuditWebhookOptions {
  readonly endpoint: WebhookEndpoint;
  readonly clock: Clock;
  readonly reportError: (error: unknown) => void;
  readonly limits?: AuditWebhookLimits;
}

/** As upstream's --audit-webhook-…, whose defaults they have. */
export interface AuditWebhookLimits {
  /** Default `batch`: requests wait for nothing. In the other modes each event is a request of its own, which is waited for. */
  readonly mode?: AuditMode;
  /** Events that wait at most. */
  readonly bufferSize?: number;
  /** Events in one request. */
  readonly maxBatchSize?: number;
  /** How long the first one waits for others. */
  readonly maxWaitMs?: number;
  /** Requests a second; they are sent one after the other. 0: as many as there are. */
  readonly throttleQps?: number;
  /** Before the second of five tries, whatever the failure was; before each further one half as much more. */
  readonly initialBackoffMs?: number;
  /** The events of one request together, which is made smaller by it. Absent: any size. */
  readonly maxBatchBytes?: number;
}

const DEFAULTS = { mode: 'batch', bufferSize: 10_000, maxBatchSize: 400, maxWaitMs: 30_000, throttleQps: 10, initialBackoffMs: 10_000, maxBatchBytes: Infinity } as const;
const TIMEOUT_MS = 30_000;
const RETRIES = 4;
const BACKOFF_FACTOR = 1.5;
/** What comes before the members of a line: in a list, items do not repeat it. */
const EVENT_HEAD = '{"kind":"Event","apiVersion":"audit.k8s.io/v1",';

/** Sends events to a server in batches, as audit.k8s.io/v1 EventList (upstream: plugin/pkg/audit/webhook behind plugin/pkg/audit/buffered). */
export class AuditWebhook implements AuditSink {
  readonly plugin = 'webhook';
  readonly #options: AuditWebhookOptions;
  readonly #limits: Required<AuditWebhookLimits>;
  readonly #stop = new AbortController();
  #waiting: string[] = [];
  #timer: Disposable | undefined;
  #sending: Promise<void> | undefined;
  lost = 0;

  constructor(options: AuditWebhookOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULTS, ...options.limits };
  }

  write(line: string): Promise<boolean> | undefined {
    const { mode, bufferSize, maxBatchSize, maxWaitMs } = this.#limits;
    if (mode !== 'batch') return this.#sent([line]).then((sent) => sent || mode !== 'blocking-strict');
    if (this.#waiting.length >= bufferSize) {
      this.lost++;
      return undefined;
    }
    this.#waiting.push(line);
    if (this.#sending) return undefined;
    if (this.#waiting.length >= maxBatchSize) this.#send();
    else this.#timer ??= this.#options.clock.setTimer(maxWaitMs, () => this.#send());
    return undefined;
  }

  /** Sends what waits, with one try each. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the audit webhook is shutting down'));
    await this.#sending;
    this.#send();
    await this.#sending;
  }

  #send(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    this.#sending = this.#sendAll().finally(() => (this.#sending = undefined));
  }

  /** Until less than a batch is left, which waits for more; at the end, until nothing is left. */
  async #sendAll(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    const { maxBatchSize, maxWaitMs, throttleQps } = this.#limits;
    do {
      await this.#sent(this.#waiting.splice(0, this.#nextBatchSize()));
      if (!signal.aborted && throttleQps > 0) await clock.sleep(1000 / throttleQps, signal).catch(() => {});
    } while (this.#waiting.length >= (signal.aborted ? 1 : maxBatchSize));
    if (this.#waiting.length > 0) this.#timer ??= clock.setTimer(maxWaitMs, () => this.#send());
  }

  /** Of the events that wait: as many as may go together, at least one. */
  #nextBatchSize(): number {
    const { maxBatchSize, maxBatchBytes } = this.#limits;
    const most = Math.min(maxBatchSize, this.#waiting.length);
    if (maxBatchBytes === Infinity) return most;
    let bytes = 0;
    for (const [index, line] of this.#waiting.entries()) {
      bytes += Buffer.byteLength(line);
      if (index >= most || (index > 0 && bytes > maxBatchBytes)) return index;
    }
    return most;
  }

  async #sent(lines: readonly string[]): Promise<boolean> {
    try {
      await this.#post(lines);
      return true;
    } catch (error) {
      this.lost += lines.length;
      this.#options.reportError(error);
      return false;
    }
  }

  async #post(lines: readonly string[]): Promise<void> {
    const { endpoint, clock } = this.#options;
    const items = lines.map((line) => (line.startsWith(EVENT_HEAD) ? `{${line.slice(EVENT_HEAD.length)}` : line));
    const body = Buffer.from(`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items.join(',')}]}\n`);
    for (let attempt = 0; ; attempt++) {
      using deadline = deadlineIn(TIMEOUT_MS, { clock });
      try {
        const { status } = await httpsJson({ ...endpoint, method: 'POST', body }, deadline.signal);
        if (status >= 200 && status < 300) return;
        throw new Error(`the audit webhook answered with status ${status}`);
      } catch (error) {
        if (attempt === RETRIES || this.#stop.signal.aborted) throw error;
        await clock.sleep(this.#limits.initialBackoffMs * BACKOFF_FACTOR ** attempt, this.#stop.signal).catch(() => {});
      }
    }
  }
}
