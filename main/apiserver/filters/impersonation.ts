import { goQuote } from '../../../kube/apimachinery/go-format.ts';
import { newBadRequest, newForbidden } from '../../../kube/apimachinery/status-errors.ts';
import { GROUP_AUTHENTICATED, GROUP_UNAUTHENTICATED, parseServiceAccountUser, ANONYMOUS_USER, serviceAccountUser, type User } from '../authentication/user.ts';
import { forbiddenMessage, type Attributes, type Authorizer } from '../authorization/authorizer.ts';
import { allHeaders, headerValues } from '../endpoints/header-values.ts';
import type { ApiRequest } from '../endpoints/request.ts';

const EXTRA_PREFIX = 'impersonate-extra-';

/** `kubectl --as`: each thing that is taken on must be allowed by the verb `impersonate` (upstream: filters/impersonation.go). */
export async function impersonate(request: ApiRequest, user: User, authorizer: Authorizer): Promise<User> {
  const wanted = wantedUser(request);
  if (!wanted) return user;
  for (const question of questions(wanted)) {
    const attributes: Attributes = {
      user, verb: 'impersonate', isResourceRequest: true, path: '', apiVersion: '', apiGroup: '', namespace: '', subresource: '', ...question,
    };
    const { decision } = await authorizer.authorize(attributes);
    if (decision !== 'allow') {
      throw newForbidden({ group: attributes.apiGroup, resource: attributes.resource }, attributes.name, forbiddenMessage(attributes));
    }
  }
  return finished(wanted);
}

interface Wanted {
  readonly name: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

function wantedUser(request: ApiRequest): Wanted | undefined {
  const { headers } = request;
  const groups = headerValues(request, 'impersonate-group');
  const uid = headers['impersonate-uid'];
  const extra: Record<string, readonly string[]> = {};
  for (const [key, values] of allHeaders(request, EXTRA_PREFIX)) extra[unescapeKey(key)] = values;
  const name = headers['impersonate-user'] ?? '';
  if (name !== '') return { name, uid, groups, extra };
  if (groups.length === 0 && uid === undefined && Object.keys(extra).length === 0) return undefined;
  const list = (values: readonly string[]): string => `[]string${values.length === 0 ? '(nil)' : `{${values.map(goQuote).join(', ')}}`}`;
  const extras = Object.entries(extra).map(([key, values]) => `${goQuote(key)}:${list(values)}`);
  const extraText = `map[string][]string${extras.length === 0 ? '(nil)' : `{${extras.join(', ')}}`}`;
  const what = `&user.DefaultInfo{Name:"", UID:${goQuote(uid ?? '')}, Groups:${list(groups)}, Extra:${extraText}}`;
  throw newBadRequest(`requested ${what} without impersonating a user name`);
}

function* questions({ name, uid, groups, extra }: Wanted): Generator<Pick<Attributes, 'resource' | 'name'> & Partial<Attributes>> {
  const account = parseServiceAccountUser(name);
  if (account) yield { resource: 'serviceaccounts', namespace: account.namespace, name: account.name };
  else yield { resource: 'users', name };
  for (const group of groups) yield { resource: 'groups', name: group };
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values) yield { apiGroup: 'authentication.k8s.io', apiVersion: 'v1', resource: 'userextras', subresource: key, name: value };
  }
  if (uid !== undefined) yield { apiGroup: 'authentication.k8s.io', apiVersion: 'v1', resource: 'uids', name: uid };
}

function finished({ name, uid, groups, extra }: Wanted): User {
  const account = parseServiceAccountUser(name);
  const all = account && groups.length === 0 ? [...serviceAccountUser(account.namespace, account.name).groups] : [...groups];
  if (name === ANONYMOUS_USER) {
    if (!all.includes(GROUP_UNAUTHENTICATED)) all.push(GROUP_UNAUTHENTICATED);
  } else if (!all.includes(GROUP_AUTHENTICATED) && !all.includes(GROUP_UNAUTHENTICATED)) all.push(GROUP_AUTHENTICATED);
  return { name, groups: all, extra, ...(uid === undefined ? {} : { uid }) };
}

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
