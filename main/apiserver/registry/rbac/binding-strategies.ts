import type * as rbac from '../../../../kube/api/generated/rbac/v1.ts';
import { isDns1123Subdomain, isValidPathSegmentName } from '../../../../kube/apimachinery/name-validation.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { ROOT_PATH, type FieldPath } from '../validation/field-path.ts';
import { isEmpty } from '../validation/values.ts';

const GROUP = 'rbac.authorization.k8s.io';
const SUBJECT_KINDS = ['ServiceAccount', 'User', 'Group'];
const ROLE_REF = ROOT_PATH.child('roleRef');
type Binding = rbac.RoleBinding | rbac.ClusterRoleBinding;

export const roleBindingStrategy = buildStrategy<rbac.RoleBinding>({
  namespaced: true,
  allowCreateOnUpdate: true,
  defaults: setDefaults,
  check: (binding, errors) => check(binding, errors, { namespaced: true, kinds: ['Role', 'ClusterRole'] }),
  checkUpdate: checkSameRole,
  recheckOnUpdate: 'first',
});
export const clusterRoleBindingStrategy = buildStrategy<rbac.ClusterRoleBinding>({
  namespaced: false,
  allowCreateOnUpdate: true,
  defaults: setDefaults,
  check: (binding, errors) => check(binding, errors, { namespaced: false, kinds: ['ClusterRole'] }),
  checkUpdate: checkSameRole,
  recheckOnUpdate: 'first',
});

function setDefaults(binding: Binding): void {
  if (binding.roleRef !== undefined) binding.roleRef.apiGroup ||= GROUP;
  for (const subject of binding.subjects ?? []) {
    if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = GROUP;
  }
}

function check(binding: Binding, errors: FieldErrors, { namespaced, kinds }: { readonly namespaced: boolean; readonly kinds: readonly string[] }): void {
  const { apiGroup = '', kind = '', name = '' } = binding.roleRef ?? {};
  if (apiGroup !== GROUP) errors.notSupported(ROLE_REF.child('apiGroup'), apiGroup, [GROUP]);
  if (!kinds.includes(kind)) errors.notSupported(ROLE_REF.child('kind'), kind, kinds);
  if (name === '') errors.required(ROLE_REF.child('name'));
  else errors.invalidEach(ROLE_REF.child('name'), name, isValidPathSegmentName(name));
  for (const [index, subject] of (binding.subjects ?? []).entries()) {
    checkSubject(subject, ROOT_PATH.child('subjects').index(index), errors, namespaced);
  }
}

function checkSubject({ name = '', kind = '', apiGroup = '', namespace }: rbac.Subject, path: FieldPath, errors: FieldErrors, namespaced: boolean): void {
  if (name === '') errors.required(path.child('name'));
  if (kind === 'ServiceAccount') {
    if (name !== '') errors.invalidEach(path.child('name'), name, isDns1123Subdomain(name));
    if (apiGroup !== '') errors.notSupported(path.child('apiGroup'), apiGroup, ['']);
    if (!namespaced && isEmpty(namespace)) errors.required(path.child('namespace'));
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== GROUP) errors.notSupported(path.child('apiGroup'), apiGroup, [GROUP]);
  } else {
    errors.notSupported(path.child('kind'), kind, SUBJECT_KINDS);
  }
}

function checkSameRole(next: Binding, previous: Binding, errors: FieldErrors): void {
  const { apiGroup, kind, name } = next.roleRef;
  const before = previous.roleRef;
  if (apiGroup === before.apiGroup && kind === before.kind && name === before.name) return;
  errors.invalid(ROLE_REF, { APIGroup: apiGroup, Kind: kind, Name: name }, 'cannot change roleRef');
}
