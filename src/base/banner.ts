// `PLAY [all] ****`: Ansible's headings where there is no terminal (utils/display.py): 79 columns, at least three stars.

const COLUMNS = 79;
/** East Asian characters and emoji take two columns. */
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

/** No newline before or behind. */
export function banner(text: string): string {
  const width = [...text].reduce((sum, char) => sum + (WIDE.test(char) ? 2 : 1), 0);
  return `${text} ${'*'.repeat(Math.max(3, COLUMNS - width))}`;
}
