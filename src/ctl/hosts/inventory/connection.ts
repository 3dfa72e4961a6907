import { isHost } from "../ssh.ts";
import { faultAt, type Place } from "./place.ts";

/** How a host is reached, as far as an inventory says. */
export interface Connection {
  readonly address?: string;
  readonly user?: string;
  readonly port?: number;
}

/** The variables that are used, by their names now and before Ansible 2.0. */
const FIELDS: Readonly<Record<string, keyof Connection>> = {
  ansible_host: "address",
  ansible_ssh_host: "address",
  ansible_user: "user",
  ansible_ssh_user: "user",
  ansible_port: "port",
  ansible_ssh_port: "port",
};

/** Reads a variable of a host or a group. Of variables that are not about the connection it returns nothing. */
export function readVariable(name: string, value: string, place: Place): Connection {
  const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  if (field === undefined) return {};
  if (value.includes("{{"))
    throw faultAt(place, `${name} is a template, which only Ansible can evaluate: write the value itself`);
  switch (field) {
    case "address":
      if (!isHost(value))
        throw faultAt(place, `${name} is "${value}", which is not a host like web1 or 192.0.2.1`);
      return { address: value };
    case "user":
      if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(value))
        throw faultAt(place, `${name} is "${value}", which is not a user like root`);
      return { user: value };
    case "port":
      if (!/^\d{1,5}$/.test(value) || Number(value) < 1 || Number(value) > 65_535)
        throw faultAt(place, `${name} is "${value}", which is not a port from 1 to 65535`);
      return { port: Number(value) };
  }
}
