import { configuredAuthentication, type AuthenticationFiles, type AuthenticationOptions, type ConfiguredAuthentication } from './configured-tokens.ts';
import { deepEqual } from '../../../kube/apimachinery/json.ts';
import type { TokenAuthenticator } from './token-authenticator.ts';

/**
 * What the operator says about who may come in, which can be replaced while the server runs (KEP-3331). Who may come in without a name is settled
 * at the start.
 */
export class LiveAuthentication {
  readonly #files: AuthenticationFiles;
  readonly #options: AuthenticationOptions;
  readonly #listeners: (() => void)[] = [];
  #configured: ConfiguredAuthentication;

  /** Throws when a file makes no sense. */
  constructor(files: AuthenticationFiles, options: AuthenticationOptions) {
    this.#files = files;
    this.#options = options;
    this.#configured = configuredAuthentication(files, options);
  }

  get tokens(): readonly TokenAuthenticator[] {
    return this.#configured.tokens;
  }

  get anonymous(): ConfiguredAuthentication['anonymous'] {
    return this.#configured.anonymous;
  }

  /** Called after each reload. */
  onReload(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Throws, and keeps what there is, when the text makes no sense. */
  reload(configuration: string): void {
    const next = configuredAuthentication({ ...this.#files, configuration }, this.#options);
    if (!deepEqual(next.anonymous ?? null, this.anonymous ?? null)) throw new Error('anonymous: Forbidden: changed from initial configuration file');
    this.#configured = next;
    for (const listener of this.#listeners) listener();
  }
}
