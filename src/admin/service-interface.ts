import { describe } from "./idl-parser.ts";
import type { Interface, Method, Outcome } from "./interface.ts";
import idl from "./org.varlink.service.varlink" with { type: "text" };

const SERVICE = describe(idl);

/** The errors that varlink itself defines. */
export const SERVICE_ERRORS = {
  interfaceNotFound: (name: string) => serviceError("InterfaceNotFound", { interface: name }),
  methodNotFound: (method: string) => serviceError("MethodNotFound", { method }),
  methodNotImplemented: (method: string) => serviceError("MethodNotImplemented", { method }),
  invalidParameter: (parameter: string) => serviceError("InvalidParameter", { parameter }),
  permissionDenied: () => serviceError("PermissionDenied", {}),
  expectedMore: () => serviceError("ExpectedMore", {}),
} as const;

/** The values that `GetInfo` returns. */
export interface Product {
  readonly vendor: string;
  readonly product: string;
  readonly version: string;
  readonly url: string;
}

/** Returns all interfaces by name: the given ones, and varlink's own. */
export function withService(
  product: Product,
  interfaces: readonly Interface[],
): ReadonlyMap<string, Interface> {
  const all = new Map(interfaces.map((each) => [each.description.name, each]));
  const methods: Record<string, Method> = {
    GetInfo: {
      kind: "single",
      mutates: false,
      call: () => ({ parameters: { ...product, interfaces: [...all.keys()] } }),
    },
    GetInterfaceDescription: {
      kind: "single",
      mutates: false,
      call(parameters) {
        const { interface: name } = parameters as { interface: string };
        const found = all.get(name);
        if (found === undefined) return SERVICE_ERRORS.interfaceNotFound(name);
        return { parameters: { description: found.description.text } };
      },
    },
  };
  all.set(SERVICE.name, { description: SERVICE, methods: new Map(Object.entries(methods)) });
  return all;
}

function serviceError(error: string, parameters: object): Outcome {
  return { error: `${SERVICE.name}.${error}`, parameters };
}
