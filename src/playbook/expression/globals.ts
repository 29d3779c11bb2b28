// What comes in: the name of a function that Jinja or Ansible has everywhere. What goes out: that function.
// Guaranteed: sizes are looked at before anything is made. Not here: lookups (lookups.ts).
import { allocate, spend } from './budget.js';
import { DateTime } from '../../base/datetime.js';
import { FilterError } from './filter-error.js';
import { isInteger, makeDict, Range, typeName } from './kinds.js';
import { lookup } from './lookups.js';
import { pairsOf } from './methods-dict.js';
import { Callable, type CallArguments, Namespace } from './objects.js';
import type { PluginContext } from './plugin.js';
import { bind } from './signature.js';
import { strftime } from './strftime.js';
import { Undefined } from './undefined.js';
import { isTrue, toText } from './values.js';

function range({ positional, named }: CallArguments): Range {
  bind([], { positional: [], named });
  if (positional.length === 0 || positional.length > 3) throw new FilterError('takes one to three whole numbers');
  const numbers = positional.map((value) => {
    if (!isInteger(value)) throw new FilterError(`takes whole numbers, not ${typeName(value)}`);
    return Number(value);
  });
  const [start = 0, end = 0, step = 1] = numbers.length === 1 ? [0, numbers[0]] : numbers;
  if (step === 0) throw new FilterError('cannot have steps of 0');
  const length = Math.max(0, Math.ceil((end - start) / step));
  allocate(length * 8);
  spend(length / 8);
  return Range.make(start, end, step);
}

function dict({ positional, named }: CallArguments): unknown {
  if (positional.length > 1) throw new FilterError(`takes one mapping or list of pairs, not ${positional.length}`);
  return makeDict([...(positional.length === 0 ? [] : pairsOf(positional[0])), ...Object.entries(named)]);
}

function cycler({ positional }: CallArguments): Namespace {
  if (positional.length === 0) throw new FilterError('takes at least one value');
  let at = 0;
  const object = new Namespace();
  const current = (): unknown => positional[at % positional.length];
  const update = (): void => {
    object.values.set('current', current());
  };
  object.values.set('next', new Callable('next', () => {
    const value = current();
    at += 1;
    update();
    return value;
  }));
  object.values.set('reset', new Callable('reset', () => {
    at = 0;
    update();
    return null;
  }));
  update();
  return object;
}

function joiner(args: CallArguments): Callable {
  const { sep = ', ' } = bind(['sep'], args);
  let isFirst = true;
  return new Callable('joiner', () => {
    const text = isFirst ? '' : toText(sep);
    isFirst = false;
    return text;
  });
}

function now(args: CallArguments): unknown {
  const { utc = false, fmt } = bind(['utc', 'fmt'], args);
  const moment = new Date();
  const date = isTrue(utc) ? new DateTime(Math.floor(moment.getTime() / 1000) * 1000, moment.getMilliseconds() * 1000) : DateTime.local(moment);
  return fmt === undefined || fmt === null ? date : strftime(toText(fmt), date);
}

const plain: Readonly<Record<string, (args: CallArguments, context: PluginContext) => unknown>> = {
  range,
  dict,
  cycler,
  joiner,
  now,
  namespace: ({ positional, named }) => new Namespace([...(positional.length === 0 ? [] : pairsOf(positional[0]).map(([key, value]) => [toText(key), value] as const)), ...Object.entries(named)]),
  undef: (args) => new Undefined(toText(bind(['hint'], args).hint ?? 'a value that must be given')),
  lookup: (args, context) => lookup(args, context, false),
  query: (args, context) => lookup(args, context, true),
  q: (args, context) => lookup(args, context, true),
};

export const globals: ReadonlyMap<string, (context: PluginContext) => Callable> = new Map(
  Object.entries(plain).map(([name, call]) => [name, (context: PluginContext) => new Callable(name, (args) => call(args, context))] as const),
);
