import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldHosts, unfold } from '../../src/inventory/fold.js';

// Right: what `nodeset -f` prints.
test.each([
  ['', ''],
  ['web1', 'web1'],
  ['web1 web2 web3', 'web[1-3]'],
  ['web3 web1', 'web[1,3]'],
  ['web09 web10 web11', 'web[09-11]'],
  ['web8 web9 web10', 'web[8-10]'],
  ['web1 web01', 'web[1,01]'],
  ['web099 web100', 'web[099-100]'],
  ['web2 db1 web1', 'db1,web[1-2]'],
  ['a1-ib0 a1-ib1 a2-ib0 a2-ib1', 'a[1-2]-ib[0-1]'],
  ['web1.x web2.x', 'web[1-2].x'],
  ['10.0.0.1 10.0.0.2', '10.0.0.[1-2]'],
  ['web1 web1', 'web1'],
  ['localhost', 'localhost'],
])('%s', (names, folded) => expect(foldHosts(names.split(' ').filter((name) => name !== ''))).toBe(folded));

test('unfolding gives back what was folded', () => {
  const name = fc.stringMatching(/^[a-z]{1,2}[0-9]{1,3}(-[a-z][0-9]{1,2})?$/);
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 40 }), (names) => {
      const words = foldHosts(names).match(/(?:[^,[\]]|\[[^\]]*\])+/g) ?? [];
      expect(words.flatMap((word) => unfold(word) ?? []).sort()).toEqual([...names].sort());
    }),
  );
});
