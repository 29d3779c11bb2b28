// A table that is sorted by a click on a column's name, and shows more rows on demand.
import { button, element } from './dom.js';

export interface Column<T> {
  readonly title: string;
  /** What it is sorted by; numbers from large to small first. */
  readonly value: (row: T) => number | string;
  readonly show?: (row: T) => Node | string;
  /** Shown as a tip, for example the raw address. */
  readonly tip?: (row: T) => string | undefined;
}

/** By a table's caption: the column that the reader has sorted it by. It stays when the selection changes, and the table is made anew. */
const sortings = new Map<string, { readonly title: string; readonly descending: boolean }>();
const FIRST_ROWS = 15;
const MORE_ROWS = 100;

export function table<T>(caption: string, columns: readonly Column<T>[], rows: readonly T[], emptyText: string): HTMLElement {
  if (rows.length === 0) return element('p', { class: 'empty' }, emptyText);
  let sorted = [...rows];
  let shown = FIRST_ROWS;
  const isNumber = (column: Column<T>): boolean => typeof column.value(rows[0] as T) === 'number';
  const body = element('tbody');
  const more = button('', () => {
    shown += MORE_ROWS;
    fill();
  });
  const heads = columns.map((column) => {
    const head = element('th', { scope: 'col' }, button(column.title, () => {
      const before = sortings.get(caption);
      sortings.set(caption, { title: column.title, descending: before?.title === column.title ? !before.descending : isNumber(column) });
      sort();
      fill();
    }));
    if (isNumber(column)) head.className = 'number';
    return head;
  });
  const sort = (): void => {
    const by = sortings.get(caption);
    const column = columns.find(({ title }) => title === by?.title);
    if (by === undefined || column === undefined) return;
    const sign = by.descending ? -1 : 1;
    sorted = [...rows].sort((a, b) => {
      const [left, right] = [column.value(a), column.value(b)];
      return sign * (typeof left === 'number' && typeof right === 'number' ? left - right : String(left).localeCompare(String(right), 'en', { numeric: true }));
    });
    heads.forEach((head, index) => void head.setAttribute('aria-sort', columns[index] !== column ? 'none' : sign < 0 ? 'descending' : 'ascending'));
  };
  const fill = (): void => {
    body.replaceChildren(
      ...sorted.slice(0, shown).map((row) =>
        element('tr', {}, ...columns.map((column) => {
          const cell = element('td', { title: column.tip?.(row), class: typeof column.value(row) === 'number' ? 'number' : undefined });
          cell.append(column.show?.(row) ?? String(column.value(row)));
          return cell;
        })),
      ),
    );
    const rest = sorted.length - shown;
    more.hidden = rest <= 0;
    more.textContent = rest <= MORE_ROWS ? `${rest} more` : `${MORE_ROWS} more of ${rest}`;
  };
  sort();
  fill();
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption }, element('table', {}, element('caption', { class: 'unseen' }, caption), element('thead', {}, element('tr', {}, ...heads)), body), more);
}
