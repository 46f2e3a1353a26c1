import type {
  Backend,
  CheckCode,
  CheckOutcome,
  CheckRecord,
  OperationalState,
  SavedState,
  Server,
} from 'sluice/plugin';

/** The numbers of `srv_check_status` (measured): the place in this list, where HAProxy has one. */
const CODES: readonly (CheckCode | undefined)[] = [
  'UNK',
  'INI',
  undefined,
  'CHECKED',
  'HANA',
  'SOCKERR',
  'L4OK',
  'L4TOUT',
  'L4CON',
  'L6OK',
  'L6TOUT',
  'L6RSP',
  'L7TOUT',
  'L7RSP',
  undefined,
  'L7OK',
  'L7OKC',
  'L7STS',
  'PROCERR',
  'PROCTOUT',
  'PROCOK',
];
const OUTCOMES: readonly (CheckOutcome | 'unknown')[] = ['unknown', 'neutral', 'failed', 'passed', 'conditional'];
const STATES: readonly OperationalState[] = ['stopped', 'starting', 'running', 'stopping'];
const CHECK = { running: 0x01, configured: 0x02, enabled: 0x04, paused: 0x08, agent: 0x10 } as const;

const FIELDS =
  'be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight ' +
  'srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state ' +
  'bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr ' +
  'srv_agent_port';

/** What `show servers state` prints of these backends; management.txt 9.3, format version 1. */
export function formatServerStates(backends: readonly Backend[]): string {
  const lines = backends.flatMap((backend) => backend.servers.map((server) => row(backend, server)));
  return `1\n# ${FIELDS}\n${lines.map((line) => `${line}\n`).join('')}`;
}

function row(backend: Backend, server: Server): string {
  const { state, address, config } = server;
  const { health, agent } = state;
  const unix = address.family === 'unix';
  const since = Math.max(0, Math.floor((backend.clock.now() - state.changedAt) / 1000));
  return [
    backend.id,
    backend.name,
    server.id,
    server.name,
    unix ? '-' : address.address,
    STATES.indexOf(state.operational),
    state.admin,
    state.userWeight,
    state.initialWeight,
    since,
    CODES.indexOf(health.code),
    OUTCOMES.indexOf(health.outcome),
    health.health,
    mask(health),
    agent.configured ? mask(agent) | CHECK.agent : 0,
    backend.forcedId ? 1 : 0,
    config.id === undefined ? 0 : 1,
    server.hostName ?? '-',
    unix ? 0 : address.port,
    '-',
    0,
    health.port ?? 0,
    health.address?.address ?? '-',
    agent.address?.address ?? health.address?.address ?? '-',
    // `port` is for both; `agent-port` wins.
    agent.port ?? health.port ?? 0,
  ].join(' ');
}

function mask(check: CheckRecord): number {
  return (
    (check.running ? CHECK.running : 0) |
    (check.configured ? CHECK.configured : 0) |
    (check.configured && check.enabled ? CHECK.enabled : 0) |
    (check.paused ? CHECK.paused : 0)
  );
}

/** One server's line of a state file. */
export interface SavedServer extends SavedState {
  readonly backend: string;
  readonly server: string;
  readonly serverId: number;
}

/** What is wrong with a file or a line of it; the rest is used. */
export interface Complaint {
  readonly line: number;
  readonly problem: string;
}

/** Reads a state file, HAProxy's own or ours. */
export function parseServerStates(text: string): { servers: SavedServer[]; complaints: Complaint[] } {
  const servers: SavedServer[] = [];
  const complaints: Complaint[] = [];
  const lines = text.split('\n');
  const version = lines[0]?.trim() ?? '';
  if (version !== '1') {
    const problem = version === '' ? 'the file is empty' : `the version of its format, '${version}', is not 1`;
    return { servers, complaints: [{ line: 1, problem }] };
  }
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === '' || line.startsWith('#')) continue;
    const saved = readRow(line.trim().split(/ +/));
    if (typeof saved === 'string') complaints.push({ line: index + 1, problem: saved });
    else servers.push(saved);
  }
  return { servers, complaints };
}

function readRow(fields: readonly string[]): SavedServer | string {
  // Lines of old versions end early.
  if (fields.length < 15) return `it has ${fields.length} fields, and at least 15 are expected`;
  const names = FIELDS.split(' ');
  const value = (name: string): string => fields[names.indexOf(name)] ?? '-';
  const title = `server-state application failed for server '${value('be_name')}/${value('srv_name')}'`;
  const numbers = new Map<string, number>();
  const number = (name: string, most: number): string | undefined => {
    const text = value(name);
    const found = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(found <= most)) return `${title}, invalid ${name} value '${text}'`;
    numbers.set(name, found);
    return undefined;
  };
  const limits: readonly (readonly [string, number])[] = [
    ['srv_id', 0x7fffffff],
    ['srv_op_state', 3],
    ['srv_admin_state', 0x7f],
    ['srv_uweight', 256],
    ['srv_iweight', 256],
    ['srv_time_since_last_change', 0xffffffff],
    ['srv_check_status', CODES.length - 1],
    ['srv_check_result', OUTCOMES.length - 1],
    ['srv_check_health', 0x7fffffff],
    ['srv_check_state', 0xff],
    ['srv_agent_state', 0xff],
  ];
  for (const [name, most] of limits) {
    const problem = number(name, most);
    if (problem !== undefined) return problem;
  }
  const admin = numbers.get('srv_admin_state')!;
  // Maintenance and drain at once are what no server is told to be (measured).
  if ((admin & 0x27) !== 0 && (admin & 0x18) !== 0) return `${title}, invalid srv_admin_state value '${admin}'`;
  const port = Number(value('srv_port'));
  const check = numbers.get('srv_check_state')!;
  const agent = numbers.get('srv_agent_state')!;
  return {
    backend: value('be_name'),
    server: value('srv_name'),
    serverId: numbers.get('srv_id')!,
    operational: STATES[numbers.get('srv_op_state')!]!,
    admin,
    userWeight: numbers.get('srv_uweight')!,
    initialWeight: numbers.get('srv_iweight')!,
    sinceMs: numbers.get('srv_time_since_last_change')! * 1000,
    code: CODES[numbers.get('srv_check_status')!] ?? 'UNK',
    outcome: OUTCOMES[numbers.get('srv_check_result')!]!,
    health: numbers.get('srv_check_health')!,
    checkEnabled: (check & CHECK.configured) === 0 || (check & CHECK.enabled) !== 0,
    agentEnabled: (agent & CHECK.configured) === 0 || (agent & CHECK.enabled) !== 0,
    port: Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined,
  };
}
