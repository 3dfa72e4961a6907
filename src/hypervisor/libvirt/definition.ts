import { failure, type Result, success } from "../../base/result.ts";
import { CONTROLLER_PORTS, type Controller } from "../channel-ports.ts";
import { channelNumber } from "../port-name.ts";
import { readXml } from "./xml.ts";

/** The parts of a definition that are needed to add channels. */
export interface Definition {
  /** The highest number of vCPUs. */
  readonly vcpus: number;
  readonly controllers: readonly Controller[];
  /** Numbers of the channels that it has. */
  readonly channels: ReadonlySet<number>;
  /** Position of `</devices>`. */
  readonly devicesEnd: number;
}

/** Reads a definition, or says why nothing can be added to it. */
export function readDefinition(xml: string): Result<Definition> {
  const reader = new DefinitionReader();
  const problem = readXml(xml, reader);
  return problem === undefined ? reader.result() : failure(problem);
}

/** Compares the whole path from the root, because metadata may contain any markup. */
class DefinitionReader {
  readonly #path: string[] = [];
  readonly #controllers = new Map<number, { ports: number; taken: Set<number> }>();
  readonly #channels = new Set<number>();
  #vcpus = "";
  #devicesEnd: number | undefined;

  open(name: string, attributes: ReadonlyMap<string, string>): void {
    this.#path.push(name);
    const where = this.#path.join("/");
    const number = (key: string): number => Number(attributes.get(key) ?? Number.NaN);
    const type = attributes.get("type");
    if (where === "domain/devices/controller" && type === "virtio-serial") {
      const controller = this.#controller(number("index"));
      controller.ports = number("ports") || CONTROLLER_PORTS;
    } else if (/^domain\/devices\/[^/]+\/address$/.test(where) && type === "virtio-serial") {
      this.#controller(number("controller")).taken.add(number("port"));
    } else if (where === "domain/devices/channel/target") {
      const channel = channelNumber("virtio", attributes.get("name") ?? "");
      if (channel !== undefined) this.#channels.add(channel);
    }
  }

  text(text: string): void {
    if (this.#path.join("/") === "domain/vcpu") this.#vcpus += text;
  }

  close(at: number | undefined): void {
    if (this.#path.join("/") === "domain/devices") this.#devicesEnd = at;
    this.#path.pop();
  }

  result(): Result<Definition> {
    const devicesEnd = this.#devicesEnd;
    if (devicesEnd === undefined) return failure("it has no devices");
    const controllers = [...this.#controllers].map(([index, controller]) => ({ index, ...controller }));
    const vcpus = /^\d{1,4}$/.test(this.#vcpus.trim()) ? Number(this.#vcpus) : 1;
    return success({
      vcpus,
      controllers: controllers.filter(({ index }) => index >= 0).sort((a, b) => a.index - b.index),
      channels: this.#channels,
      devicesEnd,
    });
  }

  #controller(index: number): { ports: number; taken: Set<number> } {
    const known = this.#controllers.get(index) ?? { ports: CONTROLLER_PORTS, taken: new Set() };
    this.#controllers.set(index, known);
    return known;
  }
}
