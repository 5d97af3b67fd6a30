import { createHash } from 'node:crypto';
import { leases, type Lease } from '../../../kube/api/generated/coordination/v1.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { ObjectMeta } from '../../../kube/apimachinery/object-meta.ts';
import type { Random } from '../../../kube/apimachinery/random.ts';
import { isConflict, isNotFound } from '../../../kube/apimachinery/status.ts';
import { formatMicroTime, parseTime } from '../../../kube/apimachinery/time.ts';
import type { Client } from '../../../kube/client/client.ts';

export interface IdentityLeaseOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly hostname: string;
  /** `10.0.2.2:6443`: where other API servers would reach this one. */
  readonly peerAddress: string;
  readonly reportError: (error: unknown, what: string) => void;
}

const NAMESPACE = 'kube-system';
const IDENTITY_LABEL = 'apiserver.kubernetes.io/identity';
const COMPONENT = 'kube-apiserver';
const DURATION_SECONDS = 3600;
const RENEW_MS = 10_000;
/** Renewals are spread a little: 10 to 10.4 s. */
const JITTER = 0.04;
const COLLECT_MS = 3_600_000;

/**
 * Tells others which API servers there are (upstream: feature APIServerIdentity): a Lease in kube-system, made at the start, renewed every ten
 * seconds, deleted at the end. Leases of servers that are gone without that are removed every hour.
 */
export class IdentityLease implements AsyncDisposable {
  readonly #options: IdentityLeaseOptions;
  readonly #name: string;
  readonly #holder: string;
  readonly #stop = new AbortController();
  readonly #loops: readonly Promise<void>[];
  #latest: Lease | undefined;

  constructor(options: IdentityLeaseOptions) {
    this.#options = options;
    this.#name = apiServerIdentity(options.hostname);
    this.#holder = `${this.#name}_${options.random.uuid()}`;
    this.#loops = [
      this.#every(() => RENEW_MS * (1 + JITTER * options.random.next()), () => this.#publish()),
      this.#every(() => COLLECT_MS, () => this.#collect()),
    ];
  }

  async #every(periodMs: () => number, work: () => Promise<void>): Promise<void> {
    const { clock, reportError } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await work().catch((error: unknown) => reportError(error, `Lease ${this.#name}`));
      await clock.sleep(periodMs(), signal).catch(() => {});
    }
  }

  /** With what it wrote last it needs one request; anything else is looked up. */
  async #publish(): Promise<void> {
    const { client } = this.#options;
    try {
      if (this.#latest) {
        this.#latest = await client.update(leases, this.#renewed(this.#latest));
        return;
      }
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
    const stored = await client.get(leases, this.#target()).catch(absent);
    const isOwn = stored?.spec?.holderIdentity === this.#holder;
    if (stored && !isOwn) await client.delete(leases, this.#target()).catch(absent);
    this.#latest = stored && isOwn ? await client.update(leases, this.#renewed(stored)) : await client.create(leases, this.#renewed(this.#empty()));
  }

  async #collect(): Promise<void> {
    const { client, clock } = this.#options;
    const { items } = await client.list(leases, { namespace: NAMESPACE, labelSelector: `${IDENTITY_LABEL}=${COMPONENT}` });
    for (const { metadata } of items.filter((lease) => isExpired(lease, clock.now()))) {
      await client.delete(leases, { namespace: NAMESPACE, name: metadata.name }).catch(absent);
    }
  }

  #target(): { readonly namespace: string; readonly name: string } {
    return { namespace: NAMESPACE, name: this.#name };
  }

  #empty(): Lease {
    return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: this.#target() as ObjectMeta, spec: { holderIdentity: this.#holder } };
  }

  #renewed({ metadata, spec, ...rest }: Lease): Lease {
    const { hostname, peerAddress, clock } = this.#options;
    return {
      ...rest,
      metadata: {
        ...metadata,
        labels: { ...metadata.labels, [IDENTITY_LABEL]: COMPONENT, 'kubernetes.io/hostname': hostname },
        annotations: { ...metadata.annotations, 'kubernetes.io/peer-advertise-address': peerAddress },
      },
      spec: { ...spec, leaseDurationSeconds: DURATION_SECONDS, renewTime: formatMicroTime(clock.now()) },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the API server is shutting down'));
    await Promise.all(this.#loops);
    await this.#options.client.delete(leases, this.#target()).catch(() => {});
  }
}

/** `apiserver-<hash>`: the same on each start on one host. */
export function apiServerIdentity(hostname: string): string {
  const prefixed = [hostname, COMPONENT].map((text) => {
    const bytes = Buffer.from(text);
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
  });
  return `apiserver-${base32(createHash('sha256').update(Buffer.concat(prefixed)).digest().subarray(0, 16))}`;
}

/** RFC 4648 in small letters, without padding. */
function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}

function isExpired({ spec }: Lease, nowMs: number): boolean {
  const renewedMs = parseTime(spec?.renewTime);
  return renewedMs === undefined || spec?.leaseDurationSeconds === undefined || renewedMs + spec.leaseDurationSeconds * 1000 < nowMs;
}

function absent(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}
