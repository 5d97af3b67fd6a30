import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { deadlineIn } from '../../../kube/apimachinery/deadline.ts';
import { httpsJson } from '../authentication/https-json.ts';
import type { WebhookEndpoint } from '../authentication/webhook-endpoint.ts';
import type { AuditSink } from './auditor.ts';

export interface AuditWebhookOptions {
  readonly endpoint: WebhookEndpoint;
  readonly clock: Clock;
  readonly reportError: (error: unknown) => void;
}

/** As upstream's --audit-webhook-batch-…: events that wait at most, events in one request, and how long the first one waits for others. */
const BUFFER_SIZE = 10_000;
const MAX_BATCH_SIZE = 400;
const MAX_WAIT_MS = 30_000;
/** One request at a time, and at most so many a second. */
const MIN_INTERVAL_MS = 100;
const TIMEOUT_MS = 30_000;
/** As --audit-webhook-initial-backoff and its factor: waits between five tries, whatever the failure was. */
const RETRY_WAITS_MS = [10_000, 15_000, 22_500, 33_750];
/** What comes before the members of a line: in a list, items do not repeat it. */
const EVENT_HEAD = '{"kind":"Event","apiVersion":"audit.k8s.io/v1",';

/** Sends events to a server in batches, as audit.k8s.io/v1 EventList (upstream: plugin/pkg/audit/webhook behind plugin/pkg/audit/buffered). */
export class AuditWebhook implements AuditSink {
  readonly plugin = 'webhook';
  readonly #options: AuditWebhookOptions;
  readonly #stop = new AbortController();
  #waiting: string[] = [];
  #timer: Disposable | undefined;
  #sending: Promise<void> | undefined;
  lost = 0;

  constructor(options: AuditWebhookOptions) {
    this.#options = options;
  }

  write(line: string): void {
    if (this.#waiting.length >= BUFFER_SIZE) {
      this.lost++;
      return;
    }
    this.#waiting.push(line);
    if (this.#sending) return;
    if (this.#waiting.length >= MAX_BATCH_SIZE) this.#send();
    else this.#timer ??= this.#options.clock.setTimer(MAX_WAIT_MS, () => this.#send());
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
    do {
      const batch = this.#waiting.splice(0, MAX_BATCH_SIZE);
      await this.#post(batch).catch((error: unknown) => {
        this.lost += batch.length;
        this.#options.reportError(error);
      });
      if (!signal.aborted) await clock.sleep(MIN_INTERVAL_MS, signal).catch(() => {});
    } while (this.#waiting.length >= (signal.aborted ? 1 : MAX_BATCH_SIZE));
    if (this.#waiting.length > 0) this.#timer ??= clock.setTimer(MAX_WAIT_MS, () => this.#send());
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
        const waitMs = RETRY_WAITS_MS[attempt];
        if (waitMs === undefined || this.#stop.signal.aborted) throw error;
        await clock.sleep(waitMs, this.#stop.signal).catch(() => {});
      }
    }
  }
}
