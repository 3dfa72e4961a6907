import { failure, type Result, success } from "../../base/result.ts";
import { readOwnFile } from "../../os/own-file.ts";

/** A file has the number of a process, and perhaps a line break. */
const BYTES_MAX = 16;

/** The highest number of a process in Linux. */
const PID_MAX = 4_194_304;

/** The files in which libvirt keeps the numbers of its QEMU processes, one for each running domain. */
export class PidFiles {
  readonly #directory: string | undefined;

  /** Without a directory there are none: only QEMU's domains are processes. */
  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /** Reads the process of a domain, or says why it cannot be told; undefined if libvirt keeps none. */
  read(domain: string): Result<number> | undefined {
    if (this.#directory === undefined) return undefined;
    if (domain.includes("/")) return failure("the name of the domain is no name of a file");
    const path = `${this.#directory}/${domain}.pid`;
    const text = readOwnFile(path, BYTES_MAX);
    if (!text.ok) return failure(`"${path}" cannot be used (${text.why})`);
    if (text.value === undefined) return failure(`there is no "${path}"`);
    const pid = /^[1-9]\d{0,6}\n?$/.test(text.value) ? Number(text.value) : 0;
    return pid > 0 && pid <= PID_MAX ? success(pid) : failure(`"${path}" has no number of a process`);
  }

  /** What an operator should know of a domain whose process could not be told; undefined if it can be now. */
  note(domain: string | undefined): string | undefined {
    const pid = domain === undefined ? undefined : this.read(domain);
    if (pid === undefined || pid.ok) return undefined;
    return `Any process of QEMU's user can pass for ${domain}, because ${pid.why}: ls -l ${this.#directory}`;
  }
}
