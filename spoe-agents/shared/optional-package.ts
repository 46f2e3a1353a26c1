/** A package that the user has to have installed, for only one agent needs it. */
export class MissingPackage extends Error {}

/**
 * Loads an optional peer of this package.
 * @param load with the name written out, for bundlers and the type: `() => import('jose')`.
 * @throws MissingPackage that says what to install.
 */
export async function optionalPackage<T>(name: string, agent: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new MissingPackage(`the agent '${agent}' needs the package ${name}: npm install ${name}`, { cause: error });
  }
}
