import { controllerNames } from '../controller-manager/controller-names.ts';
import { unknownControllers } from '../controller-manager/controller-selection.ts';

/** The entries of `--controllers=*,-deployment-controller`; throws the reason when one names no controller. */
export function parseControllerSelection(text: string): readonly string[] {
  const selection = text.split(',').filter((entry) => entry !== '');
  const [unknown] = unknownControllers(selection, controllerNames);
  if (unknown !== undefined) throw new Error(`"${unknown}" is not in the list of known controllers: ${controllerNames.join(', ')}`);
  return selection;
}
