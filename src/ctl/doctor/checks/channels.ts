import { refusedChannels, refusedFifos } from "../../trouble.ts";
import { advice, type Check, channelFormat, repair } from "../check.ts";
import { halves } from "../halves.ts";

/** The default channel directory. */
const DEFAULT_DIRECTORY = "/tmp/powermonitor";

const OTHERS_WRITE = 0o002;

/** Checks the channel directory, its sockets, and the VMs' definitions. */
export const CHANNEL_CHECKS: readonly Check[] = [
  {
    name: "channel directory",
    find({ files, daemon }) {
      const path = daemon?.status.channelDirectory ?? DEFAULT_DIRECTORY;
      const stat = files.stat(path);
      const create = "systemd-tmpfiles --create vm-power.conf";
      if (stat === undefined) return [repair(`There is no channel directory "${path}"`, create)];
      if (!stat.isDirectory()) return [repair(`"${path}" is not a directory`, `rm ${path} && ${create}`)];
      if ((stat.mode & OTHERS_WRITE) !== 0)
        return [
          repair(`Every user may create sockets in "${path}" and so pose as a VM`, `chmod o-w ${path}`),
        ];
      const problem = daemon?.status.directoryProblem;
      return problem === undefined ? [] : [repair(`"${path}": ${problem}`, create)];
    },
  },
  {
    name: "channels",
    find: ({ daemon }) =>
      daemon && refusedChannels(daemon.channels).map(({ what, remedy }) => repair(what, remedy)),
  },
  {
    name: "channels at the start",
    find({ daemon }) {
      if (daemon === undefined) return undefined;
      const problem = daemon.status.attachProblem;
      return problem === undefined ? [] : [repair(...halves(problem))];
    },
  },
  {
    name: "FIFOs",
    find({ daemon }) {
      if (daemon?.fifos === undefined) return daemon && [];
      if (daemon.fifos.length === 0)
        return [
          advice(
            `Fifos=yes, but there is no FIFO of a CPU in "${daemon.status.channelDirectory}"`,
            "make one for each CPU as vm-power.conf(5), FIFOS, says",
          ),
        ];
      return refusedFifos(daemon.fifos).map(({ what, remedy }) => repair(what, remedy));
    },
  },
  {
    name: "channel definitions",
    find: ({ daemon }) =>
      daemon?.vms.flatMap(({ name, state, added, vcpus, channels }) => {
        const missing = vcpus.filter(({ vcpu }) => !channels.some(({ number }) => number === vcpu));
        if (state === "absent" || !added || channels.length === 0 || missing.length === 0) return [];
        return [
          repair(
            `${name} has ${vcpus.length} vCPUs, but no channel for ${missing.length} of them`,
            `vmpowerctl channel-config ${name} --vcpus ${vcpus.length} ${channelFormat(daemon)}, then restart the VM`,
          ),
        ];
      }),
  },
];
