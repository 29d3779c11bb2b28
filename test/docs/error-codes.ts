// What comes in: the sources of src/. What goes out: every code that a FleetTapError can have, and where each is written.
// Guaranteed: a code is followed with TypeScript's own checker from `new FleetTapError(kind, code, …)` back to the words: through constants,
// conditions, parameters (all calls of the function) and properties (all objects of that type, so tables too). What cannot be followed is an error.
import { readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';

export interface CodeUse {
  readonly code: string;
  /** `src/ssh/dialer.ts:119` */
  readonly at: string;
}

const project = resolve(import.meta.dirname, '..', '..');

class Codes {
  readonly uses: CodeUse[] = [];
  readonly #checker: ts.TypeChecker;
  readonly #calls = new Map<string, (ts.CallExpression | ts.NewExpression)[]>();
  readonly #properties = new Map<string, (ts.PropertyAssignment | ts.ShorthandPropertyAssignment)[]>();
  readonly #seen = new Set<ts.Node>();

  constructor(files: readonly string[]) {
    const { config } = ts.readConfigFile(join(project, 'tsconfig.json'), ts.sys.readFile) as { config: { compilerOptions: unknown } };
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, project);
    const program = ts.createProgram(files, options);
    this.#checker = program.getTypeChecker();
    for (const file of files) {
      const source = program.getSourceFile(file);
      if (source !== undefined) this.#index(source);
    }
  }

  /** Calls by the callee's last name, property assignments by their name: what is looked for backwards. */
  #index(node: ts.Node): void {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const callee = node.expression;
      const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : ts.isIdentifier(callee) ? callee.text : '';
      this.#calls.set(name, [...(this.#calls.get(name) ?? []), node]);
    }
    if ((ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) && ts.isIdentifier(node.name)) {
      this.#properties.set(node.name.text, [...(this.#properties.get(node.name.text) ?? []), node]);
    }
    ts.forEachChild(node, (child) => this.#index(child));
  }

  collect(): readonly CodeUse[] {
    for (const call of this.#calls.get('FleetTapError') ?? []) {
      const code = call.arguments?.[1];
      if (code !== undefined) this.#follow(code);
    }
    return this.uses;
  }

  #follow(node: ts.Expression): void {
    if (this.#seen.has(node)) return;
    this.#seen.add(node);
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) return this.#follow(node.expression);
    if (ts.isConditionalExpression(node)) return this.#followAll([node.whenTrue, node.whenFalse]);
    if (ts.isBinaryExpression(node) && ['??', '||'].includes(node.operatorToken.getText())) return this.#followAll([node.left, node.right]);
    const words = this.#wordsOf(this.#checker.getTypeAtLocation(node));
    if (words !== undefined) return this.#add(words, node);
    const symbol = this.#symbolOf(node);
    const declarations = symbol?.declarations ?? [];
    if (declarations.length === 0) throw unclear(node);
    for (const declaration of declarations) this.#followDeclaration(declaration, node);
  }

  #followAll(nodes: readonly ts.Expression[]): void {
    for (const node of nodes) this.#follow(node);
  }

  #add(codes: readonly string[], node: ts.Node): void {
    for (const code of codes) this.uses.push({ code, at: placeOf(node) });
  }

  #symbolOf(node: ts.Expression): ts.Symbol | undefined {
    const found = this.#checker.getSymbolAtLocation(ts.isPropertyAccessExpression(node) ? node.name : node);
    if (found !== undefined && (found.flags & ts.SymbolFlags.Alias) !== 0) return this.#checker.getAliasedSymbol(found);
    return found;
  }

  /** The string literals that a type consists of; undefined when it is wider. */
  #wordsOf(type: ts.Type): string[] | undefined {
    const parts = (type.isUnion() ? type.types : [type]).filter((part) => (part.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)) === 0);
    const words = parts.map((part) => (part.isStringLiteral() ? part.value : undefined));
    return words.length === 0 || words.includes(undefined) ? undefined : (words as string[]);
  }

  #followDeclaration(declaration: ts.Declaration, from: ts.Expression): void {
    if (ts.isVariableDeclaration(declaration) && declaration.initializer !== undefined) return this.#follow(declaration.initializer);
    if (ts.isPropertyAssignment(declaration)) return this.#follow(declaration.initializer);
    if (ts.isParameter(declaration)) return this.#followParameter(declaration, from);
    if (ts.isBindingElement(declaration)) {
      const name = (declaration.propertyName ?? declaration.name).getText();
      const property = this.#checker.getTypeAtLocation(declaration.parent).getProperty(name);
      for (const each of property?.declarations ?? []) this.#followDeclaration(each, from);
      if (property === undefined) throw unclear(from);
      return;
    }
    if (ts.isPropertySignature(declaration)) return this.#followProperty(declaration, from);
    // An error of ours that is passed on: its code was counted where it was made.
    if (ts.isPropertyDeclaration(declaration) && ts.isClassDeclaration(declaration.parent) && declaration.parent.name?.text === 'FleetTapError') return;
    throw unclear(from);
  }

  /** Every object of that type that is written down. */
  #followProperty(declaration: ts.PropertySignature, from: ts.Expression): void {
    if (this.#seen.has(declaration)) return;
    this.#seen.add(declaration);
    if (declaration.getSourceFile().fileName.includes('/node_modules/')) throw unclear(from);
    if (declaration.type !== undefined) {
      const words = this.#wordsOf(this.#checker.getTypeAtLocation(declaration.type));
      if (words !== undefined) return this.#add(words, declaration);
    }
    for (const assignment of this.#properties.get(declaration.name.getText()) ?? []) {
      const context = this.#checker.getContextualType(assignment.parent);
      const property = context && this.#checker.getNonNullableType(context).getProperty(assignment.name.getText());
      if (property?.declarations?.includes(declaration) !== true) continue;
      if (ts.isPropertyAssignment(assignment)) this.#follow(assignment.initializer);
      else for (const each of this.#checker.getShorthandAssignmentValueSymbol(assignment)?.declarations ?? []) this.#followDeclaration(each, assignment.name);
    }
  }

  /** The argument in every call of the function, and the default. */
  #followParameter(declaration: ts.ParameterDeclaration, from: ts.Expression): void {
    if (this.#seen.has(declaration)) return;
    this.#seen.add(declaration);
    if (declaration.initializer !== undefined) this.#follow(declaration.initializer);
    const { parent } = declaration;
    const position = parent.parameters.indexOf(declaration);
    const named = ts.isConstructorDeclaration(parent) ? parent.parent : ts.isArrowFunction(parent) || ts.isFunctionExpression(parent) ? parent.parent : parent;
    const name = (named as ts.NamedDeclaration).name?.getText();
    if (name === undefined) throw unclear(from);
    for (const call of this.#calls.get(name) ?? []) {
      const argument = call.arguments?.[position];
      if (argument !== undefined && this.#checker.getResolvedSignature(call)?.declaration === parent) this.#follow(argument);
    }
  }
}

function placeOf(node: ts.Node): string {
  const source = node.getSourceFile();
  return `${relative(project, source.fileName)}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}

function unclear(node: ts.Node): Error {
  return new Error(`${placeOf(node)}: the code of a FleetTapError cannot be followed from ${node.getText()}: write it as a string, a constant, a parameter or a property of a table`);
}

/** @throws Error with the place of a code that cannot be followed */
export function errorCodes(): readonly CodeUse[] {
  const files = readdirSync(join(project, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !file.startsWith('report/page/'));
  return new Codes(files.map((file) => join(project, 'src', file))).collect();
}
