import {
  type AttachOrder,
  type AttachRefusal,
  type AttachReply,
  attachInterface,
} from "../../admin/attach.ts";
import { NOBODY } from "../../admin/caller.ts";
import { LIMITS } from "../../admin/limits.ts";
import { type ControlServer, serveInherited } from "../../admin/server.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import type { Log } from "../../base/log.ts";
import type { Attach } from "../../hypervisor/libvirt/attach.ts";
import type { PeerCredentials } from "../../os/peer-credentials.ts";
import { VERSION } from "../../version.ts";

/** The daemon needs one connection at a time, and a call is short. */
const ATTACH_LIMITS = { ...LIMITS, messageBytes: 16 * 1024, clients: 8, clientsPerUid: 8, callsPerTurn: 1 };

/** How often VMs may be changed: calls at once after a pause, and the time in ms that makes room for another. */
const CALLS = { burst: 20, eachMs: 500 } as const;

/** What {@link serveAttach} needs. */
export interface ServeAttachOptions {
  /** The listening socket. */
  readonly fd: number;
  /** The only user who is served. */
  readonly uid: number;
  readonly attach: Attach;
  readonly peerOf: (fd: number) => PeerCredentials | undefined;
  readonly log: Log;
  /** After so long without a call, in ms, it is done. */
  readonly idleMs: number;
  /** Called when it is idle. */
  readonly onIdle: () => void;
}

/**
 * Serves `io.vmpower.Attach`. Every call may come from a daemon that was taken over: it can name a VM and numbers of its
 * vCPUs, and nothing else.
 */
export function serveAttach(options: ServeAttachOptions): ControlServer {
  const { fd, uid, attach, peerOf, log, idleMs, onIdle } = options;
  const admits = callLimit();
  let idle: Timer | undefined;
  let underWay = 0;
  const wait = () => {
    clearTimeout(idle);
    // A server that was closed does not wait for it.
    idle = setTimeout(onIdle, idleMs).unref();
  };
  wait();

  async function order({ vm, channels, config }: AttachOrder): Promise<AttachReply | AttachRefusal> {
    if (!admits(performance.now()))
      return { error: "Refused", reason: "Too many VMs are being changed", remedy: "try again in a moment" };
    clearTimeout(idle);
    underWay++;
    const done = await attach(vm, { channels, config });
    if (--underWay === 0) wait();
    if (done.ok) {
      const { present, missing } = done.value;
      const where = config ? "running VM and definition" : "running VM";
      log.notice(`Attached channels ${formatCpuList(missing) || "none"} to ${vm} (${where})`, { VM: vm });
      return { present, attached: missing };
    }
    if (done.why.kind === "noDomain") return { error: "NoSuchVm" };
    return { error: "Refused", reason: done.why.reason, remedy: done.why.remedy };
  }

  return serveInherited(fd, [attachInterface(order)], {
    log,
    version: VERSION,
    limits: ATTACH_LIMITS,
    peerOf(socket) {
      const peer = peerOf(socket) ?? NOBODY;
      // Root and other users can do this with libvirt themselves, so nobody but the daemon is served.
      return { ...peer, looksOnly: peer.uid !== uid };
    },
  });
}

/** Makes a limit of calls. It is full again before the helper ends by being idle, so that ending resets nothing. */
function callLimit(): (nowMs: number) => boolean {
  let left: number = CALLS.burst;
  let filledMs = Number.NEGATIVE_INFINITY;
  return (nowMs) => {
    left = Math.min(CALLS.burst, left + (nowMs - filledMs) / CALLS.eachMs);
    filledMs = nowMs;
    if (left < 1) return false;
    left--;
    return true;
  };
}
