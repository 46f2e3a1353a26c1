import type { Format, SectionKeyword, SectionReader, SectionScope } from 'sluice/plugin';

/** The steps that `on` may name; configuration.txt 8.3.5, and 4.4 `do-log` for those of rules. */
export const PROFILE_STEPS = [
  'accept',
  'request',
  'connect',
  'response',
  'close',
  'error',
  'any',
  'quic-init',
  'tcp-req-conn',
  'tcp-req-sess',
  'tcp-req-cont',
  'tcp-res-cont',
  'http-req',
  'http-res',
  'http-after-res',
] as const;
export type ProfileStep = (typeof PROFILE_STEPS)[number];

/** What a profile says about the lines of one step. */
export interface StepProfile {
  drop: boolean;
  format: Format | undefined;
  structuredData: Format | undefined;
}

/** A finished `log-profile` section. */
export interface LogProfile {
  readonly tag: string | undefined;
  readonly on: ReadonlyMap<ProfileStep, StepProfile>;
}

/** What holds for a step: its own entry, else that of `any`. */
export function profileAt({ on }: LogProfile, step: ProfileStep): StepProfile | undefined {
  return on.get(step) ?? on.get('any');
}

export const logProfile: SectionKeyword = {
  usage: 'log-profile <name>',
  summary: 'How the lines of a log directive are made, step by step.',
  named: true,
  open(_name, _words, scope: SectionScope): SectionReader {
    const on = new Map<ProfileStep, StepProfile>();
    let tag: string | undefined;
    return {
      directives: {
        'log-tag': (words) => void (tag = words.next('a tag for use in syslog')),
        on: (words) => {
          const step = words.oneOf('a logging step', PROFILE_STEPS);
          const entry = on.get(step) ?? { drop: false, format: undefined, structuredData: undefined };
          if (words.remaining === 0) words.fail(`'on ${step}' expects 'drop', 'format' or 'sd'`);
          while (words.remaining > 0) {
            const what = words.oneOf("'drop', 'format' or 'sd'", ['drop', 'format', 'sd']);
            if (what === 'drop') entry.drop = true;
            else {
              const format = scope.format(words.next('a log-format string'), words, ['log']);
              if (what === 'format') entry.format = format;
              else entry.structuredData = format;
            }
          }
          on.set(step, entry);
        },
      },
      close: (): LogProfile => ({ tag, on }),
    };
  },
};
