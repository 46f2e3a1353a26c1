import { ADMIN, type SavedState } from '../api/index.ts';
import type { UpstreamServer } from './server.ts';
import { aftermath, changeWords, serverTitle } from './state-messages.ts';

/** Gives a server the state that a file has of it, as HAProxy does (measured); configuration.txt 4.2, load-server-state-from-file. */
export function restoreState(server: UpstreamServer, saved: SavedState): void {
  const { state, config, portOffset } = server;
  const { health, agent } = state;
  if (saved.initialWeight === state.initialWeight) state.userWeight = saved.userWeight;
  health.code = saved.code;
  health.outcome = saved.outcome;
  if (!saved.checkEnabled) health.enabled = false;
  if (!saved.agentEnabled) agent.enabled = false;
  if (saved.port !== undefined && saved.port !== server.address.port && portOffset === undefined) {
    server.move(server.address, saved.port, 'state file');
  }
  restoreOperational(server, saved);
  state.changedAt = server.backend.clock.now() - saved.sinceMs;
  const forced = (saved.admin & ADMIN.forcedMaintenance) !== 0;
  // What the last configuration had disabled is for this one to say.
  if (forced && (config.disabled || (saved.admin & ADMIN.configuredMaintenance) === 0)) {
    state.admin |= ADMIN.forcedMaintenance;
    state.operational = 'stopped';
    health.paused = true;
    health.health = 0;
  } else if ((saved.admin & ADMIN.forcedDrain) !== 0) {
    state.admin |= ADMIN.forcedDrain;
    say(server, 'remains in forced drain mode.');
  }
  state.changed();
}

function restoreOperational(server: UpstreamServer, { operational, sinceMs }: SavedState): void {
  const { state } = server;
  const { health } = state;
  if (operational === 'stopped') health.health = 0;
  else if (operational === 'running') health.health = health.configured ? health.best : health.health;
  else health.health = operational === 'stopping' ? health.rise : health.rise - 1;
  if (state.maintenance) return;
  state.operational = operational;
  if (operational === 'starting') {
    if (server.config.slowstart > 0) state.slowStart.begin(server.backend.clock.now() - sinceMs);
    else state.operational = 'running';
  }
  if (operational === 'stopped') state.timesDown++;
  state.changed();
  if (operational !== 'stopped' && operational !== 'stopping') return;
  say(server, `${changeWords(operational)}, changed from server-state after a reload.${aftermath(server, 0)}`);
}

/** The loggers are not there yet. */
function say(server: UpstreamServer, change: string): void {
  server.backend.runtime.generation.say('warning', `config : ${serverTitle(server)} ${change}`);
}
