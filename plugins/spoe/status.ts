/** What `option set-on-error` says below 256; SPOE.txt 2.2. */
export const FAILURE = {
  none: 0,
  timeout: 1,
  resources: 2,
  tooBig: 3,
  interrupted: 5,
  unknown: 255,
} as const;

/** From here on it is an error of the protocol, by its number in SPOE.txt 3.5. */
const SPOP = 256;
export const spopFailure = (status: number): number => SPOP + status;
