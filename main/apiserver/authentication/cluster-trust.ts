import { X509Certificate } from 'node:crypto';
import { configmaps, type ConfigMap } from '../../../kube/api/generated/core/v1.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { deepEqual } from '../../../kube/apimachinery/json.ts';
import type { ObjectMeta } from '../../../kube/apimachinery/object-meta.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../../kube/apimachinery/status.ts';
import { RestClient } from '../../../kube/client/rest-client.ts';
import type { Transport } from '../../../kube/client/transport.ts';
import type { ResourceCatalog } from '../registry/catalog.ts';
import { followObjects } from '../registry/follow-objects.ts';
import { requestHeaders } from './request-header.ts';

/** What extension servers need to know to recognise our users. All PEM. */
export interface ClusterTrust {
  readonly clientCA: string;
  readonly frontProxyCA?: string;
  /** Common names that may speak for others. */
  readonly allowedNames: readonly string[];
}

const NAME = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
/** Somebody else wrote first: look again at what is there now. */
const MAX_ATTEMPTS = 10;

/**
 * Keeps ConfigMap kube-system/extension-apiserver-authentication (upstream: controlplane/controller/clusterauthenticationtrust): adds to
 * what others have put there, leaves out certificates that have expired, and writes it again when somebody deletes it.
 */
export class ClusterTrustPublisher implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #trust: ClusterTrust;
  readonly #clock: Clock;
  #loop: Promise<void> = Promise.resolve();

  constructor(trust: ClusterTrust, clock: Clock) {
    this.#trust = trust;
    this.#clock = clock;
  }

  async start(transport: Transport, catalog: ResourceCatalog, reportError: (error: unknown, path: string) => void): Promise<void> {
    const client = new RestClient({ transport, userAgent: 'kube-apiserver', clock: this.#clock });
    await this.#publish(client);
    const storage = catalog.registry(configmaps)?.storage;
    if (!storage) return;
    const ofOne = { list: () => storage.list(NAME), watch: (query: Parameters<typeof storage.watch>[0]) => storage.watch({ ...query, ...NAME }) };
    const again = (): void => void this.#publish(client).catch((error: unknown) => this.#stop.signal.aborted || reportError(error, NAME.name));
    this.#loop = followObjects(ofOne, { clear() {}, set() {}, remove: again, synced() {} }, { signal: this.#stop.signal, clock: this.#clock });
  }

  async #publish(client: RestClient): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const current = await client.get(configmaps, NAME).catch((error: unknown) => {
          if (isNotFound(error)) return undefined;
          throw error;
        });
        const data = combinedTrust(current?.data ?? {}, this.#trust, this.#clock.now());
        if (deepEqual(current?.data ?? {}, data)) return;
        if (current) await client.update(configmaps, { ...current, data });
        else await client.create(configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: NAME as ObjectMeta, data } as ConfigMap);
        return;
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !(isConflict(error) || isAlreadyExists(error) || isNotFound(error))) throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the API server is shutting down'));
    await this.#loop;
  }
}

/** The ConfigMap's data with ours in it. */
export function combinedTrust(existing: Readonly<Record<string, string>>, { clientCA, frontProxyCA, allowedNames }: ClusterTrust, now: number): Record<string, string> {
  const names = (key: string, own: readonly string[]): Record<string, string> => {
    const all = [...new Set([...listOf(existing[key]), ...own])];
    return { [key]: JSON.stringify(all) };
  };
  const certificates = (key: string, own: string): Record<string, string> => {
    const all = valid([...pemsOf(existing[key] ?? ''), ...pemsOf(own)], now);
    return all === '' ? {} : { [key]: all };
  };
  const client = certificates('client-ca-file', clientCA);
  const proxy = certificates('requestheader-client-ca-file', frontProxyCA ?? '');
  if (Object.keys(proxy).length === 0) return client;
  return {
    ...client, ...proxy,
    ...names('requestheader-username-headers', [requestHeaders.user]), ...names('requestheader-uid-headers', [requestHeaders.uid]), ...names('requestheader-group-headers', [requestHeaders.group]),
    ...names('requestheader-extra-headers-prefix', [requestHeaders.extraPrefix]), ...names('requestheader-allowed-names', allowedNames),
  };
}

function listOf(text: string | undefined): readonly string[] {
  if (!text) return [];
  const value: unknown = JSON.parse(text);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function pemsOf(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
}

function valid(pems: readonly string[], now: number): string {
  const certificates = new Map(pems.map((pem) => new X509Certificate(pem)).filter((certificate) => certificate.validToDate.getTime() > now).map((certificate) => [certificate.fingerprint256, certificate]));
  return [...certificates.values()].map((certificate) => certificate.toString()).join('');
}
