// Mappings of Python's as objects: an object's keys are texts, and digits among them stand in front whatever their place. Where that loses something, the object also
// holds its entries as they were: numbers, true, none as keys, in their order. Whoever knows nothing of it sees the texts, as JSON has them.

const ENTRIES = Symbol('entries');

type Entry = readonly [unknown, unknown];

/** @param entries of which the object is made @returns the object */
export function keepEntries<T extends object>(object: T, entries: readonly Entry[]): T {
  if (entries.some(([key]) => typeof key !== 'string' || /^\d+$/.test(key))) Object.defineProperty(object, ENTRIES, { value: entries });
  return object;
}

/** The entries that an object holds; undefined where its own say the same. */
export function keptEntries(object: object): readonly Entry[] | undefined {
  return (object as { readonly [ENTRIES]?: readonly Entry[] })[ENTRIES];
}

export function entriesOf(object: object): readonly Entry[] {
  return keptEntries(object) ?? Object.entries(object);
}
