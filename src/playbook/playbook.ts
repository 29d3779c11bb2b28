// A playbook as it was loaded: everything checked that can be checked without a host.
import type { Place } from '../base/errors.js';
import type { AnyModule } from '../modules/module.js';
import type { Condition } from './condition.js';
import type { Template, TemplateValue } from './template.js';

export interface Playbook {
  readonly file: string;
  readonly plays: readonly Play[];
}

/** Variables by name, as written; a string may be a template. */
export type WrittenVars = Readonly<Record<string, TemplateValue>>;

export interface Play {
  readonly name: string;
  /** A host pattern; may be a template over extra variables. */
  readonly hosts: string | Template;
  readonly become: boolean | undefined;
  readonly gatherFacts: boolean;
  readonly anyErrorsFatal: boolean;
  readonly vars: WrittenVars;
  readonly tasks: readonly Step[];
  readonly handlers: readonly Task[];
  readonly place: Place;
}

export type Step = Task | Block;

interface Inherited {
  readonly when: readonly Condition[];
  readonly vars: WrittenVars;
  readonly become: boolean | undefined;
  readonly ignoreErrors: boolean | Template | undefined;
  readonly checkMode: boolean | undefined;
  readonly noLog: boolean | undefined;
  readonly place: Place;
}

export interface Block extends Inherited {
  readonly kind: 'block';
  readonly tasks: readonly Step[];
  readonly rescue: readonly Step[];
  readonly always: readonly Step[];
}

export interface Task extends Inherited {
  readonly kind: 'task';
  readonly name: string | Template;
  readonly module: AnyModule;
  readonly args: Readonly<Record<string, Argument>>;
  readonly register: string | undefined;
  readonly loop: TemplateValue | undefined;
  readonly loopVar: string;
  readonly changedWhen: readonly Condition[] | undefined;
  readonly failedWhen: readonly Condition[] | undefined;
  readonly until: readonly Condition[] | undefined;
  readonly retries: number;
  readonly delaySec: number;
  readonly notify: readonly string[];
  /** Handlers only: other names under which they are notified. */
  readonly listen: readonly string[];
}

/** The value of a parameter: data with templates in it, or expressions. */
export type Argument =
  | { readonly kind: 'value'; readonly value: TemplateValue; readonly place: Place; readonly sourceLine: string | undefined }
  | { readonly kind: 'conditions'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'expression'; readonly expression: Condition };
