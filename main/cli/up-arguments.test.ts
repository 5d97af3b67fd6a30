import { expect, test } from 'vitest';
import { parseUpArguments } from './up-arguments.ts';
import { UsageError } from './usage-error.ts';

test('--controllers and --no-scheduler leave out what a learner wants to do by hand', () => {
  expect(parseUpArguments(['--controllers=*,-deployment-controller', '--no-scheduler'])).toMatchObject({ controllers: ['*', '-deployment-controller'], scheduler: false });
});

test('without them, every controller and the scheduler run', () => {
  const { controllers, scheduler } = parseUpArguments([]);
  expect({ controllers, scheduler }).toEqual({ controllers: undefined, scheduler: true });
});

test('an unknown controller is refused, with the names there are', () => {
  expect(() => parseUpArguments(['--controllers=*,-deployment'])).toThrow(UsageError);
  expect(() => parseUpArguments(['--controllers=*,-deployment'])).toThrow(/"deployment" is not in the list of known controllers: certificatesigningrequest-controller, /);
});
