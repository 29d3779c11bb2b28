// JUnit's XML as CI servers read it (the schema of Jenkins' xunit plugin): one suite of cases.
// Guaranteed: well-formed XML 1.0, whatever the texts hold.
export interface JUnitCase {
  readonly className: string;
  readonly name: string;
  readonly seconds: number;
  /** One sentence; undefined: it passed. */
  readonly failure?: { readonly message: string; readonly text: string } | undefined;
  readonly skipped?: string | undefined;
}

export function junitXml(suite: string, cases: readonly JUnitCase[]): string {
  const failures = cases.filter(({ failure }) => failure !== undefined).length;
  const skipped = cases.filter((one) => one.skipped !== undefined).length;
  const seconds = cases.reduce((sum, one) => sum + one.seconds, 0).toFixed(3);
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}" time="${seconds}"`;
  const lines = cases.map(({ className, name, seconds: took, failure, skipped: why }) => {
    const start = `    <testcase classname="${escaped(className)}" name="${escaped(name)}" time="${took.toFixed(3)}"`;
    if (failure !== undefined) return `${start}>\n      <failure message="${escaped(failure.message)}">${escaped(failure.text)}</failure>\n    </testcase>`;
    return why === undefined ? `${start}/>` : `${start}>\n      <skipped message="${escaped(why)}"/>\n    </testcase>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts}>\n  <testsuite name="${escaped(suite)}" ${counts}>\n${lines.join('\n')}\n  </testsuite>\n</testsuites>\n`;
}

/** What XML 1.0 cannot hold at all becomes U+FFFD. */
function escaped(text: string): string {
  const legal = text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
  return legal.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;').replaceAll('\r', '&#13;');
}
