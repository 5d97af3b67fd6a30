import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { Random } from '../../../kube/apimachinery/random.ts';
import { certificatesigningrequests } from '../../../kube/api/generated/certificates/v1.ts';
import type { CertificateSigningRequest } from '../../../kube/api/generated/certificates/v1.ts';
import type { Client } from '../../../kube/client/client.ts';
import { newCertificateRequest, readKeyPair, rotationTimeMs, unusable, writeKeyPair } from './key-pair.ts';
import type { CertificateSubject, KeyPair } from './key-pair.ts';

export interface CertificateManagerOptions {
  /** The file that holds the pair. */
  readonly path: string;
  readonly signerName: 'kubernetes.io/kube-apiserver-client-kubelet' | 'kubernetes.io/kubelet-serving';
  readonly subject: CertificateSubject;
  readonly clusterCA: string;
  /** Asked for each request: the bootstrap client at first, the kubelet's own later. */
  readonly client: () => Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly onChange?: (pair: KeyPair) => void;
}

const POLL_MS = 250;
const SLOW_POLL_MS = 2000;
/** After this long without an answer a new request is made. */
const REQUEST_TIMEOUT_MS = 900_000;
const RETRY_MS = 2000;
const MAX_SLEEP_MS = 3_600_000;

/** Gets a certificate by a CertificateSigningRequest, keeps it on disk, and replaces it before it expires. */
export class CertificateManager {
  readonly #options: CertificateManagerOptions;
  #pair: KeyPair | undefined;

  constructor(options: CertificateManagerOptions) {
    this.#options = options;
  }

  get current(): KeyPair | undefined {
    return this.#pair;
  }

  /** From disk, when what lies there is still good. */
  async load(): Promise<KeyPair | undefined> {
    const { path, clusterCA, subject, clock } = this.#options;
    const stored = await readKeyPair(path);
    if (stored === undefined) return undefined;
    const problem = unusable(stored, { ca: clusterCA, subject, nowMs: clock.now() });
    if (problem === undefined) this.#pair = stored;
    else console.log('Not using the stored certificate', { path, problem });
    return this.#pair;
  }

  /** From disk or by a new request; tries until it has one. */
  async ensure(signal: AbortSignal): Promise<KeyPair> {
    return (await this.load()) ?? (await this.#renew(signal));
  }

  /** Rotates for as long as the signal is not aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const fraction = random.next();
    while (!signal.aborted) {
      const waitMs = this.#pair === undefined ? 0 : rotationTimeMs(this.#pair.cert, fraction) - clock.now();
      try {
        if (waitMs > 0) await clock.sleep(Math.min(waitMs, MAX_SLEEP_MS), signal);
        else await this.#renew(signal);
      } catch (error) {
        if (signal.aborted) return;
        console.error('Certificate rotation failed', { error: String(error) });
      }
    }
  }

  async #renew(signal: AbortSignal): Promise<KeyPair> {
    const { path, subject, clock, onChange } = this.#options;
    for (;;) {
      try {
        const { key, request } = await newCertificateRequest(subject);
        const pair = { key, cert: await this.#requestCertificate(request, signal) };
        await writeKeyPair(path, pair);
        this.#pair = pair;
        onChange?.(pair);
        return pair;
      } catch (error) {
        signal.throwIfAborted();
        console.error('Cannot get a certificate, trying again', { signer: this.#options.signerName, error: String(error) });
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }

  async #requestCertificate(request: string, signal: AbortSignal): Promise<string> {
    const { client, signerName, clock } = this.#options;
    const usages = ['digital signature', signerName.endsWith('serving') ? 'server auth' : 'client auth'];
    const created = await client().create(certificatesigningrequests, {
      apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: '', generateName: 'csr-' },
      spec: { request: Buffer.from(request).toString('base64'), signerName, usages },
    } as CertificateSigningRequest, { signal });
    const started = clock.monotonicMs();
    for (let tries = 0; clock.monotonicMs() - started < REQUEST_TIMEOUT_MS; tries++) {
      const { status } = await client().get(certificatesigningrequests, { name: created.metadata.name }, { signal });
      const refused = status?.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed');
      if (refused !== undefined) throw new Error(`certificate signing request ${created.metadata.name} was ${refused.type.toLowerCase()}: ${refused.message ?? refused.reason ?? ''}`);
      if (status?.certificate) return Buffer.from(status.certificate, 'base64').toString('utf8');
      await clock.sleep(tries < 40 ? POLL_MS : SLOW_POLL_MS, signal);
    }
    throw new Error(`certificate signing request ${created.metadata.name} was not approved in time`);
  }
}
