/** A version as numbers that compare one by one: major, minor, patch, stage, number within the stage, commits since. */
type Version = readonly number[];

const SHAPE = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-(dev|pre|rc)(\d+)?)?(?:-(\d+))?/;
const STAGES: Readonly<Record<string, number>> = { dev: 0, pre: 1, rc: 2 };
const RELEASE = 3;

/** Missing components count as zero, and so does what is no version at all. configuration.txt 2.4. */
function parseVersion(text: string): Version {
  const [, major, minor, patch, stage, number, commits] = SHAPE.exec(text) ?? [];
  const level = stage === undefined ? RELEASE : STAGES[stage]!;
  return [major, minor, patch, level, number, commits].map((part) => Number(part ?? 0));
}

/** Below 0 when `a` is older than `b`, 0 when they are the same. A development version is older than its release. */
export function compareVersions(a: string, b: string): number {
  const other = parseVersion(b);
  for (const [index, part] of parseVersion(a).entries()) {
    const difference = part - other[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
