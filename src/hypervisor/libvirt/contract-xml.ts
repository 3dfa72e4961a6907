import { DEFINED_CONTRACT_MAX } from "../../base/domain.ts";

/** The namespace of our element in the metadata of a domain. */
const NAMESPACE = "urn:vm-power:contract:1";

type Attributes = ReadonlyMap<string, string>;

/**
 * Finds `<vmpower:contract xmlns:vmpower="urn:vm-power:contract:1" …/>` among the metadata of a domain, under whatever
 * prefix. libvirt keeps one element of a namespace there.
 */
export class ContractXml {
  /** Attributes of the elements around: the domain, its metadata. They may declare the prefix. */
  readonly #around: Attributes[] = [];
  #found: Attributes | undefined;

  /** The attributes of the element, as many and as long as are looked at; undefined if there is none. */
  get found(): Attributes | undefined {
    return this.#found;
  }

  /** An element around it begins. */
  enter(attributes: Attributes): void {
    this.#around.push(attributes);
  }

  /** An element of the metadata. */
  element(name: string, attributes: Attributes): void {
    const colon = name.indexOf(":");
    const declaration = colon < 0 ? "xmlns" : `xmlns:${name.slice(0, colon)}`;
    const scopes = [attributes, ...this.#around.toReversed()];
    const namespace = scopes.find((scope) => scope.has(declaration))?.get(declaration);
    if (name.slice(colon + 1) !== "contract" || namespace !== NAMESPACE || this.#found !== undefined) return;
    const { names, nameLength, valueLength } = DEFINED_CONTRACT_MAX;
    const own = [...attributes].filter(([key]) => key !== "xmlns" && !key.startsWith("xmlns:"));
    // One more than is allowed, so that who judges it can tell.
    this.#found = new Map(
      own
        .slice(0, names + 1)
        .map(([key, value]) => [key.slice(0, nameLength + 1), value.slice(0, valueLength + 1)]),
    );
  }
}
