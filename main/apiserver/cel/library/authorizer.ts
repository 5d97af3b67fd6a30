import type { Environment } from '@marcbachmann/cel-js';
import { serviceAccountUser, type User } from '../../authentication/user.ts';
import type { Authorizer, Decision } from '../../authorization/authorizer.ts';

interface Question {
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly path?: string;
}

/** What `authorizer` is in an expression: asks on behalf of one user. */
export class CelAuthorizer {
  readonly authorizer: Authorizer;
  readonly user: User;
  readonly requestResource: CelResourceCheck;

  constructor(options: { readonly authorizer: Authorizer; readonly user: User; readonly request: Question }) {
    this.authorizer = options.authorizer;
    this.user = options.user;
    this.requestResource = new CelResourceCheck(options, options.request);
  }
}

type Asker = Pick<CelAuthorizer, 'authorizer' | 'user'>;

class CelCheck {
  readonly asker: Asker;
  readonly question: Question;

  constructor(asker: Asker, question: Question) {
    this.asker = asker;
    this.question = question;
  }
}
class CelPathCheck extends CelCheck {}
class CelGroupCheck extends CelCheck {}
class CelResourceCheck extends CelCheck {}

class CelDecision {
  readonly decision: Decision | undefined;
  readonly error: string;

  constructor(decision: Decision | undefined, error = '') {
    this.decision = decision;
    this.error = error;
  }
}

const PREFIX = 'kubernetes.authorization.';
const AUTHORIZER = `${PREFIX}Authorizer`;
const PATH = `${PREFIX}PathCheck`;
const GROUP = `${PREFIX}GroupCheck`;
const RESOURCE = `${PREFIX}ResourceCheck`;
const DECISION = `${PREFIX}Decision`;

/** Upstream: apiserver/pkg/cel/library/authz.go; label and field selectors are not looked at. */
export function registerAuthorizer(environment: Environment): void {
  const on = (signature: string, handler: (...values: never[]) => unknown): void => {
    environment.registerFunction(signature, handler, { async: false });
  };
  environment.registerType(PATH, CelPathCheck).registerType(GROUP, CelGroupCheck).registerType(RESOURCE, CelResourceCheck).registerType(DECISION, CelDecision);
  environment.registerType(AUTHORIZER, { ctor: CelAuthorizer, fields: { requestResource: RESOURCE } });
  on(`${AUTHORIZER}.path(string): ${PATH}`, (asker: CelAuthorizer, path: string) => new CelPathCheck(asker, { path }));
  on(`${AUTHORIZER}.group(string): ${GROUP}`, (asker: CelAuthorizer, group: string) => new CelGroupCheck(asker, { group }));
  on(`${AUTHORIZER}.serviceAccount(string, string): ${AUTHORIZER}`, ({ authorizer, requestResource }: CelAuthorizer, namespace: string, name: string) =>
    new CelAuthorizer({ authorizer, user: serviceAccountUser(namespace, name), request: requestResource.question }));
  on(`${GROUP}.resource(string): ${RESOURCE}`, ({ asker, question }: CelGroupCheck, resource: string) => new CelResourceCheck(asker, { ...question, resource }));
  for (const field of ['subresource', 'namespace', 'name'] as const) {
    on(`${RESOURCE}.${field}(string): ${RESOURCE}`, ({ asker, question }: CelResourceCheck, value: string) => new CelResourceCheck(asker, { ...question, [field]: value }));
  }
  environment.registerFunction(`${RESOURCE}.check(string): ${DECISION}`, ask, { async: true });
  environment.registerFunction(`${PATH}.check(string): ${DECISION}`, ask, { async: true });
  on(`${DECISION}.allowed(): bool`, ({ decision }: CelDecision) => decision?.decision === 'allow');
  on(`${DECISION}.reason(): string`, ({ decision }: CelDecision) => decision?.reason ?? '');
  on(`${DECISION}.errored(): bool`, ({ error }: CelDecision) => error !== '');
  on(`${DECISION}.error(): string`, ({ error }: CelDecision) => error);
}

async function ask({ asker: { authorizer, user }, question }: CelCheck, verb: string): Promise<CelDecision> {
  const { group = '', resource = '', subresource = '', namespace = '', name = '', path = '' } = question;
  try {
    return new CelDecision(await authorizer.authorize({ user, verb, isResourceRequest: path === '', path, apiGroup: group, apiVersion: '*', resource, subresource, namespace, name }));
  } catch (error) {
    return new CelDecision(undefined, error instanceof Error ? error.message : String(error));
  }
}
