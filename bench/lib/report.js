// Outcomes as Markdown.

/** @typedef {import('./contest.js').Outcome} Outcome */
/** @typedef {import('./contest.js').Sample} Sample */
/** @typedef {import('./idle.js').IdleOutcome} IdleOutcome */

const MIB = 1024 * 1024;
const REFERENCE = 'haproxy';

/**
 * @param {readonly number[]} values at least one
 * @returns {number}
 */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/**
 * @param {Outcome} outcome
 * @returns {string}
 */
export function loadTable(outcome) {
  const { scenario, samples } = outcome;
  const rows = [
    ['proxy', 'requests/s', 'CPU µs/request', '× HAProxy', 'p50 ms', 'p99 ms', 'resident MiB', 'core busy', 'errors'],
  ];
  for (const [id, list] of samples) {
    const of = (/** @type {keyof Sample} */ key) => median(list.map((sample) => sample[key]));
    rows.push([
      id,
      of('requestsPerSecond').toFixed(0),
      of('cpuMicros').toFixed(of('cpuMicros') < 100 ? 2 : 0),
      ratio(samples, id),
      of('p50').toFixed(2),
      of('p99').toFixed(2),
      (of('memory') / MIB).toFixed(0),
      percent(of('busy')),
      String(list.reduce((sum, sample) => sum + sample.errors, 0)),
    ]);
  }
  return `### ${scenario.title} (\`${scenario.id}\`, ${scenario.connections} connections)\n\n${table(rows)}${absences(outcome)}`;
}

/**
 * @param {IdleOutcome} outcome
 * @param {number} wanted connections
 */
export function idleTable(outcome, wanted) {
  const rows = [
    ['proxy', 'open', 'resident MiB', 'before', 'KiB/connection', '× HAProxy', 'idle CPU', 'CPU µs/connection opened'],
  ];
  const reference = outcome.samples.get(REFERENCE)?.memory;
  for (const [id, sample] of outcome.samples) {
    rows.push([
      id,
      String(sample.connections),
      (sample.memory / MIB).toFixed(0),
      (sample.memoryBefore / MIB).toFixed(0),
      ((sample.memory - sample.memoryBefore) / 1024 / wanted).toFixed(1),
      reference === undefined ? '' : (sample.memory / reference).toFixed(2),
      percent(sample.idleCpu, 2),
      sample.cpuMicros.toFixed(0),
    ]);
  }
  return `### ${outcome.scenario.title} (\`${outcome.scenario.id}\`, ${wanted} connections)\n\n${table(rows)}${absences(outcome)}`;
}

/**
 * CPU per request as a multiple of HAProxy's, all scenarios at a glance.
 *
 * @param {readonly Outcome[]} outcomes
 */
export function summaryTable(outcomes) {
  const ids = [...new Set(outcomes.flatMap((outcome) => [...outcome.samples.keys()]))];
  const rows = [['scenario', ...ids]];
  for (const { scenario, samples } of outcomes) {
    rows.push([`\`${scenario.id}\``, ...ids.map((id) => (samples.has(id) ? ratio(samples, id) : '–'))]);
  }
  return `### CPU per request, × HAProxy\n\n${table(rows)}`;
}

/**
 * @param {Map<string, Sample[]>} samples
 * @param {string} id
 */
function ratio(samples, id) {
  const own = samples.get(id);
  const reference = samples.get(REFERENCE);
  if (own === undefined || reference === undefined) return '';
  return (median(own.map((s) => s.cpuMicros)) / median(reference.map((s) => s.cpuMicros))).toFixed(2);
}

/**
 * @param {number} share
 * @param {number} [digits]
 */
function percent(share, digits = 0) {
  return `${(share * 100).toFixed(digits)} %`;
}

/** @param {Outcome | IdleOutcome} outcome */
function absences({ absent, failed }) {
  let text = '';
  for (const [id, why] of absent) text += `\n- ${id} ${failed.includes(id) ? '**failed**' : 'left out'}: ${why}`;
  return text === '' ? '' : `${text}\n`;
}

/**
 * Columns padded, so that the terminal can be read as well.
 *
 * @param {readonly (readonly string[])[]} rows the first is the head
 */
function table(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    return `| ${cells.join(' | ')} |`;
  });
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  lines.splice(1, 0, `| ${rule.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}
