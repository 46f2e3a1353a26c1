/** The statuses HAProxy makes answers of its own for, and so those whose answer can be changed. configuration.txt 4.2. */
export const OWN_STATUSES: readonly number[] = [
  200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 421, 422, 425, 429, 431, 500, 501, 502, 503, 504,
];

export function isOwnStatus(status: number): boolean {
  return OWN_STATUSES.includes(status);
}
