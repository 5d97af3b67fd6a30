import { goQuote } from '../../../kube/apimachinery/go-format.ts';
import { newBadRequest } from '../../../kube/apimachinery/status-errors.ts';
import type { User } from '../authentication/user.ts';
import { attributesOfRequest, type Authorizer } from '../authorization/authorizer.ts';
import { allHeaders, headerValues } from '../endpoints/header-values.ts';
import type { ApiRequest } from '../endpoints/request.ts';
import { type Impersonated, type Impersonation, type WantedUser } from './impersonation-modes.ts';
import type { RequestInfo } from './request-info.ts';

const EXTRA_PREFIX = 'impersonate-extra-';

export interface ImpersonationRequest {
  readonly request: ApiRequest;
  readonly info: RequestInfo;
  readonly user: User;
}

/** `kubectl --as`; undefined for a request that stays its sender's. Throws 403 for what the asking user may not take on, 400 for headers without a user. */
export async function impersonate({ request, info, user }: ImpersonationRequest, { authorizer, impersonation }: { readonly authorizer: Authorizer; readonly impersonation: Impersonation }): Promise<Impersonated | undefined> {
  const wanted = wantedUser(request);
  if (!wanted) return undefined;
  return impersonation.userOf({ wanted, attributes: attributesOfRequest({ info, user, request }), authorizer });
}

function wantedUser(request: ApiRequest): WantedUser | undefined {
  const { headers } = request;
  const groups = headerValues(request, 'impersonate-group');
  const uid = headers['impersonate-uid'] || undefined;
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

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
