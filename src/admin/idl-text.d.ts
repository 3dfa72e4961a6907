/** Interface descriptions are embedded as text: `import idl from "./x.varlink" with { type: "text" }`. */
declare module "*.varlink" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: a text import has its text as default export
  export default text;
}
