import type { Clock } from '../apimachinery/clock.ts';
import type { Random } from '../apimachinery/random.ts';
import { isNotFound } from '../apimachinery/status.ts';
import { formatMicroTime } from '../apimachinery/time.ts';
import { leases, type Lease } from '../api/generated/coordination/v1.ts';
import type { Client } from './client.ts';

export interface LeaderElectionOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Unique among the candidates: `HOST_UUID`. */
  readonly identity: string;
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
  /** Runs while this candidate leads; its signal aborts when leadership is lost. Its rejection ends {@link runLeaderElection}. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
  readonly onNewLeader?: (identity: string) => void;
  readonly onError?: (error: unknown) => void;
}

const LEASE_DURATION_MS = 15_000;
const RENEW_DEADLINE_MS = 10_000;
const RETRY_PERIOD_MS = 2_000;
/** Candidates try at 1 to 2.2 times the retry period, so that they do not stay in step. */
const JITTER = 1.2;

/**
 * One candidate for a Lease (upstream: client-go tools/leaderelection): waits until it holds the lease, leads, and returns once
 * leadership is lost or the signal aborts (the lease is then released). Expiry is judged by when this candidate saw the record change,
 * never by comparing clocks of two machines.
 */
export async function runLeaderElection(options: LeaderElectionOptions, signal: AbortSignal): Promise<void> {
  const candidate = new Candidate(options);
  if (!(await candidate.acquire(signal))) return;
  const lost = new AbortController();
  const leading = leadUntil(options, AbortSignal.any([signal, lost.signal]));
  const renewing = candidate.renewUntilLost(AbortSignal.any([signal, lost.signal]));
  try {
    await Promise.race([leading, renewing]);
  } finally {
    lost.abort(new Error(`Leadership of ${options.lease.name} ended`));
    await renewing;
    if (signal.aborted) await candidate.release();
  }
  await leading;
}

/** What the leader throws once it was told to stop is not a failure. */
async function leadUntil({ lead }: LeaderElectionOptions, signal: AbortSignal): Promise<void> {
  try {
    await lead(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

class Candidate {
  readonly #options: LeaderElectionOptions;
  readonly #leaseDurationMs: number;
  #observed: Lease | undefined;
  #observedAtMs = 0;
  #leader = '';

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#leaseDurationMs = options.leaseDurationMs ?? LEASE_DURATION_MS;
  }

  async acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, random, retryPeriodMs = RETRY_PERIOD_MS } = this.#options;
    while (!signal.aborted) {
      if (await this.#tryAcquireOrRenew()) return true;
      await sleepQuietly(clock, retryPeriodMs * (1 + JITTER * random.next()), signal);
    }
    return false;
  }

  async renewUntilLost(signal: AbortSignal): Promise<void> {
    const { clock, retryPeriodMs = RETRY_PERIOD_MS, renewDeadlineMs = RENEW_DEADLINE_MS } = this.#options;
    let lastMs = clock.monotonicMs();
    while (!signal.aborted) {
      await sleepQuietly(clock, retryPeriodMs, signal);
      if (signal.aborted) return;
      if (await this.#tryAcquireOrRenew()) lastMs = clock.monotonicMs();
      else if (clock.monotonicMs() - lastMs >= renewDeadlineMs) return;
    }
  }

  /** Lets the next candidate take over at once. */
  async release(): Promise<void> {
    const lease = this.#observed;
    if (lease?.spec?.holderIdentity !== this.#options.identity) return;
    const now = formatMicroTime(this.#options.clock.now());
    const { leaseTransitions } = lease.spec;
    try {
      const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now, leaseTransitions };
      await this.#options.client.update(leases, { ...lease, spec });
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  async #tryAcquireOrRenew(): Promise<boolean> {
    try {
      const current = await this.#read();
      if (current === undefined) {
        this.#observe(await this.#options.client.create(leases, this.#record(undefined)));
        return true;
      }
      this.#observe(current);
      const holder = current.spec?.holderIdentity ?? '';
      const isMine = holder === this.#options.identity;
      if (!isMine && holder !== '' && !this.#isExpired()) return false;
      this.#observe(await this.#options.client.update(leases, this.#record(current)));
      return true;
    } catch (error) {
      this.#options.onError?.(error);
      return false;
    }
  }

  async #read(): Promise<Lease | undefined> {
    try {
      return await this.#options.client.get(leases, this.#options.lease);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #isExpired(): boolean {
    return this.#observedAtMs + this.#leaseDurationMs <= this.#options.clock.monotonicMs();
  }

  #observe(lease: Lease): void {
    if (this.#observed === undefined || this.#observed.metadata.resourceVersion !== lease.metadata.resourceVersion) {
      this.#observed = lease;
      this.#observedAtMs = this.#options.clock.monotonicMs();
    }
    const leader = lease.spec?.holderIdentity ?? '';
    if (leader === this.#leader) return;
    this.#leader = leader;
    if (leader !== '') this.#options.onNewLeader?.(leader);
  }

  #record(current: Lease | undefined): Lease {
    const { lease, identity, clock } = this.#options;
    const now = formatMicroTime(clock.now());
    const wasMine = current?.spec?.holderIdentity === identity;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: current?.metadata ?? { namespace: lease.namespace, name: lease.name },
      spec: {
        ...current?.spec,
        holderIdentity: identity,
        leaseDurationSeconds: Math.round(this.#leaseDurationMs / 1000),
        acquireTime: wasMine ? current?.spec?.acquireTime : now,
        renewTime: now,
        leaseTransitions: current === undefined ? 0 : (current.spec?.leaseTransitions ?? 0) + (wasMine ? 0 : 1),
      },
    };
  }
}

async function sleepQuietly(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(delayMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
