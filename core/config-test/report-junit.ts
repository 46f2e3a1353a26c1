import { describePlace } from './located.ts';
import { type FileResult, type Report } from './report.ts';
import { failuresOf } from './report-text.ts';
import type { CaseResult } from './run-suite.ts';

/** The report for CI servers: JUnit's XML, as the Jenkins and GitLab schemas have it. */
export function junit({ files, duration, coverage }: Report): string {
  const all = files.flatMap(({ cases }) => cases);
  const broken = files.filter(({ errors }) => errors.length > 0);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    open('testsuites', {
      name: 'sluice test',
      tests: all.length + broken.length,
      failures: count(all, 'failed'),
      errors: broken.length,
      skipped: count(all, 'skipped'),
      time: seconds(duration),
    }),
  ];
  for (const file of files) lines.push(...suite(file));
  if (coverage?.threshold !== undefined && coverage.percent < coverage.threshold) {
    lines.push(
      `  ${open('testsuite', { name: 'coverage', tests: 1, failures: 1, errors: 0, skipped: 0, time: '0' })}`,
      `    ${open('testcase', { name: `at least ${coverage.threshold} %`, classname: 'coverage', time: '0' })}`,
      `      <failure message="${attribute(`${coverage.percent} % covered, ${coverage.threshold} % asked for`)}"/>`,
      '    </testcase>',
      '  </testsuite>',
    );
  }
  return `${[...lines, '</testsuites>'].join('\n')}\n`;
}

function suite({ file, errors, cases, duration }: FileResult): string[] {
  const wrong = errors.length > 0 ? 1 : 0;
  const lines = [
    `  ${open('testsuite', {
      name: file,
      tests: cases.length + wrong,
      failures: count(cases, 'failed'),
      errors: wrong,
      skipped: count(cases, 'skipped'),
      time: seconds(duration),
    })}`,
  ];
  if (wrong > 0) {
    lines.push(
      `    ${open('testcase', { name: 'can be run', classname: file, time: '0' })}`,
      `      <error message="${attribute(errors[0]!.split('\n', 1)[0]!)}">${content(errors.join('\n'))}</error>`,
      '    </testcase>',
    );
  }
  for (const one of cases) lines.push(...testCase(one, file));
  return [...lines, '  </testsuite>'];
}

function testCase(one: CaseResult, file: string): string[] {
  const { line } = one.case.place;
  const attributes = {
    name: one.case.name,
    classname: file,
    file,
    ...(line === undefined ? {} : { line }),
    time: seconds(one.duration),
  };
  const inner: string[] = [];
  if (one.state === 'skipped') inner.push(`      <skipped message="${attribute(one.reason)}"/>`);
  for (const { misses, error, where, step } of failuresOf(one)) {
    const place = describePlace(misses[0]?.place ?? step?.place ?? one.case.place);
    const [first] = misses;
    const message =
      error?.split('\n', 1)[0] ?? `${first!.what}: expected ${first!.expected}, received ${first!.received}`;
    const details = [place, ...(error === undefined ? [] : [error])];
    for (const { what, expected, received } of misses)
      details.push(what, `- expected  ${expected}`, `+ received  ${received}`);
    inner.push(`      <failure message="${attribute(where + message)}">${content(details.join('\n'))}</failure>`);
  }
  for (const { what, values } of one.differences) {
    const told = values.map(([name, value]) => `${name}: ${value}`);
    inner.push(
      `      <failure message="${attribute(`${what} differs: ${told.join(', ')}`)}">${content(told.join('\n'))}</failure>`,
    );
  }
  if (inner.length === 0) return [`    ${open('testcase', attributes).slice(0, -1)}/>`];
  return [`    ${open('testcase', attributes)}`, ...inner, '    </testcase>'];
}

function open(name: string, attributes: Readonly<Record<string, string | number>>): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${attribute(String(value))}"`);
  return `<${name}${list.join('')}>`;
}

const count = (cases: readonly CaseResult[], state: CaseResult['state']): number =>
  cases.filter((one) => one.state === state).length;
const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);

/** Without the characters that XML 1.0 cannot hold. */
const content = (text: string): string =>
  text
    .replaceAll(/[^\t\n\r\u0020-\uFFFD]/g, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
const attribute = (text: string): string => content(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;');
