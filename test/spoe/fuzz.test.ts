import { expect, test } from 'vitest';
import { until } from '../support/wait.ts';
import { EngineProxy } from './engine-proxy.ts';
import { answer } from './hostile.ts';
import { ScriptedAgent } from './scripted-agent.ts';

/** Numbers that are the same in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('whatever bytes an agent sends, requests are answered and nothing stays behind', async () => {
  const next = numbers(7);
  const below = (limit: number): number => Math.floor(next() * limit);
  const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256)));
  let wild = true;
  const agent = await ScriptedAgent.start({
    hello: (talk) => {
      if (!wild || next() < 0.7) talk.greet();
      else talk.frame(Buffer.concat([Buffer.of(101, 0, 0, 0, 1, 0, 0), noise(below(60))]));
    },
    notify: (talk, seen) => {
      if (!wild) return answer(talk, seen);
      const kind = below(6);
      if (kind === 0) talk.socket.write(noise(below(200)));
      else if (kind === 1) talk.frame(noise(7 + below(100)));
      else if (kind === 2) talk.ackRaw(seen, [...noise(below(40))]);
      else if (kind === 3) talk.ackRaw(seen, [1, 3, below(6), 1, 118, below(16), ...noise(below(20))]);
      else if (kind === 4) talk.frame(noise(below(30)), below(100));
      else answer(talk, seen);
      return undefined;
    },
  });
  const proxy = await EngineProxy.start({
    processing: '30ms',
    backend: `retries 0\n  server a 127.0.0.1:${agent.port}`,
  });
  try {
    for (let round = 0; round < 30; round++) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => proxy.get()));
      for (const one of answers) expect(one.slice(0, 3)).toBe('200');
    }
    wild = false;
    await until('all to be well again', async () => (await proxy.get()) === '200|x-e: err= v=7|');
    expect(proxy.proxy.stats()).toMatchObject({ activeServerStreams: 0, queued: 0 });
    expect(proxy.errors).toEqual([]);
  } finally {
    await proxy.stop();
    await until('connections to be closed', () => agent.open === 0);
    await agent.stop();
  }
});
