import { expect, test } from 'vitest';
import { controllerNames } from './controller-names.ts';
import { isControllerEnabled, unknownControllers } from './controller-selection.ts';

const cases = [
  { name: 'a star runs every controller', selection: ['*'], runs: true },
  { name: 'a name runs that controller alone', selection: ['deployment-controller'], runs: true },
  { name: 'a minus before the name leaves it out', selection: ['*', '-deployment-controller'], runs: false },
  { name: 'the first entry about a controller decides', selection: ['-deployment-controller', 'deployment-controller', '*'], runs: false },
  { name: 'without a star, what is not named does not run', selection: ['job-controller'], runs: false },
  { name: 'leaving out another one alone runs nothing', selection: ['-job-controller'], runs: false },
];

test.each(cases)('$name', ({ selection, runs }) => {
  expect(isControllerEnabled('deployment-controller', selection)).toBe(runs);
});

test('names that no controller has are found, with and without a minus', () => {
  expect(unknownControllers(['*', '-deployment-controller', 'none', '-nothing'], controllerNames)).toEqual(['none', 'nothing']);
});
