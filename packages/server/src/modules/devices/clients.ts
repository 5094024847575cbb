import type { Jid } from "@rookery/protocol";
import type { Device } from "../../accounts/accounts.ts";
import type { Host } from "../../host.ts";
import { deviceOf } from "../../sessions/device.ts";
import type { Session } from "../../sessions/session.ts";

/** A client that is connected, or that may log in without the password, or both. */
export interface Client {
  /** Names it in a form: that of a device, or of a session that has none. */
  readonly key: string;
  /** Absent for one that has to know the password. */
  readonly device: Device | undefined;
  /** Those that are connected, or may come back (XEP-0198 §5). */
  readonly sessions: readonly Session[];
}

/** The clients of an account: those that are connected first. */
export async function clientsOf(host: Host, account: Jid): Promise<readonly Client[]> {
  const devices = await host.devices.list(account);
  const known = new Set(devices.map(({ id }) => id));
  const byDevice = new Map<string, Session[]>();
  const clients: Client[] = [];
  for (const session of host.sessions.of(account)) {
    const id = session.get(deviceOf);
    if (id !== undefined && known.has(id)) {
      byDevice.set(id, [...(byDevice.get(id) ?? []), session]);
    } else {
      const key = `session:${session.jid.resource}`;
      clients.push({ key, device: undefined, sessions: [session] });
    }
  }
  for (const device of devices) {
    const sessions = byDevice.get(device.id) ?? [];
    clients.push({ key: `device:${device.id}`, device, sessions });
  }
  return clients.toSorted((a, b) => b.sessions.length - a.sessions.length);
}

/** What its owner is told of a client. */
export function labelOf({ device, sessions }: Client, own: Session | undefined): string {
  const title = [device?.software, device?.device].filter(Boolean).join(" on ");
  const resources = sessions.map(({ jid, since }) => `${jid.resource} since ${timeText(since)}`);
  return [
    ...(title === "" ? [] : [title]),
    resources.length > 0 ? `connected as ${resources.join(", ")}` : "not connected",
    ...(device ? [`last login ${timeText(device.used)}`] : []),
    ...(device ? [`needs the password from ${timeText(device.expires)}`] : []),
    ...(own && sessions.includes(own) ? ["this is the client that you use now"] : []),
  ].join("; ");
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
