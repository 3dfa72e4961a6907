import { DOMAIN_CHANNELS_MAX, type DomainThread, type Vcpu } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import { channelNumber } from "../port-name.ts";
import { ContractXml } from "./contract-xml.ts";
import { ThreadPins } from "./thread-pins.ts";
import { readXml } from "./xml.ts";

/** The most vCPUs of a domain: the limit of QEMU's largest machine. Their CPU maps fit into one reply. */
const VCPUS_MAX = 4096;

/** The parts of a running domain's XML that are needed. */
export interface DomainXml {
  readonly name: string;
  /** The id of this run; undefined if the domain does not run. */
  readonly id: number | undefined;
  /** The highest number of vCPUs; those online are among them. */
  readonly vcpus: number;
  readonly online: ReadonlySet<Vcpu>;
  /** The numbers of its channels by the host paths of the sockets on which QEMU listens for the daemon. */
  readonly channels: ReadonlyMap<string, number>;
  /** What its metadata says about its contract; undefined if nothing. */
  readonly contract: ReadonlyMap<string, string> | undefined;
  /** Its pinned threads beside the vCPUs; undefined if there is none. */
  readonly threads: readonly DomainThread[] | undefined;
}

/** Reads the XML of a running domain, or says why it cannot be used. */
export function readDomainXml(xml: string): Result<DomainXml> {
  const facts = new DomainFacts();
  const problem = readXml(xml, facts) ?? facts.problem();
  return problem === undefined ? success(facts.result()) : failure(problem);
}

/**
 * Collects the values by their whole path from the root: the metadata of a domain may contain any markup, also some
 * that looks like a channel.
 */
class DomainFacts {
  readonly #path: string[] = [];
  readonly #listed = new Map<Vcpu, boolean>();
  readonly #channels = new Map<string, number>();
  readonly #contract = new ContractXml();
  readonly #threads = new ThreadPins();
  #name = "";
  #id: number | undefined;
  #vcpuText = "";
  #iothreadsText = "";
  #current: number | undefined;
  #source: string | undefined;
  #number: number | undefined;

  open(name: string, attributes: ReadonlyMap<string, string>): void {
    this.#path.push(name);
    if (this.#path.length === 3 && this.#path[0] === "domain" && this.#path[1] === "metadata")
      this.#contract.element(name, attributes);
    const where = this.#where();
    this.#threads.element(where, attributes);
    switch (where) {
      case "domain":
        this.#id = countOf(attributes.get("id"));
        this.#contract.enter(attributes);
        break;
      case "domain/metadata":
        this.#contract.enter(attributes);
        break;
      case "domain/vcpu":
        this.#current = countOf(attributes.get("current"));
        break;
      case "domain/vcpus/vcpu": {
        const vcpu = countOf(attributes.get("id"));
        if (vcpu !== undefined) this.#listed.set(vcpu, attributes.get("enabled") === "yes");
        break;
      }
      case "domain/devices/channel":
        this.#source = undefined;
        this.#number = undefined;
        break;
      case "domain/devices/channel/source":
        if (attributes.get("mode") === "bind") this.#source = attributes.get("path");
        break;
      case "domain/devices/channel/target":
        this.#number = channelNumber(attributes.get("type"), attributes.get("name") ?? "");
        break;
    }
  }

  text(text: string): void {
    const where = this.#where();
    if (where === "domain/name") this.#name += text;
    if (where === "domain/vcpu") this.#vcpuText += text;
    if (where === "domain/iothreads") this.#iothreadsText += text;
  }

  close(): void {
    if (this.#where() === "domain/devices/channel") this.#noteChannel();
    this.#path.pop();
  }

  #noteChannel(): void {
    if (this.#number === undefined || this.#source === undefined) return;
    if (this.#channels.size < DOMAIN_CHANNELS_MAX) this.#channels.set(this.#source, this.#number);
  }

  problem(): string | undefined {
    const vcpus = countOf(this.#vcpuText.trim());
    if (this.#name === "") return "no name";
    if (vcpus === undefined || vcpus < 1 || vcpus > VCPUS_MAX) return "no usable number of vCPUs";
    return this.#threads.problem();
  }

  result(): DomainXml {
    const vcpus = Number(this.#vcpuText);
    const online = new Set<Vcpu>();
    for (let vcpu = 0; vcpu < vcpus; vcpu++) {
      if (this.#listed.get(vcpu) ?? vcpu < (this.#current ?? vcpus)) online.add(vcpu);
    }
    this.#threads.iothreads(this.#iothreadsText.trim());
    return {
      name: this.#name,
      id: this.#id,
      vcpus,
      online,
      channels: this.#channels,
      contract: this.#contract.found,
      threads: this.#threads.found(),
    };
  }

  /** The path of an element; undefined if it is nested deeper than any that is needed. */
  #where(): string {
    return this.#path.length <= 4 ? this.#path.join("/") : "";
  }
}

function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
