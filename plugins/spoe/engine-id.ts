/** Under this key the transaction of a lease has the engine's identifier. */
export const ENGINE_ID: unique symbol = Symbol('spoe: engine-id');
