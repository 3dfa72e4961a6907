/** Modules of the runtime that touch nothing: they compute. */
export const PURE_MODULES: ReadonlySet<string> = new Set(["path", "util"]);

/**
 * Names of the language and of the runtime that touch nothing: no clock, no timer, no file, no socket, no chance. The
 * world does not replace them. Two need a word. `Intl` reads the runtime's zone only where no zone is named, and the
 * world's host names one. `Math` has `random`, so a check looks for that word in the program.
 */
export const PURE_GLOBALS: ReadonlySet<string> = new Set([
  ...["Object", "Function", "Array", "String", "Number", "Boolean", "Symbol", "BigInt", "Math", "JSON"],
  ...["Reflect", "Proxy", "Promise", "RegExp", "Intl", "Iterator", "NaN", "Infinity", "undefined"],
  ...["Error", "TypeError", "RangeError", "SyntaxError", "URIError", "EvalError", "ReferenceError"],
  ...["AggregateError", "SuppressedError", "DOMException"],
  ...["Map", "Set", "WeakMap", "WeakSet", "WeakRef", "ArrayBuffer", "DataView", "Uint8Array", "Int8Array"],
  ...["Uint16Array", "Int16Array", "Uint32Array", "Int32Array", "BigInt64Array", "BigUint64Array"],
  ...["Float32Array", "Float64Array", "Uint8ClampedArray", "TextEncoder", "TextDecoder", "Buffer"],
  ...["parseInt", "parseFloat", "isNaN", "isFinite", "encodeURIComponent", "decodeURIComponent", "encodeURI"],
  ...["decodeURI", "URL", "URLSearchParams", "structuredClone", "AbortController", "AbortSignal"],
  ...["Event", "EventTarget", "atob", "btoa"],
]);
