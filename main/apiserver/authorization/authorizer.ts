import type { User } from '../authentication/user.ts';
import { GROUP_MASTERS } from '../authentication/user.ts';
import type { PolicyRule } from './rbac.ts';

/** One question: may this user do this (upstream: apiserver/pkg/authorization/authorizer). */
export interface Attributes {
  readonly user: User;
  readonly verb: string;
  readonly isResourceRequest: boolean;
  readonly path: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Of a list, a watch or a deletecollection (KEP-4601). Node and webhooks look at them, RBAC does not. */
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

const SELECTING_VERBS = new Set(['list', 'watch', 'deletecollection']);

/** The question that a request is. */
export function attributesOfRequest({ info, user, request: { query } }: { readonly info: Omit<Attributes, 'user' | 'fieldSelector' | 'labelSelector'>; readonly user: User; readonly request: { readonly query: URLSearchParams } }): Attributes {
  if (!SELECTING_VERBS.has(info.verb)) return { ...info, user };
  const [fieldSelector, labelSelector] = [query.get('fieldSelector'), query.get('labelSelector')];
  return { ...info, user, ...(fieldSelector ? { fieldSelector } : {}), ...(labelSelector ? { labelSelector } : {}) };
}

/** 'noOpinion' lets the next authorizer decide; nobody's opinion is a refusal. */
export interface Decision {
  readonly decision: 'allow' | 'deny' | 'noOpinion';
  readonly reason: string;
  /** Why an authorizer could not say; a request that nobody allows then fails with it, rather than with a refusal. */
  readonly evaluationError?: string;
}

export interface Authorizer {
  authorize(attributes: Attributes): Decision | Promise<Decision>;
  /** What a SelfSubjectRulesReview tells of it; absent: nothing. */
  rulesFor?(user: User, namespace: string): Promise<ResolvedRules>;
}

export interface ResolvedRules {
  readonly rules: readonly PolicyRule[];
  /** The user may be allowed more than the rules say. */
  readonly incomplete: boolean;
  readonly errors: readonly string[];
}

export const noOpinion = (reason = ''): Decision => ({ decision: 'noOpinion', reason });

/** `decided` is told who decided, by place, and what. */
export function chainAuthorizers(authorizers: readonly Authorizer[], decided?: (index: number, decision: 'allow' | 'deny') => void): Required<Authorizer> {
  return {
    async authorize(attributes) {
      const reasons: string[] = [];
      const errors: string[] = [];
      for (const [index, authorizer] of authorizers.entries()) {
        const pending = authorizer.authorize(attributes);
        const answer = pending instanceof Promise ? await pending : pending;
        if (answer.decision !== 'noOpinion') {
          decided?.(index, answer.decision);
          return answer;
        }
        if (answer.evaluationError !== undefined) errors.push(answer.evaluationError);
        if (answer.reason !== '') reasons.push(answer.reason);
      }
      const refusal = noOpinion(reasons.join('\n'));
      return errors.length === 0 ? refusal : { ...refusal, evaluationError: errors.length === 1 ? (errors[0] as string) : `[${errors.join(', ')}]` };
    },
    async rulesFor(user, namespace) {
      const all: ResolvedRules[] = [];
      for (const authorizer of authorizers) if (authorizer.rulesFor) all.push(await authorizer.rulesFor(user, namespace));
      return { rules: all.flatMap(({ rules }) => rules), incomplete: all.some(({ incomplete }) => incomplete), errors: all.flatMap(({ errors }) => errors) };
    },
  };
}

export const mastersAuthorizer: Authorizer = {
  authorize: ({ user }) => (user.groups.includes(GROUP_MASTERS) ? { decision: 'allow', reason: '' } : noOpinion()),
};

export const allowAllAuthorizer: Authorizer = {
  authorize: () => ({ decision: 'allow', reason: '' }),
  rulesFor: async () => ({ rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] }], incomplete: false, errors: [] }),
};

/** Upstream's words of a refusal, behind `RESOURCE is forbidden: `. */
export function forbiddenMessage(attributes: Attributes): string {
  const { user, verb, namespace } = attributes;
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`;
  if (!attributes.isResourceRequest) return `${who} path ${JSON.stringify(attributes.path)}`;
  const resource = attributes.subresource === '' ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
  const what = `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(attributes.apiGroup)}`;
  return namespace === '' ? `${what} at the cluster scope` : `${what} in the namespace ${JSON.stringify(namespace)}`;
}
