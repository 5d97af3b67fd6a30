import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { newBadRequest } from '../../../../kube/apimachinery/status-errors.ts';
import type { Authenticator } from '../../authentication/authenticator.ts';
import type { User } from '../../authentication/user.ts';
import { timestamp } from '../../registry/generic/deletion.ts';
import { answerTyped } from '../answer.ts';
import type { SpecialEndpoint } from '../dispatch.ts';
import { readReview } from './review-request.ts';

const GROUP = 'authentication.k8s.io';

interface TokenReview extends KubernetesObject {
  spec: { token?: string; audiences?: string[] };
  status?: { readonly authenticated?: boolean };
}

/** Whose token is this? */
export function tokenReviewEndpoint(authenticator: Authenticator): SpecialEndpoint {
  return async (request) => {
    const review = await readReview<TokenReview>(request, { group: GROUP, version: 'v1', kind: 'TokenReview' });
    const { token = '', audiences } = review.spec ?? {};
    if (token === '') throw newBadRequest('token is required for TokenReview in authentication');
    // What the body says of the status stays where the answer says nothing.
    const { authenticated: _claimed, ...given } = review.status ?? {};
    return answerTyped(request.media, { ...review, status: { user: {}, ...given, ...(await statusOf(authenticator, token, audiences)) } }, 201);
  };
}

async function statusOf(authenticator: Authenticator, token: string, audiences: readonly string[] | undefined): Promise<object> {
  try {
    const result = await authenticator.authenticateToken(token, audiences?.length ? audiences : undefined);
    if (!result) return { error: 'invalid bearer token' };
    return { authenticated: true, user: userInfo(result.user), audiences: result.audiences };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { error: message === 'invalid bearer token' ? message : `[invalid bearer token, ${message}]` };
  }
}

/** kubectl auth whoami. */
export const selfSubjectReviewEndpoint: SpecialEndpoint = async (request) => {
  await readReview(request, { group: GROUP, version: 'v1', kind: 'SelfSubjectReview' });
  const metadata = { creationTimestamp: timestamp(request.clock.now()) };
  return answerTyped(request.media, { kind: 'SelfSubjectReview', apiVersion: `${GROUP}/v1`, metadata, status: { userInfo: userInfo(request.context.user) } }, 201);
};

function userInfo({ name, uid, groups, extra }: User): object {
  return {
    username: name,
    ...(uid ? { uid } : {}),
    ...(groups.length > 0 ? { groups } : {}),
    ...(extra && Object.keys(extra).length > 0 ? { extra } : {}),
  };
}
