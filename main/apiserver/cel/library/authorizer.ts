import { isDns1123Label, isDns1123Subdomain } from '../../../../kube/apimachinery/name-validation.ts';
import { serviceAccountUser, type User } from '../../authentication/user.ts';
import type { Authorizer, Decision } from '../../authorization/authorizer.ts';
import { declare, type FunctionDeclaration, method } from '../declarations.ts';
import { CelEvaluationError, Suspension } from '../runtime/evaluation-error.ts';
import { CelObject } from '../runtime/values.ts';
import { BOOL, type CelType, STRING, structType } from '../types.ts';

interface Question {
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly path?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

interface Answer {
  readonly decision?: Decision;
  readonly error?: string;
}

interface Asker {
  readonly authorizer: Authorizer;
  readonly user: User;
  /** What was asked in this request, so that nothing is asked twice. */
  readonly answers: Map<string, Answer>;
}

const PREFIX = 'kubernetes.authorization.';
export const AUTHORIZER_TYPE = structType(`${PREFIX}Authorizer`);
const PATH_TYPE = structType(`${PREFIX}PathCheck`);
const GROUP_TYPE = structType(`${PREFIX}GroupCheck`);
export const RESOURCE_TYPE = structType(`${PREFIX}ResourceCheck`);
const DECISION_TYPE = structType(`${PREFIX}Decision`);
export const AUTHORIZER_TYPES: readonly CelType[] = [AUTHORIZER_TYPE, PATH_TYPE, GROUP_TYPE, RESOURCE_TYPE, DECISION_TYPE];

abstract class Identified extends CelObject {
  equals(other: this): boolean {
    return other === this;
  }
}

/** What `authorizer` is in an expression: asks on behalf of one user. */
export class CelAuthorizer extends Identified {
  readonly asker: Asker;

  constructor({ authorizer, user, answers = new Map<string, Answer>() }: { readonly authorizer: Authorizer; readonly user: User; readonly answers?: Map<string, Answer> }) {
    super();
    this.asker = { authorizer, user, answers };
  }

  get type(): CelType {
    return AUTHORIZER_TYPE;
  }

  /** `authorizer.requestResource` */
  forRequest(question: Question): CelObject {
    return new CelCheck(this.asker, question, RESOURCE_TYPE);
  }
}

class CelCheck extends Identified {
  readonly asker: Asker;
  readonly question: Question;
  readonly type: CelType;

  constructor(asker: Asker, question: Question, type: CelType) {
    super();
    this.asker = asker;
    this.question = question;
    this.type = type;
  }
}

class CelDecision extends Identified {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super();
    this.answer = answer;
  }

  get type(): CelType {
    return DECISION_TYPE;
  }
}

/** Upstream: apiserver/pkg/cel/library/authz.go. */
export function authorizerFunctions(): readonly FunctionDeclaration[] {
  const refine = (name: string, id: string, field: keyof Question): FunctionDeclaration => declare(name, method(id, [RESOURCE_TYPE, STRING], RESOURCE_TYPE,
    ({ asker, question }: CelCheck, value: string) => new CelCheck(asker, { ...question, [field]: value }, RESOURCE_TYPE)));
  return [
    declare('path', method('authorizer_path', [AUTHORIZER_TYPE, STRING], PATH_TYPE, ({ asker }: CelAuthorizer, path: string) => new CelCheck(asker, { path: nonEmpty(path, 'path') }, PATH_TYPE))),
    declare('group', method('authorizer_group', [AUTHORIZER_TYPE, STRING], GROUP_TYPE, ({ asker }: CelAuthorizer, group: string) => new CelCheck(asker, { group }, GROUP_TYPE))),
    declare('serviceAccount', method('authorizer_serviceaccount', [AUTHORIZER_TYPE, STRING, STRING], AUTHORIZER_TYPE, asServiceAccount)),
    declare('resource', method('groupcheck_resource', [GROUP_TYPE, STRING], RESOURCE_TYPE, ({ asker, question }: CelCheck, resource: string) => new CelCheck(asker, { ...question, resource: nonEmpty(resource, 'resource') }, RESOURCE_TYPE))),
    refine('subresource', 'resourcecheck_subresource', 'subresource'),
    refine('namespace', 'resourcecheck_namespace', 'namespace'),
    refine('name', 'resourcecheck_name', 'name'),
    refine('fieldSelector', 'authorizer_fieldselector', 'fieldSelector'),
    refine('labelSelector', 'authorizer_labelselector', 'labelSelector'),
    declare('check', method('pathcheck_check', [PATH_TYPE, STRING], DECISION_TYPE, ask), method('resourcecheck_check', [RESOURCE_TYPE, STRING], DECISION_TYPE, ask)),
    declare('allowed', method('decision_allowed', [DECISION_TYPE], BOOL, ({ answer }: CelDecision) => answer.decision?.decision === 'allow')),
    declare('reason', method('decision_reason', [DECISION_TYPE], STRING, ({ answer }: CelDecision) => answer.decision?.reason ?? '')),
    declare('errored', method('decision_errored', [DECISION_TYPE], BOOL, ({ answer }: CelDecision) => answer.error !== undefined)),
    declare('error', method('decision_error', [DECISION_TYPE], STRING, ({ answer }: CelDecision) => answer.error ?? '')),
  ];
}

function nonEmpty(value: string, name: string): string {
  if (value.trim() === '') throw new CelEvaluationError(`${name} must not be empty`);
  return value;
}

function asServiceAccount({ asker }: CelAuthorizer, namespace: string, name: string): CelAuthorizer {
  if (isDns1123Subdomain(name).length > 0) throw new CelEvaluationError('Invalid service account name');
  if (isDns1123Label(namespace).length > 0) throw new CelEvaluationError('Invalid service account namespace');
  return new CelAuthorizer({ ...asker, user: serviceAccountUser(namespace, name) });
}

function ask({ asker: { authorizer, user, answers }, question }: CelCheck, verb: string): CelDecision {
  const key = JSON.stringify([user.name, verb, question]);
  const known = answers.get(key);
  if (known) return new CelDecision(known);
  const { group = '', resource = '', subresource = '', namespace = '', name = '', path = '', fieldSelector, labelSelector } = question;
  const pending = authorizer.authorize({
    user, verb, isResourceRequest: path === '', path, apiGroup: group, apiVersion: '*', resource, subresource, namespace, name, ...(fieldSelector ? { fieldSelector } : {}), ...(labelSelector ? { labelSelector } : {}),
  });
  const keep = (answer: Answer): CelDecision => {
    answers.set(key, answer);
    return new CelDecision(answer);
  };
  if (!(pending instanceof Promise)) return keep({ decision: pending });
  throw new Suspension(pending.then((decision) => keep({ decision }), (error: unknown) => keep({ error: error instanceof Error ? error.message : String(error) })));
}
