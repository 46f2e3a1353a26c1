import type { Backend, Server } from 'sluice/plugin';

/** Who keeps the servers of a {@link Group} in an order of its own. */
export interface Electors {
  joined(server: Server): void;
  left(server: Server): void;
  /** Its weight has changed while it was in the group. */
  reweighed?(server: Server): void;
}

/** What is known of one server of the backend. */
interface Member {
  readonly server: Server;
  /** Its place in the configuration. */
  readonly index: number;
  able: boolean;
  elected: boolean;
  /** In sixteenths, as it was told last. */
  weight: number;
}

/**
 * The servers to choose from: backups stand in, the first of them alone unless `option allbackups` says all, when no other
 * is usable. Told of one server's change it finds out who comes and who goes without looking at the others.
 */
export class Group {
  readonly #owner: Electors;
  readonly #allBackups: boolean;
  readonly #members = new Map<Server, Member>();
  readonly #backups: Member[] = [];
  /** How many that are no backups are able. */
  #active = 0;
  /** Places of members that were removed. */
  readonly #free: number[] = [];
  /** The one backup that stands in, where only one does. */
  #standIn: Member | undefined;

  constructor(backend: Backend, owner: Electors) {
    this.#owner = owner;
    this.#allBackups = backend.settings.options.get('allbackups') === true;
    for (const server of backend.servers) this.#add(server);
  }

  /** Tells the owner of those who are there from the beginning. */
  begin(): void {
    for (const { server } of this.#members.values()) this.changed(server);
  }

  indexOf(server: Server): number {
    return this.#members.get(server)!.index;
  }

  /** Its place is free for another. */
  removed(server: Server): void {
    const member = this.#members.get(server);
    if (member === undefined) return;
    this.#members.delete(server);
    if (server.backup) this.#backups.splice(this.#backups.indexOf(member), 1);
    this.#free.push(member.index);
  }

  #add(server: Server): Member {
    const index = this.#free.pop() ?? this.#members.size;
    const member = { server, index, able: false, elected: false, weight: 0 };
    this.#members.set(server, member);
    if (server.backup) this.#backups.push(member);
    return member;
  }

  changed(server: Server): void {
    const member = this.#members.get(server) ?? this.#add(server);
    const able = server.usable && server.fineWeight > 0;
    if (able === member.able) {
      if (member.elected && member.weight !== server.fineWeight) {
        member.weight = server.fineWeight;
        this.#owner.reweighed?.(server);
      }
      return;
    }
    member.able = able;
    if (server.backup) this.#backupChanged(member);
    else this.#activeChanged(member);
  }

  #activeChanged(member: Member): void {
    this.#active += member.able ? 1 : -1;
    if (member.able && this.#active === 1) this.#dismiss();
    this.#elect(member, member.able);
    if (this.#active === 0) this.#standInForAll();
  }

  #backupChanged(member: Member): void {
    if (this.#active > 0) return;
    if (this.#allBackups) this.#elect(member, member.able);
    else if (member.able) {
      if (this.#standIn === undefined || member.index < this.#standIn.index) this.#standInBy(member);
    } else if (member === this.#standIn) this.#standInBy(this.#backups.find(({ able }) => able));
  }

  #standInForAll(): void {
    if (!this.#allBackups) this.#standInBy(this.#backups.find(({ able }) => able));
    else for (const backup of this.#backups) if (backup.able) this.#elect(backup, true);
  }

  /** The backups have done their work. */
  #dismiss(): void {
    this.#standIn = undefined;
    for (const backup of this.#backups) if (backup.elected) this.#elect(backup, false);
  }

  #standInBy(member: Member | undefined): void {
    if (this.#standIn !== undefined) this.#elect(this.#standIn, false);
    this.#standIn = member;
    if (member !== undefined) this.#elect(member, true);
  }

  #elect(member: Member, elected: boolean): void {
    if (member.elected === elected) return;
    member.elected = elected;
    member.weight = member.server.fineWeight;
    if (elected) this.#owner.joined(member.server);
    else this.#owner.left(member.server);
  }
}

/** Whether the server may take one more at once. */
export function hasRoom(server: Server): boolean {
  const { limit } = server;
  return limit === 0 || server.active < limit;
}
