import { describe, expect, it } from 'vitest';
import { fieldInvalid, fieldNotSupported, fieldRequired, fieldTooLong, fieldTooMany, formatFieldError } from './field-error.ts';
import { isConflict, isNotFound, statusOf } from './status.ts';
import { newConflict, newForbidden, newInvalid, newNotFound, newUnauthorized, OPTIMISTIC_LOCK_MESSAGE } from './status-errors.ts';

describe('status errors', () => {
  it('has the wire form of upstream', () => {
    const error = newNotFound({ group: 'apps', resource: 'deployments' }, 'web');
    expect(JSON.stringify(error.status)).toBe(
      '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"deployments.apps \\"web\\" not found","reason":"NotFound","details":{"name":"web","group":"apps","kind":"deployments"},"code":404}',
    );
    expect(isNotFound(error)).toBe(true);
    expect(isConflict(error)).toBe(false);
  });

  it('leaves details out where upstream has none', () => {
    expect(newUnauthorized('Unauthorized').status).not.toHaveProperty('details');
  });

  it('lists causes and aggregates the message', () => {
    const one = newInvalid({ group: '', kind: 'Pod' }, 'p', [fieldRequired('spec.containers')]);
    expect(one.message).toBe('Pod "p" is invalid: spec.containers: Required value');
    const two = newInvalid({ group: 'apps', kind: 'Deployment' }, 'd', [fieldRequired('a'), fieldInvalid('', 3, 'no')]);
    expect(two.message).toBe('Deployment.apps "d" is invalid: [a: Required value, <nil>: Invalid value: 3: no]');
    expect(two.status.details?.causes).toEqual([
      { reason: 'FieldValueRequired', message: 'Required value', field: 'a' },
      { reason: 'FieldValueInvalid', message: 'Invalid value: 3: no', field: '<nil>' },
    ]);
  });

  it('words a conflict and a refusal as upstream', () => {
    const pods = { group: '', resource: 'pods' };
    expect(newConflict(pods, 'p', OPTIMISTIC_LOCK_MESSAGE).message).toBe(
      'Operation cannot be fulfilled on pods "p": the object has been modified; please apply your changes to the latest version and try again',
    );
    expect(newForbidden(pods, '', 'no').message).toBe('pods is forbidden: no');
  });

  it('turns any other error into an internal one', () => {
    expect(statusOf(new Error('boom')).message).toBe('Internal error occurred: boom');
  });
});

describe('field errors', () => {
  it.each([
    [fieldNotSupported('a', 'x', ['a', 'b']), 'a: Unsupported value: "x": supported values: "a", "b"'],
    [fieldTooLong('a', 253), 'a: Too long: may not be more than 253 bytes'],
    [fieldTooMany('a', 3, 1), 'a: Too many: 3: must have at most 1 item'],
    [fieldInvalid('a', null, 'x'), 'a: Invalid value: null: x'],
    [fieldInvalid('a', { b: '<' }, 'x'), 'a: Invalid value: {"b":"\\u003c"}: x'],
    [fieldInvalid('a', 'q"\n', 'x'), 'a: Invalid value: "q\\"\\n": x'],
  ])('%#', (error, text) => {
    expect(formatFieldError(error)).toBe(text);
  });
});
