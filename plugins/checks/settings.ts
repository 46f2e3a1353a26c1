import type { Endpoint, Extension } from 'sluice/plugin';

export type InitState = 'none' | 'fully-up' | 'up' | 'down' | 'fully-down';
export type OnError = 'fastinter' | 'fail-check' | 'sudden-death' | 'mark-down';

/** What the words of a `server` line say about its checks. Times are milliseconds; 0 means that `inter` counts. */
export interface ServerChecks {
  check: boolean;
  inter: number;
  fastinter: number;
  downinter: number;
  rise: number;
  fall: number;
  address: Endpoint | undefined;
  /** Undefined: the server's own. */
  port: number | undefined;
  sendProxy: boolean;
  proto: 'h1' | 'none' | undefined;
  agent: boolean;
  agentInter: number;
  agentAddress: string | undefined;
  agentPort: number | undefined;
  agentSend: string;
  observe: 'none' | 'layer4' | 'layer7';
  onError: OnError;
  errorLimit: number;
  initState: InitState;
  track: string | undefined;
}

export const CHECKS: Extension<ServerChecks> = {
  name: 'checks/server',
  create: () => ({
    check: false,
    inter: 2000,
    fastinter: 0,
    downinter: 0,
    rise: 2,
    fall: 3,
    address: undefined,
    port: undefined,
    sendProxy: false,
    proto: undefined,
    agent: false,
    agentInter: 2000,
    agentAddress: undefined,
    agentPort: undefined,
    agentSend: '',
    observe: 'none',
    onError: 'fail-check',
    errorLimit: 10,
    initState: 'none',
    track: undefined,
  }),
  inherit: (from) => ({ ...from }),
};
