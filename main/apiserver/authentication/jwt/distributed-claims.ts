import type { JWTPayload } from 'jose';
import { deadlineIn } from '../../../../kube/apimachinery/deadline.ts';
import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { httpsText } from '../https-json.ts';
import { claimsWithoutVerification } from '../service-account-keys.ts';
import { IssuerVerifier, type IssuerVerifierOptions } from './issuer-verifier.ts';

const TIMEOUT_MS = 30_000;
/** Issuers that answers about claims come from: one or two in practice; the oldest is forgotten. */
const MAX_ISSUERS = 64;

/**
 * Fetches a claim that the token only points to (OpenID Connect Core 5.6.2): Azure does so for users of many groups. The answer is a token itself,
 * of whichever issuer it names, and is judged as such. Nothing is kept: upstream asks each time too.
 */
export class DistributedClaims {
  readonly #claim: string;
  readonly #options: IssuerVerifierOptions;
  readonly #verifiers = new Map<string, IssuerVerifier>();

  constructor(claim: string, options: IssuerVerifierOptions) {
    this.#claim = claim;
    this.#options = options;
  }

  /** The claims with the fetched one among them, when it is distributed at all; throws when it cannot be had. */
  async expanded(claims: JWTPayload): Promise<JWTPayload> {
    const source = this.#sourceOf(claims);
    if (!source) return claims;
    const { endpoint, accessToken } = source;
    const token = await this.#fetched(endpoint, accessToken);
    const issuer = claimsWithoutVerification(token)?.['iss'];
    if (typeof issuer !== 'string') throw new Error(`getting untrusted issuer from endpoint ${endpoint} failed for claim ${JSON.stringify(this.#claim)}: the answer is no token`);
    let answer: JWTPayload;
    try {
      answer = await this.#verifierOf(issuer).verify(token);
    } catch (error) {
      throw new Error(`verify distributed claim token: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    if (!(this.#claim in answer)) throw new Error(`jwt returned by distributed claim endpoint ${JSON.stringify(endpoint)} did not contain claim: ${this.#claim}`);
    return { ...claims, [this.#claim]: answer[this.#claim] };
  }

  #sourceOf(claims: JWTPayload): { readonly endpoint: string; readonly accessToken: string } | undefined {
    const names = claims['_claim_names'];
    if (this.#claim in claims || names === undefined) return undefined;
    if (!isJsonObject(names)) throw new Error('oidc: error parsing distributed claim names: it is not an object');
    const sources = claims['_claim_sources'];
    if (sources === undefined) throw new Error('oidc: no claim sources');
    if (!isJsonObject(sources)) throw new Error('oidc: could not parse claim sources: it is not an object');
    const name = names[this.#claim];
    if (typeof name !== 'string') return undefined;
    const source = sources[name];
    if (!isJsonObject(source)) throw new Error(`id token _claim_names contained a source ${name} missing in _claims_sources`);
    const { endpoint, access_token: accessToken } = source;
    // Without an address it is an aggregated claim, which nobody reads.
    return typeof endpoint === 'string' && endpoint !== '' ? { endpoint, accessToken: typeof accessToken === 'string' ? accessToken : '' } : undefined;
  }

  async #fetched(url: string, accessToken: string): Promise<string> {
    const { clock, issuer: { certificateAuthority } } = this.#options;
    try {
      if (!url.startsWith('https://')) throw new Error(`${JSON.stringify(url)} is not an https URL`);
      using deadline = deadlineIn(TIMEOUT_MS, { clock });
      const { status, text } = await httpsText({ url, accept: 'application/jwt, */*', ...(accessToken === '' ? {} : { headers: { authorization: `Bearer ${accessToken}` } }), ...(certificateAuthority ? { ca: certificateAuthority } : {}) }, deadline.signal);
      if (status < 200 || status > 299) throw new Error(`error while getting distributed claim JWT: ${status}`);
      return text.trim();
    } catch (error) {
      throw new Error(`while getting distributed claim ${JSON.stringify(this.#claim)}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  #verifierOf(url: string): IssuerVerifier {
    let known = this.#verifiers.get(url);
    if (!known) {
      if (this.#verifiers.size >= MAX_ISSUERS) for (const oldest of this.#verifiers.keys()) { this.#verifiers.delete(oldest); break; }
      const { issuer } = this.#options;
      known = new IssuerVerifier({ ...this.#options, issuer: url === issuer.url ? issuer : { url, discoveryURL: undefined, certificateAuthority: issuer.certificateAuthority } });
      this.#verifiers.set(url, known);
    }
    return known;
  }
}
