// What an expression may cost: 100 ms, 10 MB. Each of these would take a controller down without a limit; time is this process's own, not the clock's, and is
// measured against this machine's: work is counted in steps, and one machine takes four times as long for them as another.
import { expect, test } from 'vitest';
import { FleetTapError } from '../../src/base/errors.js';
import { Undefined } from '../../src/playbook/expression/undefined.js';
import { compileText, renderVariable, type TemplateValue } from '../../src/playbook/template.js';
import { TemplateSource } from '../../src/playbook/template-source.js';

const DOUBLING: Readonly<Record<string, TemplateValue>> = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`v${index}`, compileText(TemplateSource.fromUser(`{{ v${index + 1} }}{{ v${index + 1} }}`, 'test'))]));
const names = {
  get: (name: string): unknown => (Object.hasOwn(DOUBLING, name) ? renderVariable(DOUBLING[name], names) : name === 'v40' ? 'x' : name === 'text' ? `${'a'.repeat(5000)}!` : new Undefined(`'${name}'`)),
};

function outcome(template: string): { readonly code: string; readonly cpuMs: number; readonly usedMb: number } {
  const [startedAt, before] = [process.cpuUsage(), process.memoryUsage().heapUsed];
  let code = 'none';
  try {
    renderVariable(compileText(TemplateSource.fromUser(template, 'test')), names);
  } catch (error) {
    if (!(error instanceof FleetTapError)) throw error;
    ({ code } = error);
  }
  const { user, system } = process.cpuUsage(startedAt);
  return { code, cpuMs: (user + system) / 1000, usedMb: (process.memoryUsage().heapUsed - before) / 1e6 };
}

outcome("{{ 'warm' | regex_replace('(w+)*x', '') }}");
/** What the steps of a whole expression cost here when each does little. A regular expression has a clock instead, of 100 ms. */
const budgetMs = Math.max(100, outcome('{% for a in range(10000) %}{% for b in range(10000) %}{{ a }}{% endfor %}{% endfor %}').cpuMs);

test.each([
  "{{ 'x' * 10**9 }}", "{{ 'x' * 10**6 * 10**6 }}", '{{ [0] * 10**9 }}', '{{ range(10**9) }}', '{{ range(10**9) | list | length }}', '{{ 10 ** (10 ** 9) }}', '{{ (9**9999)**9999 }}', "{{ '%1000000000d' % 1 }}", "{{ '{:1000000000}'.format(1) }}",
  "{{ 'a'.center(10**9) }}", "{{ 'a' | center(10**9) }}", "{{ 'a'.zfill(10**9) }}", "{{ 'a\\nb' | indent(10**9) }}", '{{ range(2000) | product(range(2000)) | list }}', '{{ range(40) | combinations(20) | list | length }}', '{{ range(12) | permutations | list | length }}',
  "{{ 'abc' | replace('', 'x' * 10**6) | replace('', 'y' * 10**6) }}", '{% for a in range(10000) %}{% for b in range(10000) %}{{ a }}{% endfor %}{% endfor %}', '{{ range(100000) | map("string") | map("length") | map("string") | map("length") | map("string") | map("length") | sum }}',
  '{{ v0 }}', '{% set x = namespace(t="x") %}{% for i in range(60) %}{% set x.t = x.t ~ x.t %}{% endfor %}{{ x.t }}', '{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}', '{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}', '{% set l = [] %}{% for i in range(10**6) %}{% set _ = l.append(l) %}{% endfor %}',
  "{{ text | regex_replace('(a+)+$', '') }}", "{{ text is match('(a|a)*$') }}", "{{ text | regex_search('(a*)*b') }}", "{{ text | regex_findall('(.*)(.*)(.*)(.*)x') }}", '{{ "1" * 9000000 | int }}',
])('stopped: %s', (template) => {
  const found = outcome(template);
  expect(['expression-limit', 'expression-failed']).toContain(found.code);
  // A few times as much: some steps cost more, and garbage of earlier cases is collected in this time, too.
  expect(found.cpuMs).toBeLessThan(4 * budgetMs);
  expect(found.usedMb).toBeLessThan(60);
});

test.each([
  "{{ range(1000) | map('string') | join(',') | length }}", '{% for a in range(2000) %}{{ a }}: {{ a * 2 }} {{ "x" if a is odd else "y" }}\n{% endfor %}', "{{ text | regex_replace('a', 'b') | length }}", "{{ ('x' * 100000) | length }}", "{{ text | regex_findall('[a-z]+!') }}",
])('not stopped: %s', (template) => expect(outcome(template).code).toBe('none'));
