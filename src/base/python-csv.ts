// What comes in: a text of comma-separated values. What goes out: its rows, as Python's csv.reader with the dialect `excel` has them.
// A field in quotes may hold the delimiter, line breaks, and a quote that is written twice; spaces belong to fields; an empty line is a row without fields. Pure.

/** @param text its lines end in \n, as those of a file that Python has opened as text @param delimiter one character, not a quote, not a line break */
export function* csvRows(text: string, delimiter: string): Generator<string[]> {
  let row: string[] = [];
  let field = '';
  let state: 'begin' | 'plain' | 'quoted' | 'closed' = 'begin';
  let isEmpty = true;
  for (const char of text) {
    if (state === 'quoted') {
      if (char === '"') state = 'closed';
      else field += char;
    } else if (char === '"' && state !== 'plain') {
      // Twice: one that is meant.
      if (state === 'closed') field += char;
      state = 'quoted';
      isEmpty = false;
    } else if (char === '\n') {
      yield isEmpty ? [] : [...row, field];
      [row, field, state, isEmpty] = [[], '', 'begin', true];
    } else if (char === delimiter) {
      row.push(field);
      [field, state, isEmpty] = ['', 'begin', false];
    } else {
      field += char;
      [state, isEmpty] = ['plain', false];
    }
  }
  if (!isEmpty) yield [...row, field];
}
