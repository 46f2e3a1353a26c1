/** What an agent has done since it was made; `connections` and `inFlight` are of now. */
export interface AgentCounters {
  connections: number;
  /** NOTIFY frames whose handlers have not all ended. */
  inFlight: number;
  accepted: number;
  /** Handshakes of a proxy that only looked whether the agent lives. */
  healthChecks: number;
  notifies: number;
  messages: number;
  acks: number;
  /** Handlers that threw, or whose promise was rejected. */
  handlerErrors: number;
  /** Messages for which there is no handler. */
  unhandled: number;
  /** NOTIFY frames whose proxy was gone before their ACK was sent. */
  abandoned: number;
  /** Connections that ended because a proxy sent what it may not. */
  protocolErrors: number;
}

export function newCounters(): AgentCounters {
  return {
    connections: 0,
    inFlight: 0,
    accepted: 0,
    healthChecks: 0,
    notifies: 0,
    messages: 0,
    acks: 0,
    handlerErrors: 0,
    unhandled: 0,
    abandoned: 0,
    protocolErrors: 0,
  };
}
