import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../../../kube/apimachinery/clock.ts';
import { deadlineIn } from '../../../../kube/apimachinery/deadline.ts';
import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { httpsJson } from '../https-json.ts';

const TIMEOUT_MS = 30_000;
/** A token with a key that we do not know makes us look again, but not more often than this. */
const LEAST_INTERVAL_MS = 1_000;

/** Where an issuer is found, and what vouches for its server. */
export interface Issuer {
  readonly url: string;
  readonly discoveryURL: string | undefined;
  /** PEM; absent: what the system trusts. */
  readonly certificateAuthority: string | undefined;
}

/** The keys that an issuer signs with, read when first needed and again when a token names one that is new. */
export class IssuerKeys {
  readonly #issuer: Issuer;
  readonly #clock: Clock;
  #keys: JWTVerifyGetKey | undefined;
  #loading: Promise<JWTVerifyGetKey> | undefined;
  #loadedAtMs = -Infinity;

  constructor(issuer: Issuer, clock: Clock) {
    this.#issuer = issuer;
    this.#clock = clock;
  }

  async get(): Promise<JWTVerifyGetKey> {
    return this.#keys ?? (await this.#load());
  }

  /** Newer ones than `known`; undefined when it is too early to ask again. */
  async newer(known: JWTVerifyGetKey): Promise<JWTVerifyGetKey | undefined> {
    if (this.#keys !== known) return this.#keys;
    if (this.#clock.monotonicMs() - this.#loadedAtMs < LEAST_INTERVAL_MS) return undefined;
    return this.#load();
  }

  #load(): Promise<JWTVerifyGetKey> {
    this.#loading ??= this.#fetch().then((keys) => (this.#keys = keys)).finally(() => {
      this.#loading = undefined;
      this.#loadedAtMs = this.#clock.monotonicMs();
    });
    return this.#loading;
  }

  async #fetch(): Promise<JWTVerifyGetKey> {
    const { url, discoveryURL } = this.#issuer;
    const document = await this.#read(discoveryURL ?? `${url.replace(/\/$/, '')}/.well-known/openid-configuration`);
    if (document['issuer'] !== url) throw new Error(`oidc: issuer did not match the issuer returned by provider, expected ${JSON.stringify(url)} got ${JSON.stringify(document['issuer'])}`);
    const { jwks_uri: keysUrl } = document;
    if (typeof keysUrl !== 'string' || !keysUrl.startsWith('https://')) throw new Error('provider did not return JWKS URL');
    return createLocalJWKSet((await this.#read(keysUrl)) as unknown as JSONWebKeySet);
  }

  async #read(url: string): Promise<Record<string, unknown>> {
    using deadline = deadlineIn(TIMEOUT_MS, { clock: this.#clock });
    const { certificateAuthority } = this.#issuer;
    const { status, value } = await httpsJson({ url, ...(certificateAuthority ? { ca: certificateAuthority } : {}) }, deadline.signal);
    if (status !== 200 || !isJsonObject(value)) throw new Error(`oidc: get ${url} failed: status ${status}`);
    return value;
  }
}
