// tsc does not set the executable bit of the command it emits.
import { chmodSync } from 'node:fs';

chmodSync(new URL('../dist/core/cli/main.js', import.meta.url), 0o755);
