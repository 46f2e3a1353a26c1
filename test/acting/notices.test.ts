import { expect, test } from 'vitest';
import { createProxy, type Diagnostic } from '../../core/index.ts';

test('options without effect say so', async () => {
  const diagnostics: Diagnostic[] = [];
  const silent = [
    'contstats',
    'disable-h2-upgrade',
    'http-no-delay',
    'nolinger',
    'socket-stats',
    'splice-auto',
    'splice-request',
    'splice-response',
    'tcp-smart-accept',
    'tcp-smart-connect',
  ];
  const text = `defaults
  mode http
  timeout client 1s
  timeout server 1s
  timeout connect 1s
listen l
  bind 127.0.0.1:0
${silent.map((name) => `  option ${name}`).join('\n')}
`;
  await createProxy({
    config: { name: 'test.cfg', text },
    on: { diagnostics: (list) => diagnostics.push(...list) },
  });
  const notices = diagnostics.filter(({ severity }) => severity === 'notice').map(({ message }) => message);
  for (const name of silent)
    expect(notices).toContainEqual(expect.stringContaining(`'option ${name}' has no effect: `));
});
