// Elements from data. Guaranteed: text is set as text, never read as HTML.
type Child = Node | string | undefined;

export function element<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Readonly<Record<string, string | undefined>> = {}, ...children: readonly Child[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

export function button(label: string, onClick: () => void, attributes: Readonly<Record<string, string | undefined>> = {}): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', onClick);
  return made;
}

export function section(title: string, hint: string, ...children: readonly Child[]): HTMLElement {
  const id = `s-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
  return element('section', { 'aria-labelledby': id }, element('h2', { id }, title), hint === '' ? undefined : element('p', { class: 'hint' }, hint), ...children);
}
