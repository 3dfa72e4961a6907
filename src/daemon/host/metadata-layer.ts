import { DEFINED_CONTRACT_MAX, type Domain } from "../../base/domain.ts";
import type { ContractValue, Layer } from "../../config/contract/rules.ts";
import { judgeWord } from "../../config/contract/words.ts";

/** The most faults that are told of one VM's metadata. */
const PROBLEMS_MAX = 8;

/** What the metadata of a VM says about its contract, and what of it cannot hold, as sentences. */
export interface MetadataWords {
  readonly layer: Layer;
  readonly problems: readonly string[];
}

/** Judges the metadata of a VM. A wrong key is left out; the others hold. */
export function metadataLayer({ contract }: Pick<Domain, "contract">): MetadataWords {
  const layer = new Map<string, ContractValue>();
  const problems: string[] = [];
  const { names, nameLength, valueLength } = DEFINED_CONTRACT_MAX;
  if (contract === undefined) return { layer, problems };
  if (contract.size > names) return { layer, problems: [`It has more than ${names} attributes`] };
  for (const [name, text] of contract) {
    // In XML names begin small: maxKhz is MaxKhz.
    const key = name.charAt(0).toUpperCase() + name.slice(1);
    const isLong = name.length > nameLength || text.length > valueLength;
    const word = isLong ? undefined : judgeWord(key, text.trim(), "metadata");
    if (word === undefined) problems.push(`"${name.slice(0, nameLength)}" or its value is too long`);
    else if (!word.ok) problems.push(word.why);
    else layer.set(key, { value: word.value.value, text: word.value.text, origin: { kind: "metadata" } });
  }
  const more = problems.length - PROBLEMS_MAX;
  return {
    layer,
    problems: more > 0 ? [...problems.slice(0, PROBLEMS_MAX), `And ${more} more faults`] : problems,
  };
}
