import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { newForbidden } from '../../../kube/apimachinery/status-errors.ts';
import { isDns1123Subdomain, isQualifiedName } from '../../../kube/apimachinery/name-validation.ts';
import { ANONYMOUS_USER, GROUP_AUTHENTICATED, GROUP_MASTERS, GROUP_NODES, GROUP_UNAUTHENTICATED, NODE_USER_PREFIX, parseServiceAccountUser, serviceAccountUser, type User } from '../authentication/user.ts';
import type { RequestMetrics } from '../metrics/request-metrics.ts';
import { forbiddenMessage, type Attributes, type Authorizer } from '../authorization/authorizer.ts';

/** Whom the client wants to be, as its headers say. */
export interface WantedUser {
  readonly name: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export interface ImpersonationAttempt {
  readonly wanted: WantedUser;
  /** What is asked, by whoever asks. */
  readonly attributes: Attributes;
  readonly authorizer: Authorizer;
}

/** Everything about a user, the old way, or one kind of user for one kind of request (KEP-5284). */
interface Mode {
  readonly name: 'associated-node' | 'arbitrary-node' | 'serviceaccount' | 'user-info' | 'legacy';
  applies(wanted: WantedUser, requestor: User): boolean;
}

const NODE_NAME = 'authentication.kubernetes.io/node-name';
/** With as many groups or extras as this, one question about all of them may save the others. */
const MANY = 4;

const MODES: readonly Mode[] = [
  { name: 'associated-node', applies: (wanted, { name, extra }) => hasOnlyName(wanted) && parseServiceAccountUser(name) !== undefined && nodeOf(wanted) !== undefined && extra?.[NODE_NAME]?.length === 1 && extra[NODE_NAME][0] === nodeOf(wanted) },
  { name: 'arbitrary-node', applies: (wanted) => hasOnlyName(wanted) && nodeOf(wanted) !== undefined },
  { name: 'serviceaccount', applies: (wanted) => hasOnlyName(wanted) && parseServiceAccountUser(wanted.name) !== undefined },
  { name: 'user-info', applies: (wanted) => nodeOf(wanted) === undefined && parseServiceAccountUser(wanted.name) === undefined },
  { name: 'legacy', applies: () => true },
];

/** Who a request is from in the end, and the verb that allowed it unless it was the old one. */
export interface Impersonated {
  readonly user: User;
  readonly constraint: string | undefined;
}

type ImpersonationMetrics = Pick<RequestMetrics, 'impersonated' | 'askedToImpersonate'>;

/** More users than impersonate others in one cluster; the oldest is forgotten. */
const MAX_REMEMBERED = 10_000;

/**
 * Tries the way that last led somewhere for the asking user, then the narrow ones and then the old one; the first refusal is the one told
 * (upstream: endpoints/filters/impersonation). Differs from upstream: answers are not cached.
 */
export class Impersonation {
  readonly #lastModes = new Map<string, Mode>();
  readonly #clock: Clock;
  readonly #metrics: ImpersonationMetrics;

  constructor({ clock, metrics }: { readonly clock: Clock; readonly metrics: ImpersonationMetrics }) {
    this.#clock = clock;
    this.#metrics = metrics;
  }

  async userOf(attempt: ImpersonationAttempt): Promise<Impersonated> {
    const startMs = this.#clock.monotonicMs();
    let mode = '';
    try {
      const impersonated = await this.#tried(attempt);
      mode = impersonated.constraint?.slice('impersonate:'.length) ?? 'legacy';
      return impersonated;
    } finally {
      this.#metrics.impersonated(mode, this.#clock.monotonicMs() - startMs);
    }
  }

  async #tried(attempt: ImpersonationAttempt): Promise<Impersonated> {
    const asking = attempt.attributes.user.name;
    const last = this.#lastModes.get(asking);
    let first: unknown;
    for (const mode of last ? [last, ...MODES.filter((other) => other !== last)] : MODES) {
      if (!mode.applies(attempt.wanted, attempt.attributes.user)) continue;
      try {
        const user = await inMode(mode, { ...attempt, authorizer: this.#counted(mode, attempt.authorizer) });
        if (mode !== last) this.#remember(asking, mode);
        return { user, constraint: mode.name === 'legacy' ? undefined : `impersonate:${mode.name}` };
      } catch (error) {
        first ??= error;
      }
    }
    throw first;
  }

  /** The authorizer, whose answers are counted. */
  #counted({ name }: Mode, authorizer: Authorizer): Pick<Authorizer, 'authorize'> {
    return {
      authorize: async (attributes) => {
        const startMs = this.#clock.monotonicMs();
        const answer = await authorizer.authorize(attributes);
        this.#metrics.askedToImpersonate(name, { isAllowed: answer.decision === 'allow', elapsedMs: this.#clock.monotonicMs() - startMs });
        return answer;
      },
    };
  }

  #remember(asking: string, mode: Mode): void {
    this.#lastModes.delete(asking);
    if (this.#lastModes.size >= MAX_REMEMBERED) for (const oldest of this.#lastModes.keys()) { this.#lastModes.delete(oldest); break; }
    this.#lastModes.set(asking, mode);
  }
}

async function inMode({ name: mode }: Mode, { wanted, attributes, authorizer }: ImpersonationAttempt): Promise<User> {
  const user = mode === 'associated-node' ? withoutNode(attributes.user) : attributes.user;
  const isConstrained = mode !== 'legacy';
  const verb = isConstrained ? `impersonate:${mode}` : 'impersonate';
  if (isConstrained) await check(authorizer, { ...attributes, user, verb: `impersonate-on:${mode}:${attributes.verb}` });
  const blank: Attributes = { user, verb, isResourceRequest: true, path: '', apiGroup: '', apiVersion: 'v1', namespace: '', resource: '', subresource: '', name: '' };
  const inReviews = { ...blank, apiGroup: 'authentication.k8s.io' };
  await check(authorizer, { ...(isConstrained ? inReviews : blank), ...nameQuestion(mode, wanted) });
  if (wanted.uid !== undefined) await check(authorizer, { ...inReviews, resource: 'uids', name: wanted.uid });
  await checkGroups(authorizer, { ...(isConstrained ? inReviews : blank), resource: 'groups' }, wanted, isConstrained);
  await checkExtra(authorizer, { ...inReviews, resource: 'userextras' }, wanted, isConstrained);
  return finished(wanted, isConstrained);
}

function nameQuestion(mode: Mode['name'], wanted: WantedUser): Pick<Attributes, 'resource' | 'name'> & { readonly namespace?: string } {
  const account = parseServiceAccountUser(wanted.name);
  if (account) return { resource: 'serviceaccounts', namespace: account.namespace, name: account.name };
  const node = mode === 'legacy' ? undefined : nodeOf(wanted);
  // Whoever may be the node it runs on may be so on every node.
  return node === undefined ? { resource: 'users', name: wanted.name } : { resource: 'nodes', name: mode === 'associated-node' ? '*' : node };
}

async function checkGroups(authorizer: Authorizer, question: Attributes, { groups }: WantedUser, isConstrained: boolean): Promise<void> {
  if (isConstrained && groups.includes('')) throw refusal(question, 'impersonating the empty string group is not allowed');
  if (isConstrained && groups.includes(GROUP_MASTERS)) throw refusal({ ...question, name: GROUP_MASTERS }, 'impersonating the system:masters group is not allowed');
  if (isConstrained && groups.length >= MANY && (await isAllowed(authorizer, { ...question, name: '*' }))) return;
  for (const name of groups) await check(authorizer, { ...question, name });
}

async function checkExtra(authorizer: Authorizer, question: Attributes, { extra }: WantedUser, isConstrained: boolean): Promise<void> {
  const entries = Object.entries(extra);
  const problem = isConstrained ? entries.map(problemOfExtra).find((text) => text !== undefined) : undefined;
  if (problem !== undefined) throw refusal(question, problem);
  const count = entries.reduce((sum, [, values]) => sum + values.length, 0);
  if (isConstrained && Math.max(entries.length, count) >= MANY && (await isAllowed(authorizer, { ...question, subresource: '*', name: '*' }))) return;
  for (const [subresource, values] of entries) for (const name of values) await check(authorizer, { ...question, subresource, name });
}

function problemOfExtra([key, values]: [string, readonly string[]]): string | undefined {
  if (key === '') return 'impersonating the empty string key in extra is not allowed';
  const slash = key.indexOf('/');
  const isPath = slash > 0 && isDns1123Subdomain(key.slice(0, slash)).length === 0 && key.length > slash + 1 && isQualifiedName(key.slice(slash + 1)).length === 0;
  if (!isPath) return `impersonating an invalid key in extra is not allowed: extra.key: Invalid value: ${JSON.stringify(key)}: must be a domain-prefixed path (such as "acme.io/foo")`;
  if (key !== key.toLowerCase()) return `impersonating a non-lowercase key in extra is not allowed: ${JSON.stringify(key)}`;
  if (values.length === 0) return 'impersonating empty values in extra is not allowed';
  return values.includes('') ? 'impersonating the empty string value in extra is not allowed' : undefined;
}

async function check(authorizer: Authorizer, attributes: Attributes): Promise<void> {
  const { decision, reason } = await authorizer.authorize(attributes);
  if (decision !== 'allow') throw refusal(attributes, reason);
}

async function isAllowed(authorizer: Authorizer, attributes: Attributes): Promise<boolean> {
  return (await authorizer.authorize(attributes)).decision === 'allow';
}

function refusal(attributes: Attributes, reason: string): Error {
  return newForbidden({ group: attributes.apiGroup, resource: attributes.resource }, attributes.name, forbiddenMessage(attributes) + (reason === '' ? '' : `: ${reason}`));
}

function finished(wanted: WantedUser, isConstrained: boolean): User {
  const { name, uid, extra } = wanted;
  const account = parseServiceAccountUser(name);
  let groups = [...wanted.groups];
  if (account && groups.length === 0) groups = [...serviceAccountUser(account.namespace, account.name).groups];
  if (isConstrained && nodeOf(wanted) !== undefined) groups = [GROUP_NODES];
  const added = name === ANONYMOUS_USER ? GROUP_UNAUTHENTICATED : groups.includes(GROUP_UNAUTHENTICATED) ? undefined : GROUP_AUTHENTICATED;
  if (added !== undefined && !groups.includes(added)) groups.push(added);
  return { name, groups, extra, ...(uid === undefined ? {} : { uid }) };
}

function hasOnlyName({ uid, groups, extra }: WantedUser): boolean {
  return uid === undefined && groups.length === 0 && Object.keys(extra).length === 0;
}

/** The node behind `system:node:NAME`. */
function nodeOf({ name }: WantedUser): string | undefined {
  if (!name.startsWith(NODE_USER_PREFIX)) return undefined;
  const node = name.slice(NODE_USER_PREFIX.length);
  return isDns1123Subdomain(node).length === 0 ? node : undefined;
}

/** Authorizers learn which extras there are, not what they say: the answer is the same on all nodes. */
function withoutNode(user: User): User {
  return { ...user, extra: { 'authentication.kubernetes.io/associated-node-keys': Object.keys(user.extra ?? {}).sort() } };
}
