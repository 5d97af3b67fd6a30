import { type LabelRequirements, type Labels, matchesLabels } from '../../../kube/apimachinery/label-selector.ts';
import type { FieldRequirement } from '../../../kube/apimachinery/field-selector.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { CachedObject } from './cached-object.ts';
import type { Selection } from './object-storage.ts';

/** Tells whether an object that has the right key also has the right labels and fields. */
export class SelectionMatcher<T extends KubernetesObject> {
  readonly #labels: LabelRequirements;
  readonly #fields: readonly FieldRequirement[];
  /** Of sets looked at before: many objects share theirs. */
  readonly #known = new WeakMap<Labels, boolean>();
  /** The last one of them: neighbours mostly share theirs. */
  #lastLabels: Labels | undefined;
  #lastMatches = false;

  constructor(selection: Selection) {
    this.#labels = selection.labels ?? [];
    this.#fields = selection.fields ?? [];
  }

  /** Nothing but the key counts. */
  get matchesAll(): boolean {
    return this.#labels.length === 0 && this.#fields.length === 0;
  }

  get predicate(): (object: CachedObject<T>) => boolean {
    return this.matchesAll ? () => true : (object) => this.matches(object);
  }

  matches(object: CachedObject<T>): boolean {
    for (const { field, operator, value } of this.#fields) {
      if ((object.field(field) === value) !== (operator === '=')) return false;
    }
    return this.#labels.length === 0 || this.#matchesLabels(object.attributes.labels ?? noLabels);
  }

  #matchesLabels(labels: Labels): boolean {
    if (labels === this.#lastLabels) return this.#lastMatches;
    let matches = this.#known.get(labels);
    if (matches === undefined) this.#known.set(labels, (matches = matchesLabels(this.#labels, labels)));
    this.#lastLabels = labels;
    return (this.#lastMatches = matches);
  }

  /** The one value that the field must have; undefined when it may have several. */
  exactField(name: string): string | undefined {
    return this.#fields.find(({ field, operator }) => field === name && operator === '=')?.value;
  }
}

const noLabels: Labels = {};
