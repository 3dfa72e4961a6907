import { printable } from "../../terminal/text.ts";

/**
 * Makes untrusted text safe in HTML, between tags and in quoted attributes: names of VMs and all that is remembered were
 * chosen by others. Control characters become visible escapes first.
 */
export function escaped(text: string): string {
  return printable(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
