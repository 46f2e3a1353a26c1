import { type Endpoint, type Transaction, type Value, endpointAddress } from 'sluice/plugin';

/** One end of a connection. */
export type End = (transaction: Transaction) => Endpoint | undefined;

export const address =
  (end: End) =>
  (transaction: Transaction): Value | undefined => {
    const endpoint = end(transaction);
    return endpoint && endpointAddress(endpoint);
  };

export const port =
  (end: End) =>
  (transaction: Transaction): Value | undefined => {
    const endpoint = end(transaction);
    return endpoint && endpoint.family !== 'unix' ? endpoint.port : undefined;
  };
