/** Splits the sentence of a failure into the fault and its remedy. */
export function halves(sentence: string): [string, string | undefined] {
  const at = sentence.lastIndexOf(": ");
  return at < 0 ? [sentence, undefined] : [sentence.slice(0, at), sentence.slice(at + 2)];
}
