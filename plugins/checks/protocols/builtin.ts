import type { CheckCode, CheckKeyword, CheckResult, Scope, Words } from 'sluice/plugin';
import { play } from './dialogue.ts';
import { emptyResponse } from './expect-bytes.ts';
import { type Expectation, PLAIN, met } from './expectation.ts';
import type { ExpectStep, Scene, SendStep, Step } from './steps.ts';

/** A check whose script is known: its option reads the words and gives the steps. */
export function scripted(
  usage: string,
  summary: string,
  steps: (words: Words, scope: Scope) => readonly Step[],
): CheckKeyword {
  return {
    usage,
    summary,
    parse(words, scope) {
      const made = steps(words, scope);
      const { settings } = scope.global;
      return (server, attempt) => play({ steps: made, traced: false, settings }, server, attempt);
    },
  };
}

/** Refuses more words, as HAProxy does. */
export function noMore(words: Words): void {
  if (words.remaining > 0)
    words.fail(`'${words.keyword}' cannot handle unexpected argument '${words.next('nothing')}'.`);
}

export const send = (make: string | ((scene: Scene) => string)): SendStep => ({
  kind: 'send',
  make: typeof make === 'string' ? () => make : make,
});

/** A reader of one protocol's answer. `wait` at the end of the bytes is a failure without words. */
export function expectAnswer(
  read: (bytes: Buffer, scene: Scene) => 'wait' | 'passed' | CheckResult,
  incomplete: CheckResult,
  words?: string,
  expectation: Expectation = PLAIN,
): ExpectStep {
  return {
    kind: 'expect',
    label: 'expect custom',
    timeoutStatus: 'L7TOUT' satisfies CheckCode,
    succeed: (scene) => met(expectation, scene, words),
    evaluate(scene) {
      if (scene.bytes.length === 0) return scene.last ? emptyResponse(scene, 'L7RSP') : 'wait';
      const found = read(scene.bytes, scene);
      return found === 'wait' && scene.last ? incomplete : found;
    },
  };
}
