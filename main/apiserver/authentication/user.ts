/** Who makes a request (upstream: apiserver/pkg/authentication/user). */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const ANONYMOUS_USER = 'system:anonymous';
export const GROUP_AUTHENTICATED = 'system:authenticated';
export const GROUP_UNAUTHENTICATED = 'system:unauthenticated';
export const GROUP_MASTERS = 'system:masters';
export const GROUP_NODES = 'system:nodes';
export const NODE_USER_PREFIX = 'system:node:';
export const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:';

export const anonymousUser: User = { name: ANONYMOUS_USER, groups: [GROUP_UNAUTHENTICATED] };

/** Every authenticated user is in system:authenticated, in addition to the groups of its credential. */
export function withAuthenticatedGroup(user: User): User {
  if (user.name === ANONYMOUS_USER || user.groups.includes(GROUP_AUTHENTICATED) || user.groups.includes(GROUP_UNAUTHENTICATED)) return user;
  return { ...user, groups: [...user.groups, GROUP_AUTHENTICATED] };
}

/** The node behind `system:node:NAME` in group system:nodes; undefined for anybody else. */
export function nodeNameOf(user: User): string | undefined {
  if (!user.name.startsWith(NODE_USER_PREFIX) || !user.groups.includes(GROUP_NODES)) return undefined;
  return user.name.slice(NODE_USER_PREFIX.length);
}

export function serviceAccountUser(namespace: string, name: string): { readonly name: string; readonly groups: readonly string[] } {
  return {
    name: `${SERVICE_ACCOUNT_PREFIX}${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
  };
}

/** The inverse of {@link serviceAccountUser}. */
export function parseServiceAccountUser(userName: string): { readonly namespace: string; readonly name: string } | undefined {
  if (!userName.startsWith(SERVICE_ACCOUNT_PREFIX)) return undefined;
  const parts = userName.slice(SERVICE_ACCOUNT_PREFIX.length).split(':');
  const [namespace, name] = parts;
  return parts.length === 2 && namespace && name ? { namespace, name } : undefined;
}
