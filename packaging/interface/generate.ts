import { writeFileSync } from "node:fs";
import { controlTypes } from "./control-types.ts";

// Writes the types of the control interface, of which the file's first lines speak.
writeFileSync("src/admin/control-types.ts", controlTypes());
