import { errors, jwtVerify, type JWTPayload } from 'jose';
import type { Clock } from '../../../../kube/apimachinery/clock.ts';
import { IssuerKeys, type Issuer } from './issuer-keys.ts';

export interface IssuerVerifierOptions {
  readonly issuer: Issuer;
  /** A token must name one of them. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly clock: Clock;
}

/** Judges the tokens of one issuer: its signature, time and audience. */
export class IssuerVerifier {
  readonly #options: IssuerVerifierOptions;
  readonly #keys: IssuerKeys;

  constructor(options: IssuerVerifierOptions) {
    this.#options = options;
    this.#keys = new IssuerKeys(options.issuer, options.clock);
  }

  /** The claims; throws with the reason. */
  async verify(token: string): Promise<JWTPayload> {
    const claims = await this.#signed(token);
    checkAudience(this.#options.audiences, claims);
    return claims;
  }

  async #signed(token: string): Promise<JWTPayload> {
    const { issuer, algorithms, clock } = this.#options;
    const options = { algorithms: [...algorithms], issuer: issuer.url, currentDate: new Date(clock.now()), requiredClaims: ['exp'] };
    const known = await this.#keys.get();
    try {
      return (await jwtVerify(token, known, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      const newer = await this.#keys.newer(known);
      if (!newer) throw error;
      return (await jwtVerify(token, newer, options)).payload;
    }
  }
}

function checkAudience(audiences: readonly string[], { aud = [] }: JWTPayload): void {
  const named = typeof aud === 'string' ? [aud] : aud;
  if (!named.some((audience) => audiences.includes(audience))) throw new Error(`oidc: expected audience in ${goList(audiences)} got ${goList(named)}`);
}

function goList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}
