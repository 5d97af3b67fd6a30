import type * as apps from '../../../../kube/api/generated/apps/v1.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import { ROOT_PATH } from '../validation/field-path.ts';
import { checkImmutable, checkNonNegative } from '../validation/values.ts';

const DATA = ROOT_PATH.child('data');

export const controllerRevisionStrategy = buildStrategy<apps.ControllerRevision>({
  namespaced: true,
  check({ revision, data }, errors) {
    checkNonNegative(revision, ROOT_PATH.child('revision'), errors);
    if (data === undefined || data === null) errors.required(DATA, 'data is mandatory');
    else if (typeof data !== 'object' || Array.isArray(data)) errors.required(DATA, 'data must be a valid JSON object');
  },
  checkUpdate(next, previous, errors) {
    checkNonNegative(next.revision, ROOT_PATH.child('revision'), errors);
    checkImmutable(next.data, previous.data, DATA, errors);
  },
  recheckOnUpdate: false,
});
